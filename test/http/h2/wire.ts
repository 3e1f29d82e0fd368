// HTTP/2 by hand for tests: frames as octets, octets as frames. Independent of the codec, apart from the names of types and flags.
import { FLAG, PREFACE, TYPE } from '../../../src/http/h2/frames.ts'
import { octets } from '../support.ts'

export type Pairs = readonly (readonly [string, string])[]

/** A frame with any payload, in parts. */
export const frame = (type: number, at: { flags?: number; id?: number }, ...payload: (Buffer | number[] | string)[]): Buffer => {
  const body = Buffer.concat(payload.map((part) => (typeof part === 'string' ? octets(part) : Buffer.from(part))))
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = at.flags ?? 0
  head.writeUInt32BE(at.id ?? 0, 5)
  return Buffer.concat([head, body])
}
export const uint32 = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes }

/** RFC 7541 §5.1 with a prefix of seven bits. */
const integer = (value: number): number[] => {
  if (value < 127) return [value]
  const out = [127]
  let rest = value - 127
  for (; rest >= 128; rest >>>= 7) out.push((rest & 127) | 128)
  return [...out, rest]
}
const text = (value: string): number[] => [...integer(value.length), ...octets(value)]
/** A block of literals that use no table. */
export const block = (fields: Pairs): Buffer => Buffer.from(fields.flatMap(([name, value]) => [0, ...text(name), ...text(value)]))

export const GET: Pairs = [[':method', 'GET'], [':scheme', 'https'], [':path', '/'], [':authority', 'example.com']]
export const POST: Pairs = [[':method', 'POST'], ...GET.slice(1)]
export const OK: Pairs = [[':status', '200']]

export const headers = (id: number, fields: Pairs, flags = 0): Buffer => frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS | flags, id }, block(fields))
/** The same with the block cut into parts of so many octets: HEADERS, and CONTINUATION for the others. */
export const cutHeaders = (id: number, fields: Pairs, size: number): Buffer => {
  const whole = block(fields)
  const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) => whole.subarray(n * size, (n + 1) * size))
  return Buffer.concat(parts.map((part, n) => {
    const flags = n === parts.length - 1 ? FLAG.END_HEADERS : 0
    return n === 0 ? frame(TYPE.HEADERS, { flags: flags | FLAG.END_STREAM, id }, part) : continuation(id, part, flags)
  }))
}
/** A head, and the end of the stream. */
export const lone = (id: number, fields: Pairs = GET): Buffer => headers(id, fields, FLAG.END_STREAM)
export const data = (id: number, body: string | Buffer, flags = 0): Buffer => frame(TYPE.DATA, { flags, id }, body)
export const last = (id: number, body: string | Buffer = ''): Buffer => data(id, body, FLAG.END_STREAM)
export const padded = (id: number, body: string, padding: number): Buffer => frame(TYPE.DATA, { flags: FLAG.PADDED, id }, [padding], body, Buffer.alloc(padding))
export const settings = (...entries: [key: number, value: number][]): Buffer =>
  frame(TYPE.SETTINGS, {}, ...entries.flatMap(([key, value]) => [[key >> 8, key & 255], uint32(value)]))
export const settingsAck: Buffer = frame(TYPE.SETTINGS, { flags: FLAG.ACK })
export const windowUpdate = (id: number, octets: number): Buffer => frame(TYPE.WINDOW_UPDATE, { id }, uint32(octets))
export const rst = (id: number, code: number): Buffer => frame(TYPE.RST_STREAM, { id }, uint32(code))
export const ping = (payload = '12345678', flags = 0): Buffer => frame(TYPE.PING, { flags }, payload)
export const goaway = (lastId: number, code = 0): Buffer => frame(TYPE.GOAWAY, {}, uint32(lastId), uint32(code))
export const priority = (id: number, on = 0): Buffer => frame(TYPE.PRIORITY, { id }, uint32(on), [16])
export const continuation = (id: number, fragment: Buffer, flags = 0): Buffer => frame(TYPE.CONTINUATION, { flags, id }, fragment)

export const PREFACE_BYTES = PREFACE.length
/** How every client begins. */
export const hello = (...entries: [key: number, value: number][]): Buffer => Buffer.concat([PREFACE, settings(...entries)])

export type Seen = { readonly type: number; readonly flags: number; readonly id: number; readonly payload: Buffer }
/** Octets that must be whole frames. */
export const framesOf = (bytes: Buffer): Seen[] => {
  const seen: Seen[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) throw new Error(`a frame is cut off at ${at}`)
    seen.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, id: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) })
    at = end
  }
  return seen
}
/** For comparison: RST_STREAM and GOAWAY with their codes, DATA with its size, WINDOW_UPDATE with its octets. */
export const show = ({ type, flags, id, payload }: Seen): string => {
  const end = (flags & FLAG.END_STREAM) !== 0
  switch (type) {
    case TYPE.DATA: return `DATA ${id} ${payload.length}${end ? ' end' : ''}`
    case TYPE.HEADERS: return `HEADERS ${id}${end ? ' end' : ''}`
    case TYPE.RST_STREAM: return `RST_STREAM ${id} ${payload.readUInt32BE()}`
    case TYPE.SETTINGS: return end ? 'SETTINGS ack' : 'SETTINGS'
    case TYPE.PING: return `PING${end ? ' ack' : ''} ${payload.toString('latin1')}`
    case TYPE.GOAWAY: return `GOAWAY ${payload.readUInt32BE()} ${payload.readUInt32BE(4)}`
    case TYPE.WINDOW_UPDATE: return `WINDOW_UPDATE ${id} ${payload.readUInt32BE()}`
    default: return `${type} ${id}`
  }
}
