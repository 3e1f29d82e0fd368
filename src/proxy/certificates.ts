// Which certificate a server name gets: the host's own, its wildcard's, that of rules without a host, the default (ingress-nginx.md §4.5);
// and which hosts may be asked for on a connection that got it.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Certificate, Host, Table } from '../model.ts'

type Certified = Pick<Table, 'hosts' | 'certificates'>

export const certificateFor = (table: Certified, serverName: string): Certificate => keypairsFor(table, serverName).keypairs[0]!

/** ids: keys in Table.certificates. Two where the name has certificates with keys of two kinds; that of `certificateFor` is the first. */
export const keypairsFor = (table: Certified, serverName: string): { readonly ids: readonly string[]; readonly keypairs: readonly Certificate[] } => {
  const own = hostWithCertificate(table, serverName)
  const ids = own === undefined ? [''] : [own.certificate ?? '', ...own.secondCertificate === undefined ? [] : [own.secondCertificate]]
  const keypairs = ids.flatMap((id) => table.certificates.get(id) ?? [])
  if (keypairs.length === 0) throw new TypeError('a table always has a default certificate')
  return { ids, keypairs }
}

/** Rules without a host are for names that nobody has. */
export const hostFor = ({ hosts }: Pick<Table, 'hosts'>, serverName: string): Host | undefined =>
  serverName === '' ? undefined : hosts.get(serverName) ?? hosts.get(`*${serverName.slice(serverName.indexOf('.'))}`)

/** undefined: the name has none but the default. */
const ownCertificate = (table: Certified, serverName: string): Certificate | undefined =>
  table.certificates.get(hostWithCertificate(table, serverName)?.certificate ?? NONE)
/** No key of Table.certificates. */
const NONE = '/'

const hostWithCertificate = ({ hosts, certificates }: Certified, serverName: string): Host | undefined => {
  const names = serverName === '' ? [''] : [serverName, `*${serverName.slice(serverName.indexOf('.'))}`, '']
  for (const name of names) {
    const host = hosts.get(name)
    if (host !== undefined && host.certificate !== null && certificates.has(host.certificate)) return host
  }
  return undefined
}

/** Of the table as it is: a certificate that was renewed since the handshake speaks for the one that the client saw. */
export class Coverage {
  readonly #table: Certified
  readonly #leaves = new WeakMap<Certificate, X509Certificate>()

  constructor(table: Certified) { this.#table = table }

  /**
   * Whether a host (lower case, no port) has a certificate of its own that the client of this connection has not been shown, nor one that covers it.
   * A client that named nobody, an address, or a name without a certificate here is no browser that shares a connection but a probe, an old device, or
   * a load balancer that says its own name: it can't do better, and is served (ingress-nginx.md §4.5).
   */
  misdirects(serverName: string, host: string): boolean {
    // Its TLS is ended by its Service: what is asked for here came for somebody else, and the Service would not see whom it trusts.
    if (hostFor(this.#table, host)?.passthrough !== undefined) return true
    if (serverName === '' || host === '' || isIP(serverName) !== 0) return false
    const [wanted, shown] = [ownCertificate(this.#table, host), ownCertificate(this.#table, serverName)]
    if (wanted === undefined || shown === undefined) return false
    return wanted !== shown && this.#leaf(shown).checkHost(host) === undefined
  }
  #leaf(certificate: Certificate): X509Certificate {
    let leaf = this.#leaves.get(certificate)
    if (leaf === undefined) this.#leaves.set(certificate, leaf = new X509Certificate(certificate.cert))
    return leaf
  }
}
