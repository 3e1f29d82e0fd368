// The server name of a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3), read before any handshake: the certificate, its versions and client
// certificate rules are chosen by it (bun.md §2.2). Only reads; the handshake parses everything again.

/** more: the hello is not complete. none: no server name, or no ClientHello; the handshake will say what is wrong. */
export type Hello = { readonly serverName: string } | 'more'

const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
/** A hello with post-quantum shares is 1-2 KB; more than this is nobody's. */
export const HELLO_BYTES = 16_384

export const readHello = (bytes: Buffer): Hello => {
  const message = handshakeMessage(bytes)
  if (message === 'more' || message === null) return message ?? { serverName: '' }
  return { serverName: serverName(message) }
}

/**
 * The first handshake message without its record headers: a hello may be split over several records, none of them empty (RFC 8446 §5.1).
 * Nothing is made of it before it is whole: one in records of an octet is looked at thousands of times.
 */
const handshakeMessage = (bytes: Buffer): Buffer | 'more' | null => {
  let length = 0
  let body = 0
  for (let at = 0; ;) {
    if (bytes.length < at + RECORD_HEADER) return at === bytes.length || bytes[at] === HANDSHAKE_RECORD ? 'more' : null
    const end = at + RECORD_HEADER + bytes.readUInt16BE(at + 3)
    if (bytes[at] !== HANDSHAKE_RECORD || end === at + RECORD_HEADER) return null
    if (bytes.length < end) return bytes.length >= HELLO_BYTES ? null : 'more'
    const payload = at + RECORD_HEADER
    // The length of the body stands behind the type: in the first record, mostly.
    for (let k = payload; k < end && length + k - payload < MESSAGE_HEADER; k++) if (length + k - payload > 0) body = body * 256 + bytes[k]!
    length += end - payload
    if (length >= MESSAGE_HEADER && length >= MESSAGE_HEADER + body) return joined(bytes, MESSAGE_HEADER + body)
    if (length > HELLO_BYTES) return null
    at = end
  }
}

/** The first `length` octets of what the records carry; they are there. */
const joined = (bytes: Buffer, length: number): Buffer => {
  const parts: Buffer[] = []
  for (let at = 0, held = 0; held < length;) {
    const end = at + RECORD_HEADER + bytes.readUInt16BE(at + 3)
    parts.push(bytes.subarray(at + RECORD_HEADER, end))
    held += end - at - RECORD_HEADER
    at = end
  }
  return Buffer.concat(parts, length)
}

/** Walks to the extensions; any length that points outside means no name. */
const serverName = (message: Buffer): string => {
  if (message[0] !== CLIENT_HELLO) return ''
  const reader = new Reader(message, MESSAGE_HEADER + 2 + 32)
  reader.skip(reader.u8())
  reader.skip(reader.u16())
  reader.skip(reader.u8())
  const end = reader.u16() + reader.at
  while (reader.at + 4 <= end) {
    const type = reader.u16()
    const length = reader.u16()
    if (type === SERVER_NAME) return nameOf(message.subarray(reader.at, reader.at + length))
    reader.skip(length)
  }
  return ''
}

const NAME_AT = 5
/** server_name_list: length, type host_name, length, name. A trailing dot is not part of a name (RFC 6066 §3). */
const nameOf = (extension: Buffer): string => {
  if (extension.length < NAME_AT) return ''
  const name = extension.toString('latin1', NAME_AT, NAME_AT + extension.readUInt16BE(NAME_AT - 2)).toLowerCase()
  return /^[a-z0-9._-]+$/.test(name) ? name.replace(/\.$/, '') : ''
}

class Reader {
  at: number
  readonly #bytes: Buffer
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }
  u8(): number { return this.#bytes[this.at++] ?? 0 }
  u16(): number { return this.u8() * 256 + this.u8() }
  skip(octets: number) { this.at += octets }
}
