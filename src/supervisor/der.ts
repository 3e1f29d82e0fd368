// DER, as much of it as a certificate needs (ITU-T X.690). Knows no certificate.

const OBJECT_IDENTIFIER = 0x06

/** One element: tag, length, content. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

export const sequence = (...content: readonly Buffer[]) => der(0x30, ...content)
export const set = (...content: readonly Buffer[]) => der(0x31, ...content)
export const octets = (content: Buffer) => der(0x04, content)
/** No unused bits. */
export const bits = (content: Buffer) => der(0x03, Buffer.of(0), content)
export const utf8 = (text: string) => der(0x0c, Buffer.from(text))
export const truth = () => der(0x01, Buffer.of(0xff))
export const nothing = () => der(0x05)
/** `[n]` around another element, or instead of its tag where that one is primitive. */
export const explicit = (n: number, ...content: readonly Buffer[]) => der(0xa0 + n, ...content)
export const implicit = (n: number, content: Buffer) => der(0x80 + n, content)

/** Unsigned, most significant octet first. */
export function integer(octetsOfNumber: Buffer): Buffer {
  const negative = (octetsOfNumber[0] ?? 0) > 0x7f
  return der(0x02, negative ? Buffer.of(0) : Buffer.alloc(0), octetsOfNumber)
}

/** `2.5.4.3`: the first two arcs share an octet, each further one is in base 128. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). */
export function time(date: Date): Buffer {
  const text = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text))
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.of(size)
  const hex = size.toString(16)
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.of(0x80 + digits.length), digits])
}

function base128(arc: number): number[] {
  const groups = [arc & 0x7f]
  for (let rest = arc >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80)
  return groups
}
