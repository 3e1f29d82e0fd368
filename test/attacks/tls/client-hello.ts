// A ClientHello by hand: TLS 1.3, X25519, for app.example (RFC 8446 §4.1.2), with any padding (RFC 7685).
import { randomBytes } from 'node:crypto'

const u16 = (value: number) => [value >> 8, value & 255]
const sized16 = (...parts: readonly (readonly number[])[]): number[] => {
  const all = parts.flat()
  return [...u16(all.length), ...all]
}
const extension = (type: number, body: readonly number[]): number[] => [...u16(type), ...sized16(body)]
const SERVER_NAME = 0, GROUPS = 10, SIGNATURES = 13, PADDING = 21, VERSIONS = 43, KEY_SHARE = 51
const X25519 = 0x1d
const name = [...Buffer.from('app.example')]

/** As one record. */
export const clientHello = (padding: number): Buffer => {
  const extensions = sized16(
    extension(SERVER_NAME, sized16([0, ...sized16(name)])),
    extension(GROUPS, sized16(u16(X25519))),
    extension(SIGNATURES, sized16(u16(0x0403), u16(0x0804), u16(0x0401))),
    extension(VERSIONS, [2, 3, 4]),
    extension(KEY_SHARE, sized16([...u16(X25519), ...sized16([...randomBytes(32)])])),
    extension(PADDING, new Array<number>(padding).fill(0)),
  )
  const body = [3, 3, ...randomBytes(32), 0, ...sized16(u16(0x1301)), 1, 0, ...extensions]
  const message = [1, 0, ...u16(body.length), ...body]
  return Buffer.from([22, 3, 1, ...u16(message.length), ...message])
}
