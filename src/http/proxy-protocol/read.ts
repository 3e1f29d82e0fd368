// Which version of the PROXY protocol the first octets of a connection begin, if any. Knows no sockets and no trust: whose header is believed is
// decided by who asks.
import type { ProxyRead } from './header.ts'
import { readV1, V1_SIGNATURE } from './v1.ts'
import { readV2, V2_SIGNATURE } from './v2.ts'

/** Of the first octets of a connection, all that came so far. Never throws. */
export const readProxyHeader = (bytes: Buffer): ProxyRead => {
  if (begins(bytes, V1_SIGNATURE)) return bytes.length < V1_SIGNATURE.length ? 'more' : readV1(bytes)
  if (begins(bytes, V2_SIGNATURE)) return bytes.length < V2_SIGNATURE.length ? 'more' : readV2(bytes)
  return 'none'
}
const begins = (bytes: Buffer, signature: Buffer) => {
  const length = Math.min(bytes.length, signature.length)
  return bytes.compare(signature, 0, length, 0, length) === 0
}
