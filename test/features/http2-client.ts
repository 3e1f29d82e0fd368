// An HTTP/2 client by hand for feature tests: it can break every rule, stall, and flood, and shows each frame that came. Sends within
// the windows it was given; opens its own as it reads. Knows nothing of the proxy.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Decoder } from '../../src/http/h2/decoder.ts'
import { FLAG, SETTING, TYPE } from '../../src/http/h2/frames.ts'
import { data, headers, hello, type Pairs, ping, rst, type Seen, settingsAck, windowUpdate } from '../http/h2/wire.ts'
import { rawClient, type RawClient, type TlsOptions } from '../support/raw-client.ts'
import { changes, DEADLINE_MS } from '../support/until.ts'
import type { FieldLine } from '../support/http1.ts'

export type Head = { readonly status: number; readonly fields: readonly FieldLine[] }
export type Stream = {
  readonly id: number
  /** 1xx, then the answer's own. */
  readonly heads: Head[]
  /** What came of the body; `octets` counts it. */
  readonly body: Buffer[]
  octets: number
  trailers: readonly FieldLine[] | null
  ended: boolean
  /** The code of RST_STREAM; -1: none. */
  reset: number
  /** false: DATA is kept, but the stream's window is not opened again. */
  reading: boolean
  /** What the proxy lets us send. */
  window: number
}
export type Goaway = { readonly lastId: number; readonly code: number; readonly message: string }
export type Opening = { readonly end?: boolean; readonly reading?: boolean }

/** Status of the answer; 0: none came. */
export const statusOf = ({ heads }: Stream): number => heads.find(({ status }) => status >= 200)?.status ?? 0
export const textOf = ({ body }: Stream): string => Buffer.concat(body).toString('latin1')
/** A head; what `over` names replaces or (undefined) removes the default. */
export function head(path: string, over: Readonly<Record<string, string | undefined>> = {}, fields: Pairs = []): Pairs {
  const pseudo = { ':method': 'GET', ':scheme': 'https', ':authority': 'app.example', ':path': path, ...over }
  return [...Object.entries(pseudo).filter((pair): pair is [string, string] => pair[1] !== undefined), ...fields]
}

export type ClientOptions = {
  /** Absent: in clear, by prior knowledge. */
  readonly tls?: TlsOptions
  /** Sent before the preface of HTTP/2. */
  readonly before?: string
  /** Our SETTINGS, beside the default. */
  readonly settings?: readonly [key: number, value: number][]
}
/** Large enough that tests of other things never wait for it. */
const CONNECTION_WINDOW_BYTES = 1 << 30
const FRAME_HEAD_BYTES = 9
/** The frame size that every peer takes (RFC 9113 §4.2). */
const FRAME_BYTES = 16_384
const FIRST_WINDOW_BYTES = 65_535
const CANCEL = 8
const NONE: Buffer = Buffer.alloc(0)

/** Resolves when the preface has been sent; rejects when TLS does not agree on h2. */
export async function h2Client(port: number, { tls, before, settings = [] }: ClientOptions = {}): Promise<H2Client> {
  const raw = await rawClient(port, tls ? { tls: { alpn: ['h2'], ...tls } } : {})
  if (raw.socket instanceof TLSSocket && raw.socket.alpnProtocol !== 'h2') throw new Error(`ALPN gave ${raw.socket.alpnProtocol}`)
  if (before !== undefined) raw.send(before)
  const client = new H2Client(raw.socket, raw.rest())
  client.send(hello(...settings), windowUpdate(0, CONNECTION_WINDOW_BYTES))
  return client
}

export class H2Client {
  readonly socket: RawClient['socket']
  readonly streams = new Map<number, Stream>()
  readonly goaways: Goaway[] = []
  /** The proxy's SETTINGS. */
  readonly settings = new Map<number, number>()
  /** Every frame but DATA. */
  readonly frames: Seen[] = []
  pongs = 0
  answersPing = true
  /** The proxy closed the connection, or we did. */
  closed = false
  readonly #changes = changes()
  readonly #decoder = new Decoder()
  readonly #queue: { stream: Stream; bytes: Buffer; end: boolean }[] = []
  readonly #cancelled = new Set<number>()
  #unread: Buffer = NONE
  #window = FIRST_WINDOW_BYTES
  #nextId = 1

  /** `early`: what has come already. */
  constructor(socket: Socket, early: Buffer) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.removeAllListeners('data')
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    const close = () => { this.closed = true; this.#changes.notify() }
    socket.on('end', close).on('close', close)
    this.#read(early)
  }

  send(...frames: readonly Buffer[]) { if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames)) }
  destroy() { this.socket.destroy() }
  when(condition: () => boolean, withinMs = DEADLINE_MS) { return this.#changes.when(condition, withinMs) }

  /** The next stream, with its head; `end`: nothing follows. */
  open(fields: Pairs, { end = true, reading = true }: Opening = {}): Stream {
    const stream = this.#stream(reading)
    this.send(headers(stream.id, fields, end ? FLAG.END_STREAM : 0))
    return stream
  }
  /** The same for a head that the test has made by itself. */
  openRaw(frames: (id: number) => readonly Buffer[]): Stream {
    const stream = this.#stream(true)
    this.send(...frames(stream.id))
    return stream
  }
  #stream(reading: boolean): Stream {
    const window = this.settings.get(SETTING.INITIAL_WINDOW_SIZE) ?? FIRST_WINDOW_BYTES
    const stream: Stream = { id: this.#nextId, heads: [], body: [], octets: 0, trailers: null, ended: false, reset: -1, reading, window }
    this.#nextId += 2
    this.streams.set(stream.id, stream)
    return stream
  }
  /** Opens a stream and waits for its end. */
  ask(fields: Pairs): Promise<Stream> { return this.done(this.open(fields)) }
  /** Waits until the answer is whole, the stream reset, or the connection closed; an error when none of it comes. */
  async done(stream: Stream, withinMs = DEADLINE_MS): Promise<Stream> {
    if (!await this.when(() => stream.ended || stream.reset >= 0 || this.closed, withinMs)) throw new Error(`no end of stream ${stream.id}`)
    return stream
  }

  /** Sends as far as windows allow, the rest when they open. */
  upload(stream: Stream, bytes: Buffer | string, end = true) {
    this.#queue.push({ stream, bytes: Buffer.from(bytes), end })
    this.#pump()
  }
  /** Resets a stream with CANCEL: what is still on its way to it is not looked at. */
  cancel(stream: Stream) {
    this.send(rst(stream.id, CANCEL))
    stream.reset = CANCEL
    this.#cancelled.add(stream.id)
    this.#pump()
  }
  /** Octets given to `upload` that have not been sent. */
  get waiting(): number { return this.#queue.reduce((sum, { bytes }) => sum + bytes.length, 0) }

  #pump() {
    for (const item of [...this.#queue]) {
      while (this.#sendPiece(item));
      if (item.bytes.length === 0) this.#queue.splice(this.#queue.indexOf(item), 1)
    }
  }
  #sendPiece(item: { stream: Stream; bytes: Buffer; end: boolean }): boolean {
    const { stream, bytes, end } = item
    if (stream.reset >= 0) item.bytes = NONE
    const size = Math.min(bytes.length, stream.window, this.#window, FRAME_BYTES)
    if (stream.reset >= 0 || (size <= 0 && bytes.length > 0)) return false
    item.bytes = bytes.subarray(size)
    stream.window -= size
    this.#window -= size
    this.send(data(stream.id, bytes.subarray(0, size), end && item.bytes.length === 0 ? FLAG.END_STREAM : 0))
    return item.bytes.length > 0
  }

  #read(bytes: Buffer) {
    this.#unread = this.#unread.length > 0 ? Buffer.concat([this.#unread, bytes]) : bytes
    for (let next = this.#next(); next !== null; next = this.#next()) this.#frame(next)
    this.#pump()
    this.#changes.notify()
  }
  #next(): Seen | null {
    const bytes = this.#unread
    const end = bytes.length < FRAME_HEAD_BYTES ? Infinity : FRAME_HEAD_BYTES + bytes.readUIntBE(0, 3)
    if (bytes.length < end) return null
    this.#unread = bytes.subarray(end)
    return { type: bytes.readUInt8(3), flags: bytes.readUInt8(4), id: bytes.readUInt32BE(5), payload: bytes.subarray(FRAME_HEAD_BYTES, end) }
  }

  #frame(frame: Seen) {
    if (frame.type !== TYPE.DATA) this.frames.push(frame)
    const stream = this.streams.get(frame.id)
    if (this.#cancelled.has(frame.id)) return
    switch (frame.type) {
      case TYPE.SETTINGS: return this.#settings(frame)
      case TYPE.PING: return this.#ping(frame)
      case TYPE.GOAWAY: return void this.goaways.push({ lastId: frame.payload.readUInt32BE(0), code: frame.payload.readUInt32BE(4), message: frame.payload.toString('latin1', 8) })
      case TYPE.WINDOW_UPDATE: return this.#credit(stream, frame)
    }
    if (stream === undefined) return // opened by hand
    if (stream.reset >= 0) throw new Error(`a frame of type ${frame.type} behind RST_STREAM of stream ${frame.id}`)
    if (frame.type === TYPE.RST_STREAM) stream.reset = frame.payload.readUInt32BE()
    else if (stream.ended) throw new Error(`a frame of type ${frame.type} behind the end of stream ${frame.id}`)
    else if (frame.type === TYPE.DATA) this.#data(stream, frame)
    else if (frame.type === TYPE.HEADERS) this.#headers(stream, frame)
    else throw new Error(`a frame of type ${frame.type}`)
  }

  #settings({ flags, payload }: Seen) {
    if ((flags & FLAG.ACK) !== 0) return
    const before = this.settings.get(SETTING.INITIAL_WINDOW_SIZE) ?? FIRST_WINDOW_BYTES
    for (let at = 0; at < payload.length; at += 6) this.settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    const change = (this.settings.get(SETTING.INITIAL_WINDOW_SIZE) ?? FIRST_WINDOW_BYTES) - before
    for (const stream of this.streams.values()) stream.window += change
    this.send(settingsAck)
  }
  #ping({ flags, payload }: Seen) {
    if ((flags & FLAG.ACK) !== 0) this.pongs++
    else if (this.answersPing) this.send(ping(payload.toString('latin1'), FLAG.ACK))
  }
  #credit(stream: Stream | undefined, { id, payload }: Seen) {
    if (id === 0) this.#window += payload.readUInt32BE()
    else if (stream !== undefined) stream.window += payload.readUInt32BE()
  }

  #data(stream: Stream, { flags, payload }: Seen) {
    stream.octets += payload.length
    stream.body.push(payload)
    stream.ended = (flags & FLAG.END_STREAM) !== 0
    if (stream.reading && !stream.ended && payload.length > 0) this.send(windowUpdate(stream.id, payload.length))
  }

  #headers(stream: Stream, { flags, payload }: Seen) {
    if ((flags & FLAG.END_HEADERS) === 0) throw new Error('CONTINUATION is not for this client')
    const section = this.#decoder.decode(payload, 0, payload.length)
    if (section.fault !== '') throw new Error(`malformed fields in stream ${stream.id}: ${section.fault}`)
    const fields = section.fields.map(({ name, value }): FieldLine => [name.text, value])
    stream.ended = (flags & FLAG.END_STREAM) !== 0
    if (statusOf(stream) > 0) stream.trailers = fields
    else stream.heads.push({ status: section.status, fields: section.length < 0 ? fields : [...fields, ['content-length', String(section.length)]] })
  }
}
