// The streams of a connection by id (RFC 9113 §5.1.1): which are open, which were, and which can't have been.
import { H2Stream } from './stream.ts'
import { MAX_31_BITS, RESETS_PER_STREAM } from './limits.ts'

export type Role = 'server' | 'client'

export class Streams<O> {
  /** Highest id that the peer has opened. */
  lastPeerId = 0
  readonly #role: Role
  readonly #open = new Map<number, H2Stream<O>>()
  #nextId = 1
  /** Ids of streams that we reset: their frames may be on the way. A ring. */
  readonly #reset: number[] = []
  readonly #windowBytes: number
  readonly #remembered: number
  #resets = 0

  /** most: that may be open at once. windowBytes: what the peer may send on each at first. */
  constructor(role: Role, { most, windowBytes }: { most: number; windowBytes: number }) {
    this.#role = role
    this.#windowBytes = windowBytes
    this.#remembered = RESETS_PER_STREAM * most
  }

  get size() { return this.#open.size }
  get(id: number): H2Stream<O> | undefined { return this.#open.get(id) }
  all(): Iterable<H2Stream<O>> { return this.#open.values() }

  /** A stream that the peer opens. */
  accept(id: number, sendWindow: number): H2Stream<O> {
    this.lastPeerId = id
    return this.#add(id, sendWindow)
  }
  /** A stream that we open; null when the ids are used up. */
  open(sendWindow: number): H2Stream<O> | null {
    if (this.#nextId > MAX_31_BITS) return null
    const id = this.#nextId
    this.#nextId += 2
    return this.#add(id, sendWindow)
  }
  #add(id: number, sendWindow: number): H2Stream<O> {
    const stream = new H2Stream<O>(id, { sendWindow, receiveWindow: this.#windowBytes })
    this.#open.set(id, stream)
    return stream
  }
  remove(stream: H2Stream<O>) { this.#open.delete(stream.id) }

  /** Whether a stream was never opened. Only clients open streams: there is no push. */
  isIdle(id: number): boolean {
    return id % 2 === 0 || (this.#role === 'client' ? id >= this.#nextId : id > this.lastPeerId)
  }

  /** Frames of this stream may still come, and are not the peer's fault. */
  expectStragglers(id: number) {
    this.#reset[this.#resets] = id
    this.#resets = (this.#resets + 1) % this.#remembered
  }
  mayStraggle(id: number): boolean { return this.#reset.includes(id) }
}
