// A DNS name → its addresses, and for how long they hold. Knows no Services.
import { promises as dns, type RecordWithTtl } from 'node:dns'

/** ttlMs: as the answer says, the least of its records. */
export type Resolved = { readonly addresses: readonly string[]; readonly ttlMs: number }
/** Rejects where the name has no address, or nobody says. */
export type Resolve = (name: string) => Promise<Resolved>

/** /etc/hosts and search domains are known to getaddrinfo alone, which tells no TTL: that of CoreDNS for names of a cluster. */
const SYSTEM_TTL_MS = 5_000

/** Where queries go; `lookup` is the system's own way. */
export type Nameservers = {
  resolve4(name: string, options: { readonly ttl: true }): Promise<RecordWithTtl[]>
  resolve6(name: string, options: { readonly ttl: true }): Promise<RecordWithTtl[]>
}

/** A nameserver that is silent must not keep a name waiting for the system's way; c-ares would try for 20 s. */
const PATIENCE = { timeout: 2_000, tries: 2 }

/**
 * A records, else AAAA records, as ingress-nginx asks; else, and for a name without a dot, what the system makes of it. An answer is asked for again
 * only when its TTL is over (bun.md §1.6).
 */
export function resolver(nameservers: Nameservers = new dns.Resolver(PATIENCE), lookup: typeof systemLookup = systemLookup): Resolve {
  return async function resolve(name) {
    const absolute = name.replace(/\.$/, '')
    if (!absolute.includes('.')) return { addresses: await lookup(absolute), ttlMs: SYSTEM_TTL_MS }
    try {
      return resolved(await nameservers.resolve4(absolute, { ttl: true }).catch((error: unknown) => {
        if (!saysNone(error)) throw error
        return nameservers.resolve6(absolute, { ttl: true })
      }))
    } catch {
      return { addresses: await lookup(absolute), ttlMs: SYSTEM_TTL_MS }
    }
  }
}

/** An answer, unlike silence: who has no A records may have others. */
function saysNone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')
}

function resolved(records: readonly RecordWithTtl[]): Resolved {
  if (records.length === 0) throw new Error('no records')
  return { addresses: records.map(({ address }) => address), ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000 }
}

async function systemLookup(name: string): Promise<string[]> {
  return (await dns.lookup(name, { all: true })).map(({ address }) => address)
}
