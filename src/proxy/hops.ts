// Who the client is, of what proxies in front wrote down one after another: read from the end as long as the writer is trusted (nginx:
// real_ip_recursive on). What a client put there itself stands before all of them, and is never reached. Knows no field.
import { canonical } from '../http/address.ts'
import type { Trusted } from './trusted.ts'

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
const HOP = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d[\d.]*)(?::\d{1,5})?|([^[\]]*))$/

/** The address of a hop, without its port; null: it names none. */
export const hopAddress = (text: string): string | null => {
  const [, bracketed, dotted, plain] = HOP.exec(text) ?? []
  if (bracketed !== undefined && !bracketed.includes(':')) return null
  return canonical(bracketed ?? dotted ?? plain ?? '')
}

/**
 * The first from the end that is not trusted itself; the first of all where all are. What names no address ends the list: who wrote what stands before
 * it is not known. undefined: the last one names none, or there is none. `passed` is told each hop that counts.
 */
export const clientOf = <H>(hops: readonly H[], { addressOf, peers, passed }: { readonly addressOf: (hop: H) => string | null; readonly peers: Trusted; readonly passed?: (hop: H) => void }): string | undefined => {
  let client: string | undefined
  for (const hop of hops.toReversed()) {
    passed?.(hop)
    const address = addressOf(hop)
    if (address === null) return client
    client = address
    if (!peers(address)) return client
  }
  return client
}
