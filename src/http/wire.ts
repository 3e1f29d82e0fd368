// The only way to a socket. Native writes and an own `push` are worth 2-3 µs a request (hotpath.md §3, §5); they are undocumented, so
// `nativeWorks` probes them at start and the public stream API is the fallback. Knows no HTTP.
import { connect, createServer, type Socket } from 'node:net'
import type { Clock, Expiring } from './clock.ts'
import { hasUnread } from './unread.ts'

/** What Bun's node:net keeps below a socket. `write` returns the octets taken, negative when closed. */
type NativeHandle = { write(bytes: Buffer, from: number, length: number): number; pause(): void; resume(): void }
const isNative = (handle: unknown): handle is NativeHandle =>
  typeof handle === 'object' && handle !== null && ['write', 'pause', 'resume'].every((name) => typeof Reflect.get(handle, name) === 'function')

/** Octets given to the stream at a time when the kernel is full: each piece that leaves is progress of a slow reader. */
const PIECE_BYTES = 16_384

export type WireOptions = { readonly clock: Clock; readonly native: boolean }

/** A socket and whom it belongs to. */
type Wired = Socket & { wire: Wire }

export abstract class Wire implements Expiring {
  dueTick = 0
  slotTick = 0
  /** The kernel took less than we had: stop sending until `drained`. */
  blocked = false
  paused = false
  closed = false
  /** The peer has sent all it will. */
  peerEnded = false
  protected readonly clock: Clock
  /** Without progress of a blocked write for so long, `expired` is called. */
  protected abstract readonly sendMs: number
  readonly #useNative: boolean
  #socket!: Socket
  #handle: NativeHandle | null = null
  #held: Buffer[] = []
  #finishing = false

  constructor(options: WireOptions) {
    this.clock = options.clock
    this.#useNative = options.native
  }

  protected abstract received(bytes: Buffer): void
  /** The peer's FIN. */
  protected abstract ended(): void
  protected abstract drained(): void
  /** The connection is gone, and not by us. */
  protected abstract lost(error: Error | null): void
  /** The connection is gone, whoever closed it. Called once, before `lost`. */
  protected abstract shut(): void
  abstract expired(): void

  /** Call once, for a connecting or connected socket. */
  protected attach(socket: Socket) {
    const wired: Wired = this.#socket = Object.assign(socket, { wire: this })
    wired.on('error', Wire.#failed).on('close', Wire.#closed)
    if (this.#useNative) wired.push = Wire.#pushed
    else wired.on('data', Wire.#pushed).on('end', Wire.#ended)
  }
  // One function for all sockets: three for each, with what they close over, are 180 octets of an idle connection.
  static #failed(this: Wired, error: Error) { this.wire.#gone(error) }
  static #closed(this: Wired) { this.wire.#gone(null) }
  static #pushed(this: Wired, bytes: Buffer | null): boolean {
    if (bytes === null) this.wire.#end()
    else this.wire.received(bytes)
    return true
  }
  static #ended(this: Wired) { if (!this.destroyed) this.wire.#end() } // a local destroy() emits it too (bun.md §1.2)
  /** Call when the socket is connected. */
  protected connected() {
    const handle: unknown = Reflect.get(this.#socket, '_handle')
    if (this.#useNative && isNative(handle)) this.#handle = handle
  }

  /** Sends bytes[from..to), which may be reused afterwards. False: `drained` follows when all is gone. */
  send(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed) return true
    const handle = this.#handle
    if (handle === null) return this.#sendStream(Buffer.from(bytes.subarray(from, to)))
    const taken = this.blocked ? 0 : handle.write(bytes, from, to - from)
    if (taken === to - from) return true
    if (taken < 0) { this.#gone(null); return true }
    this.#held.push(Buffer.from(bytes.subarray(from + taken, to)))
    if (!this.blocked) this.#block()
    return false
  }
  sendText(text: string): boolean {
    const bytes = Buffer.from(text, 'latin1')
    return this.send(bytes, 0, bytes.length)
  }

  /** Blocked by any octet that stays behind, not from the stream's high-water mark on: then nothing is lost when the connection ends. */
  #sendStream(bytes: Buffer): boolean {
    this.#socket.write(bytes, () => { if (this.#socket.writableLength === 0) this.#open() })
    if (this.#socket.writableLength === 0) return true
    this.blocked = true
    this.clock.arm(this, this.sendMs)
    return false
  }

  #block() {
    this.blocked = true
    this.#sendPiece()
  }
  /** The stream waits for the kernel; its callback is the only sign that it is done ('drain' stays away below the mark). */
  #sendPiece() {
    this.clock.arm(this, this.sendMs)
    const first = this.#held[0]!
    this.#held[0] = first.subarray(PIECE_BYTES)
    this.#socket.write(first.subarray(0, PIECE_BYTES), () => { if (!this.closed && this.#socket.writableLength === 0) this.#sendHeld() })
  }
  #sendHeld() {
    while (this.#held.length > 0) {
      const bytes = this.#held[0]!
      const taken = this.#handle!.write(bytes, 0, bytes.length)
      if (taken < 0) return this.#gone(null)
      this.#held[0] = bytes.subarray(taken)
      if (taken < bytes.length) return this.#sendPiece()
      this.#held.shift()
    }
    this.#open()
  }
  #open() {
    if (!this.blocked || this.closed) return
    this.blocked = false
    this.clock.disarm(this)
    if (this.#finishing) this.#socketEnd()
    else this.drained()
  }

  pause() {
    if (this.paused || this.closed) return
    this.paused = true
    if (this.#handle !== null) this.#handle.pause()
    else this.#socket.pause()
  }
  resume() {
    if (!this.paused || this.closed) return
    this.paused = false
    if (this.#handle !== null) this.#handle.resume()
    else this.#socket.resume()
  }

  /**
   * Whether the peer of an idle connection has sent nothing yet, no FIN and no reset either: asked of the kernel, as the event loop may still
   * have it before it (bun.md §1.7). Where it has, the connection is of no use any more.
   */
  protected isQuiet(): boolean {
    const handle: unknown = this.#handle
    const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
    return typeof fd !== 'number' || !hasUnread(fd)
  }

  /** Nothing more will be sent: FIN behind what is still held. The peer's octets keep coming. */
  finish() {
    if (this.#finishing || this.closed) return
    this.#finishing = true
    if (!this.blocked) this.#socketEnd()
  }
  #socketEnd() { this.#socket.end(() => { if (this.peerEnded) this.destroy() }) }

  /** Gone at once; what is held is dropped, `lost` is not called. */
  destroy() {
    if (this.closed) return
    this.#shut()
    this.#socket.destroy()
  }
  /** Gives the socket away to another Wire: this one is closed, the socket is not. */
  protected release(): Socket {
    this.#shut()
    // Its own ones alone: others count the socket.
    return this.#socket.off('error', Wire.#failed).off('close', Wire.#closed).off('data', Wire.#pushed).off('end', Wire.#ended)
  }
  /** The peer gets a reset: what it has of an answer is visibly not all. */
  reset() {
    if (this.closed) return
    this.#shut()
    this.#socket.resetAndDestroy()
  }
  #shut() {
    this.closed = true
    this.#held = []
    this.clock.forget(this)
    this.shut()
  }

  #end() {
    if (this.closed || this.peerEnded) return
    this.peerEnded = true
    this.ended()
    if (this.#finishing && !this.blocked) this.destroy()
  }
  #gone(error: Error | null) {
    if (this.closed) return
    this.#shut()
    this.#socket.destroy()
    this.lost(error)
  }
}

/** Whether the bypass works on this Bun: echo over loopback through `_handle.write` and an own `push`. */
export const nativeWorks = (): Promise<boolean> => new Promise((resolve) => {
  const server = createServer((socket) => {
    socket.push = (bytes: Buffer | null) => {
      const handle: unknown = Reflect.get(socket, '_handle')
      if (bytes !== null && !(isNative(handle) && handle.write(bytes, 0, bytes.length) === bytes.length)) decide(false)
      return true
    }
    socket.on('error', () => decide(false))
  })
  let asked: Socket | undefined
  const decide = (works: boolean) => { resolve(works); asked?.destroy(); server.close() }
  server.on('error', () => decide(false))
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address !== 'object' || address === null) return decide(false)
    asked = connect({ port: address.port, host: '127.0.0.1' }, () => asked?.write('?'))
    asked.on('error', () => decide(false))
    asked.on('data', (echo) => decide(echo.toString() === '?'))
  })
})
