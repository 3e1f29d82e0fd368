// Version 2 of the PROXY protocol: a binary header with addresses and TLVs. Knows no sockets.
import { addressOf, octetsOf } from '../address.ts'
import type { ProxyEnds, ProxyHeader, ProxyRead } from './header.ts'
import { readTlvs, type Tlvs, writeTlvs } from './tlvs.ts'

export const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Signature, version with command, family with transport, length. */
const FIXED_BYTES = 16
/** A header may say 64 KiB. The largest that anyone sends has a client certificate in it (2-4 KB). */
export const V2_BYTES = 16_384

const LOCAL = 0x20
const PROXY = 0x21
const UNSPEC = 0x00
const TCP4 = 0x11
const TCP6 = 0x21
/** Octets of the addresses by family (upper half of the octet): none, IPv4, IPv6, UNIX. */
const ADDRESS_BYTES = [0, 12, 36, 216]
/** Lower half: unspecified, stream, datagram. */
const TRANSPORTS = 3

/** Of octets that begin with the signature. */
export const readV2 = (bytes: Buffer): ProxyRead => {
  if (bytes.length < FIXED_BYTES) return isPossible(bytes) ? 'more' : 'broken'
  const length = FIXED_BYTES + bytes.readUInt16BE(14)
  if (!isPossible(bytes) || length > V2_BYTES) return 'broken'
  if (bytes.length < length) return 'more'
  if (bytes[12] === LOCAL) return { version: 2, length, ends: null, tlvs: {} } // "the receiver must discard the protocol block including the family"
  return proxied(bytes.subarray(0, length)) ?? 'broken'
}

/** As far as it has come. */
const isPossible = (bytes: Buffer): boolean => {
  const [command = PROXY, family = UNSPEC] = bytes.subarray(12)
  if (command === LOCAL) return true
  return command === PROXY && family >> 4 < ADDRESS_BYTES.length && (family & 15) < TRANSPORTS
}

/** null: broken. What is no TCP over IP is valid and tells no ends, but its TLVs hold. Behind UNSPEC stands what is to be ignored. */
const proxied = (header: Buffer): ProxyHeader | null => {
  const family = header[13]!
  const tlvsAt = FIXED_BYTES + ADDRESS_BYTES[family >> 4]!
  if (family === UNSPEC) return { version: 2, length: header.length, ends: null, tlvs: {} }
  const tlvs = header.length < tlvsAt ? null : readTlvs(header, tlvsAt)
  return tlvs === null ? null : { version: 2, length: header.length, ends: endsOf(header, family), tlvs }
}

const endsOf = (header: Buffer, family: number): ProxyEnds | null => {
  if (family !== TCP4 && family !== TCP6) return null
  const size = family === TCP4 ? 4 : 16
  const address = (at: number) => addressOf(header.subarray(at, at + size))
  const portsAt = FIXED_BYTES + 2 * size
  return {
    client: { address: address(FIXED_BYTES), port: header.readUInt16BE(portsAt) },
    server: { address: address(FIXED_BYTES + size), port: header.readUInt16BE(portsAt + 2) },
  }
}

/** null: LOCAL, a connection of our own. */
export const writeV2 = (ends: ProxyEnds | null, tlvs: Tlvs = {}): Buffer => {
  if (ends === null) return Buffer.concat([V2_SIGNATURE, Buffer.from([LOCAL, UNSPEC, 0, 0])])
  const [family, addresses] = addressesOf(ends)
  const ports = Buffer.from([ends.client.port >> 8, ends.client.port & 255, ends.server.port >> 8, ends.server.port & 255])
  const block = Buffer.concat([...addresses, ports, writeTlvs(tlvs)])
  return Buffer.concat([V2_SIGNATURE, Buffer.from([PROXY, family, block.length >> 8, block.length & 255]), block])
}

/** One family for both: IPv4 beside IPv6 is written as IPv6. */
const addressesOf = ({ client, server }: ProxyEnds): [family: number, addresses: Buffer[]] => {
  const addresses = [client, server].map(({ address }) => octetsOf(address) ?? NOWHERE)
  if (addresses.every(({ length }) => length === 4)) return [TCP4, addresses]
  return [TCP6, addresses.map((octets) => octets.length === 4 ? Buffer.concat([MAPPED, octets]) : octets)]
}
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')
/** `::`: of an address that is none. */
const NOWHERE = Buffer.alloc(16)
