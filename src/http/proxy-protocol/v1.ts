// Version 1 of the PROXY protocol: one line of text. Knows no sockets.
import { isIPv4, isIPv6 } from 'node:net'
import { canonical } from '../address.ts'
import type { Place, ProxyEnds, ProxyRead } from './header.ts'

export const V1_SIGNATURE = Buffer.from('PROXY ')
/** proxy-protocol.txt §2.1: the longest line, with two whole IPv6 addresses and its CRLF. */
export const V1_BYTES = 107
const PORT = /^(?:0|[1-9]\d{0,4})$/
const MAX_PORT = 65_535

/** Of octets that begin with the signature. */
export const readV1 = (bytes: Buffer): ProxyRead => {
  const text = bytes.toString('latin1', 0, V1_BYTES)
  const end = text.search(/[\r\n]/)
  if (end < 0 || (text[end] === '\r' && end === bytes.length - 1)) return bytes.length < V1_BYTES ? 'more' : 'broken'
  if (text.slice(end, end + 2) !== '\r\n') return 'broken'
  const ends = endsOf(text.slice(V1_SIGNATURE.length, end))
  return ends === 'broken' ? ends : { version: 1, length: end + 2, ends, tlvs: {} }
}

/** UNKNOWN may be followed by anything, which is to be ignored. */
const endsOf = (line: string): ProxyEnds | null | 'broken' => {
  const [protocol, client = '', server = '', clientPort = '', serverPort = '', ...more] = line.split(' ')
  if (protocol === 'UNKNOWN') return null
  if (more.length > 0 || (protocol !== 'TCP4' && protocol !== 'TCP6')) return 'broken'
  const isAddress = protocol === 'TCP4' ? isIPv4 : isIPv6
  if (!isAddress(client) || !isAddress(server)) return 'broken'
  const places = [placeOf(client, clientPort), placeOf(server, serverPort)] as const
  return places[0] === null || places[1] === null ? 'broken' : { client: places[0], server: places[1] }
}
const placeOf = (text: string, port: string): Place | null => {
  const address = canonical(text)
  return address === null || !PORT.test(port) || Number(port) > MAX_PORT ? null : { address, port: Number(port) }
}

/** null: UNKNOWN. */
export const writeV1 = (ends: ProxyEnds | null): Buffer => {
  if (ends === null) return Buffer.from('PROXY UNKNOWN\r\n')
  const { client, server } = ends
  const isIPv4Only = isIPv4(client.address) && isIPv4(server.address)
  const [from, to] = [client, server].map(({ address }) => isIPv4Only || !isIPv4(address) ? address : `::ffff:${address}`)
  return Buffer.from(`PROXY ${isIPv4Only ? 'TCP4' : 'TCP6'} ${from} ${to} ${client.port} ${server.port}\r\n`, 'latin1')
}
