// Frames (RFC 9113 §4.1, §6): their types and flags, and how each is written. Knows no stream and no rule about when.
import { FRAME_BYTES, INITIAL_WINDOW_BYTES, SECTION_BYTES, STREAM_WINDOW_BYTES } from './limits.ts'
import type { Encoder } from './encoder.ts'
import type { Code } from './fault.ts'
import type { Output } from './output.ts'

export const TYPE = {
  DATA: 0, HEADERS: 1, PRIORITY: 2, RST_STREAM: 3, SETTINGS: 4, PUSH_PROMISE: 5, PING: 6, GOAWAY: 7, WINDOW_UPDATE: 8, CONTINUATION: 9,
} as const
export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const
export const SETTING = { HEADER_TABLE_SIZE: 1, ENABLE_PUSH: 2, MAX_CONCURRENT_STREAMS: 3, INITIAL_WINDOW_SIZE: 4, MAX_FRAME_SIZE: 5, MAX_HEADER_LIST_SIZE: 6, ENABLE_CONNECT_PROTOCOL: 8 } as const

/** What a client sends first (RFC 9113 §3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
export const FRAME_HEAD_BYTES = 9
export const PING_BYTES = 8
export const PRIORITY_BYTES = 5
export const SETTING_BYTES = 6

/** Names in any case, values one character for each octet. */
export type Fields = Iterable<readonly [name: string, value: string]>

export class FrameWriter {
  readonly #out: Output
  constructor(out: Output) { this.#out = out }

  /** The head of a frame, with room for its payload. */
  #begin(type: number, length: number, at: { flags?: number; id?: number } = NOWHERE) {
    const out = this.#out
    out.reserve(FRAME_HEAD_BYTES + length)
    out.size = putHead(out, out.size, { type, length, flags: at.flags ?? 0, id: at.id ?? 0 })
  }

  preface() {
    this.#out.reserve(PREFACE.length)
    this.#out.copy(PREFACE, 0, PREFACE.length)
  }

  settings(settings: readonly (readonly [key: number, value: number])[]) {
    this.#begin(TYPE.SETTINGS, settings.length * SETTING_BYTES)
    for (const [key, value] of settings) {
      this.#out.uint16(key)
      this.#out.uint32(value)
    }
  }
  settingsAck() { this.#begin(TYPE.SETTINGS, 0, { flags: FLAG.ACK }) }

  ping(bytes: Buffer, from: number, flags: number) {
    this.#begin(TYPE.PING, PING_BYTES, { flags })
    this.#out.copy(bytes, from, from + PING_BYTES)
  }

  reset(id: number, code: Code) {
    this.#begin(TYPE.RST_STREAM, 4, { id })
    this.#out.uint32(code)
  }

  /** `message` is ASCII. */
  goaway(lastId: number, code: Code, message = '') {
    this.#begin(TYPE.GOAWAY, 8 + message.length)
    this.#out.uint32(lastId)
    this.#out.uint32(code)
    this.#out.text(message)
  }

  windowUpdate(id: number, octets: number) {
    this.#begin(TYPE.WINDOW_UPDATE, 4, { id })
    this.#out.uint32(octets)
  }

  /** One DATA frame of bytes[from..to), at most FRAME_BYTES. */
  data(bytes: Buffer, from: number, to: number, at: { id: number; flags: number }) {
    this.#begin(TYPE.DATA, to - from, at)
    if (to > from) this.#out.copy(bytes, from, to)
  }

  /** HEADERS, and CONTINUATION where one frame is not enough. `lists` are encoded one after the other. */
  headers(encoder: Encoder, lists: readonly Fields[], at: { id: number; end: boolean }) {
    const out = this.#out
    out.reserve(FRAME_HEAD_BYTES)
    const start = out.size
    out.size += FRAME_HEAD_BYTES
    encoder.begin(out)
    for (const fields of lists) for (const [name, value] of fields) encoder.field(out, name, value)
    const length = out.size - start - FRAME_HEAD_BYTES
    const flags = at.end ? FLAG.END_STREAM : 0
    if (length > FRAME_BYTES) return this.#split(start, { id: at.id, flags })
    putHead(out, start, { type: TYPE.HEADERS, length, flags: flags | FLAG.END_HEADERS, id: at.id })
  }

  /** Rare: the block is copied away and written anew. */
  #split(start: number, at: { id: number; flags: number }) {
    const out = this.#out
    const block = Buffer.from(out.bytes.subarray(start + FRAME_HEAD_BYTES, out.size))
    out.size = start
    for (let from = 0; from < block.length; from += FRAME_BYTES) {
      const to = Math.min(block.length, from + FRAME_BYTES)
      const flags = (from === 0 ? at.flags : 0) | (to === block.length ? FLAG.END_HEADERS : 0)
      this.#begin(from === 0 ? TYPE.HEADERS : TYPE.CONTINUATION, to - from, { id: at.id, flags })
      out.copy(block, from, to)
    }
  }
}
const NOWHERE = {}

/** Writes a frame's head at `start`; returns the index behind it. Room was reserved. */
const putHead = (out: Output, start: number, head: { type: number; length: number; flags: number; id: number }): number => {
  const { bytes } = out
  bytes[start] = head.length >> 16
  bytes[start + 1] = head.length >> 8
  bytes[start + 2] = head.length
  bytes[start + 3] = head.type
  bytes[start + 4] = head.flags
  return bytes.writeUInt32BE(head.id, start + 5)
}

/** What each role announces. The server takes WebSocket by extended CONNECT (RFC 8441) and leaves windows as they are; the client takes no pushes. */
export const serverSettings = (streams: number, headBytes: number): [number, number][] => [
  [SETTING.MAX_CONCURRENT_STREAMS, streams], [SETTING.MAX_HEADER_LIST_SIZE, headBytes], [SETTING.ENABLE_CONNECT_PROTOCOL, 1],
]
export const clientSettings: readonly [number, number][] = [
  [SETTING.ENABLE_PUSH, 0], [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES], [SETTING.MAX_HEADER_LIST_SIZE, SECTION_BYTES],
]
/** What a connection's window is opened by at its start. */
export const windowOpening = (octets: number) => octets - INITIAL_WINDOW_BYTES
