// One stream of a connection: what has come, what has gone, and what waits. Only the codec changes it, apart from `owner`.
import { ReceiveWindow } from './flow.ts'
import type { Fields } from './frames.ts'
import { ROOMY_WINDOW_BYTES } from './limits.ts'

/** `O`: for whom the stream works. */
export class H2Stream<O> {
  readonly id: number
  /** Set it when the head comes. While it is null nobody is told of the stream, and what comes is dropped. */
  owner: O | null = null
  closed = false

  /** The peer's head has come; its last DATA or trailers have. Ours have gone. */
  headReceived = false
  endReceived = false
  endSent = false
  /** The answer to this has no body, whatever its fields say: HEAD. */
  bodyless = false
  /** Octets of both directions are a tunnel's: content-length means nothing (RFC 9110 §9.3.6). */
  tunnel = false

  /** Octets that we may send; below zero after the peer has made all windows smaller (RFC 9113 §6.9.2). */
  sendWindow: number
  /** The peer's windows are large enough for whole frames. */
  readonly roomy: boolean
  /** Octets that the owner has and has not passed on. */
  held = 0
  /** Octets of the body by content-length, -1 unknown; and those that came. */
  expected = -1
  received = 0

  /** What could not go out yet, in order. */
  readonly queue: Buffer[] = []
  queued = 0
  /** Nothing may follow what is queued but `trailers`. */
  ending = false
  trailers: Fields | null = null
  /** Octets of DATA that have gone; at the last tick at which enough had; and ticks since then that it waited for windows. */
  sent = 0
  sentThen = 0
  stalledTicks = 0
  /** It stands in the sender's line. */
  waiting = false
  /** The owner was told to stop. */
  stopped = false
  readonly #windowBytes: number
  #receiveWindow: ReceiveWindow | null = null

  constructor(id: number, windows: { readonly sendWindow: number; readonly receiveWindow: number }) {
    this.id = id
    this.sendWindow = windows.sendWindow
    this.roomy = windows.sendWindow >= ROOMY_WINDOW_BYTES
    this.#windowBytes = windows.receiveWindow
  }

  /** Most streams bring no body. */
  get receiveWindow(): ReceiveWindow { return this.#receiveWindow ??= new ReceiveWindow(this.#windowBytes, this.#windowBytes / 2) }
  /** Octets by which that has grown. */
  get grown() { return this.#receiveWindow === null ? 0 : this.#receiveWindow.size - this.#windowBytes }

  /** Whether what came of the body can be what content-length said, or is it if that was the end. */
  fits(end: boolean): boolean {
    return this.expected < 0 || (end ? this.received === this.expected : this.received <= this.expected)
  }
  /** Nothing more can be sent on it. */
  get finished() { return this.closed || this.ending || this.endSent }
}
