// IP addresses between text and octets, in the one form in which they are compared, logged and sent on: RFC 5952, and IPv4 in IPv6 as IPv4.
// Knows no sockets.
import { isIPv4, isIPv6 } from 'node:net'

const WORDS = 8
const IPV4_OCTETS = 4
const IPV6_OCTETS = 16
/** Where IPv4 stands in an IPv4-mapped address, `::ffff:1.2.3.4` (RFC 4291 §2.5.5.2). */
const MAPPED_AT = 12

/** 4 or 16 octets; null: no address, or one with a zone, which means something on its own host only. Mapped IPv4 has 4. */
export const octetsOf = (text: string): Buffer | null => {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number))
  if (!isIPv6(text) || text.includes('%')) return null
  const [before = '', after] = text.replace(/[\d.]+\.[\d.]+$/, dotted).split('::')
  const [left, right] = [words(before), words(after ?? '')]
  const octets = Buffer.alloc(IPV6_OCTETS)
  left.forEach((word, at) => octets.writeUInt16BE(word, 2 * at))
  right.forEach((word, at) => octets.writeUInt16BE(word, 2 * (WORDS - right.length + at)))
  return isMapped(octets) ? octets.subarray(MAPPED_AT) : octets
}
const words = (text: string) => text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16))
/** The last two words, where they are written as IPv4. */
const dotted = (text: string) => {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}
const isMapped = (octets: Buffer) => octets.readUInt32BE(0) === 0 && octets.readUInt32BE(4) === 0 && octets.readUInt32BE(8) === 0xffff

/** Of 4 or 16 octets. */
export const addressOf = (octets: Buffer): string => {
  if (octets.length === IPV4_OCTETS) return octets.join('.')
  if (isMapped(octets)) return octets.subarray(MAPPED_AT).join('.')
  const text = Array.from({ length: WORDS }, (_, at) => octets.readUInt16BE(2 * at).toString(16)).join(':')
  const [longest] = [...text.matchAll(ZEROS)].sort((one, other) => zerosIn(other) - zerosIn(one))
  if (longest === undefined) return text
  return `${text.slice(0, longest.index)}::${text.slice(longest.index + longest[0].length + 1)}`
}
/** Two words or more (RFC 5952 §4.2.2), with the colon before them. */
const ZEROS = /(?:^|:)0(?::0)+(?=:|$)/g
const zerosIn = ([match]: RegExpExecArray) => match.replaceAll(':', '').length

/** As the others write it; null: no address. */
export const canonical = (text: string): string | null => {
  if (isIPv4(text)) return text
  const octets = octetsOf(text)
  return octets === null ? null : addressOf(octets)
}
