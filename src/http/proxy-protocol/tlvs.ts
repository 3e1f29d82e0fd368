// The TLVs of a PROXY header of version 2: what a proxy knows of a connection besides its ends. Knows no addresses.
import { crc32c } from './crc32c.ts'

/** authority: the host name that the client asked TLS for. alpn: the protocol that was agreed on. uniqueId: 1 to 128 octets. ssl: of the client's connection. */
export type Tlvs = {
  readonly authority?: string
  readonly alpn?: string
  readonly uniqueId?: Buffer
  readonly ssl?: ProxySsl
}
/**
 * secured: the client came over TLS. certificate: it presented one, on this connection (`connection`) or on that of its session. verified: that
 * was valid. Texts as OpenSSL has them: `TLSv1.3`; commonName: of the certificate.
 */
export type ProxySsl = {
  readonly secured: boolean
  readonly certificate: 'connection' | 'session' | null
  readonly verified: boolean
  readonly version?: string
  readonly commonName?: string
  readonly cipher?: string
  readonly signature?: string
  readonly key?: string
}

const ALPN = 0x01
const AUTHORITY = 0x02
const CRC32C = 0x03
const NOOP = 0x04
const UNIQUE_ID = 0x05
const SSL = 0x20
const SSL_TEXTS = { version: 0x21, commonName: 0x22, cipher: 0x23, signature: 0x24, key: 0x25 } as const
const UNIQUE_ID_BYTES = 128
/** Bits of the first octet of SSL. */
const SECURED = 1
const ON_CONNECTION = 2
const ON_SESSION = 4
/** That octet and the result of the verification. */
const SSL_FIXED_BYTES = 5
const TLV_HEADER = 3

/** From `at` to the end of the header, whose checksum is verified where it has one. null: broken, of a type twice, or changed on its way. */
export const readTlvs = (header: Buffer, at: number): Tlvs | null => {
  const found = split(header, at)
  if (found === null) return null
  const sum = found.get(CRC32C)
  if (sum !== undefined && !isSummed(header, sum)) return null
  const [authority, alpn, uniqueId, ssl] = [AUTHORITY, ALPN, UNIQUE_ID, SSL].map((type) => found.get(type))
  if (uniqueId !== undefined && (uniqueId.length === 0 || uniqueId.length > UNIQUE_ID_BYTES)) return null
  const read = ssl === undefined ? undefined : readSsl(ssl)
  if (read === null) return null
  return {
    ...(authority !== undefined && { authority: authority.toString() }),
    ...(alpn !== undefined && { alpn: alpn.toString('latin1') }),
    ...(uniqueId !== undefined && { uniqueId: Buffer.from(uniqueId) }),
    ...(read !== undefined && { ssl: read }),
  }
}

/** Two readers that take another one of the same type would disagree: no type may come twice but padding. */
const split = (bytes: Buffer, from: number): Map<number, Buffer> | null => {
  const found = new Map<number, Buffer>()
  for (let at = from; at < bytes.length;) {
    if (at + TLV_HEADER > bytes.length) return null
    const type = bytes[at]!
    const end = at + TLV_HEADER + bytes.readUInt16BE(at + 1)
    if (end > bytes.length || found.has(type)) return null
    if (type !== NOOP) found.set(type, bytes.subarray(at + TLV_HEADER, end))
    at = end
  }
  return found
}

/** Of the whole header, with zeros where the checksum stands (proxy-protocol.txt §2.2.3). */
const isSummed = (header: Buffer, sum: Buffer): boolean => {
  if (sum.length !== ZERO.length) return false
  const at = sum.byteOffset - header.byteOffset
  return crc32c(header.subarray(at + ZERO.length), crc32c(ZERO, crc32c(header.subarray(0, at)))) === sum.readUInt32BE(0)
}
const ZERO = Buffer.alloc(4)

const readSsl = (value: Buffer): ProxySsl | null => {
  const found = value.length < SSL_FIXED_BYTES ? null : split(value, SSL_FIXED_BYTES)
  if (found === null) return null
  const bits = value[0]!
  const texts = Object.entries(SSL_TEXTS).flatMap(([name, type]) => found.has(type) ? [[name, found.get(type)!.toString()]] : [])
  return {
    secured: (bits & SECURED) !== 0,
    certificate: (bits & ON_CONNECTION) !== 0 ? 'connection' : (bits & ON_SESSION) !== 0 ? 'session' : null,
    verified: value.readUInt32BE(1) === 0,
    ...Object.fromEntries(texts),
  }
}

export const writeTlvs = ({ authority, alpn, uniqueId, ssl }: Tlvs): Buffer => Buffer.concat([
  tlv(ALPN, alpn === undefined ? undefined : Buffer.from(alpn, 'latin1')),
  tlv(AUTHORITY, authority === undefined ? undefined : Buffer.from(authority)),
  tlv(UNIQUE_ID, uniqueId?.subarray(0, UNIQUE_ID_BYTES)),
  tlv(SSL, ssl === undefined ? undefined : sslValue(ssl)),
])
const tlv = (type: number, value: Buffer | undefined): Buffer =>
  value === undefined ? EMPTY : Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value])
const EMPTY: Buffer = Buffer.alloc(0)

const sslValue = ({ secured, certificate, verified, ...texts }: ProxySsl): Buffer => {
  const bits = (secured ? SECURED : 0) | (certificate === 'connection' ? ON_CONNECTION | ON_SESSION : certificate === 'session' ? ON_SESSION : 0)
  const parts = Object.entries(SSL_TEXTS).map(([name, type]) => {
    const text: unknown = Reflect.get(texts, name)
    return tlv(type, typeof text === 'string' ? Buffer.from(text) : undefined)
  })
  return Buffer.concat([Buffer.from([bits, 0, 0, 0, verified ? 0 : 1]), ...parts])
}
