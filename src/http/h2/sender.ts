// The sending half of a connection: field sections at once and in order, DATA as far as windows and the socket allow, a frame for each stream in turn.
// Knows nothing of what comes.
import { Span } from '../message.ts'
import type { Budgets } from './abuse.ts'
import { Encoder } from './encoder.ts'
import { FLAG, FrameWriter, type Fields } from './frames.ts'
import { FRAME_BYTES, INITIAL_WINDOW_BYTES, OUTPUT_BYTES, PARTIAL_BYTES, QUEUE_BYTES } from './limits.ts'
import type { Output } from './output.ts'
import type { H2Stream } from './stream.ts'

export type SenderEvents<O> = {
  /** The owner was told to stop, and may go on. */
  drained(stream: H2Stream<O>): void
  /** The last of the stream is in the output. */
  ended(stream: H2Stream<O>): void
}

export class Sender<O> {
  readonly frames: FrameWriter
  readonly encoder = new Encoder()
  /** Octets that we may send, over all streams. */
  window = INITIAL_WINDOW_BYTES
  /** The socket takes no more: DATA waits. */
  full = false
  readonly #output: Output
  readonly #budgets: Budgets
  readonly #sendTicks: number
  readonly #events: SenderEvents<O>
  /** Streams with something queued, in the order of their turns. */
  readonly #line: H2Stream<O>[] = []
  readonly #span = new Span()
  #patient = true

  constructor(output: Output, { budgets, sendTicks }: { readonly budgets: Budgets; readonly sendTicks: number }, events: SenderEvents<O>) {
    this.#output = output
    this.#budgets = budgets
    this.#sendTicks = sendTicks
    this.#events = events
    this.frames = new FrameWriter(output)
  }

  headers(stream: H2Stream<O>, lists: readonly Fields[], end: boolean) {
    this.frames.headers(this.encoder, lists, { id: stream.id, end })
    if (end) this.#end(stream)
  }

  /** False: stop until `drained`. What can't go out now is copied: the span is its owner's again. */
  data(stream: H2Stream<O>, span: Span): boolean {
    if (stream.finished) return true
    const end = span.last && span.trailers === null
    const rest = this.#span.set(span.bytes, span.from, span.to)
    while (!stream.waiting && this.#frame(stream, rest, end));
    if (stream.endSent || (rest.size === 0 && !end)) return true
    stream.ending = end
    if (rest.size > 0) stream.queue.push(Buffer.from(rest.bytes.subarray(rest.from, rest.to)))
    rest.bytes = NONE // its owner may have read half a mebibyte, and now this connection holds what is left of it
    stream.queued += rest.size
    this.#wait(stream)
    stream.stopped = stream.queued >= QUEUE_BYTES
    return !stream.stopped
  }

  trailers(stream: H2Stream<O>, fields: Fields) {
    if (stream.finished) return
    if (!stream.waiting) return this.headers(stream, [fields], true)
    stream.ending = true
    stream.trailers = [...fields]
  }

  /** Sends what waits, in turns of a frame, as far as it goes. */
  pump() {
    const stuck: H2Stream<O>[] = []
    for (let stream; this.#hasRoom && (stream = this.#line.shift()) !== undefined;) {
      stream.waiting = false
      if (stream.closed) continue
      const moved = this.#turn(stream)
      if (!unsent(stream)) stream.stalledTicks = 0
      else if (moved) this.#wait(stream)
      if (!moved) { stream.waiting = true; stuck.push(stream) }
      this.#drain(stream)
    }
    this.#line.push(...stuck)
  }

  /** A second has passed: what waits for its peer to open a window further does not wait for ever. */
  tick() {
    this.#patient = false
    this.pump()
    this.#patient = true
  }

  /** At each tick: the streams whose peer has kept its windows shut for too long. A socket that takes nothing is its owner's matter. */
  stalled(): H2Stream<O>[] {
    return this.full ? [] : this.#line.filter((stream) => !stream.closed && this.#isStalled(stream))
  }
  #isStalled(stream: H2Stream<O>): boolean {
    if (stream.sent - stream.sentThen < FRAME_BYTES) return ++stream.stalledTicks >= this.#sendTicks
    stream.sentThen = stream.sent
    stream.stalledTicks = 0
    return false
  }

  get #hasRoom() { return !this.full && this.#output.size < OUTPUT_BYTES }

  #wait(stream: H2Stream<O>) {
    if (stream.waiting) return
    stream.waiting = true
    this.#line.push(stream)
  }

  #drain(stream: H2Stream<O>) {
    if (!stream.stopped || stream.finished || stream.queued >= QUEUE_BYTES / 2) return
    stream.stopped = false
    this.#events.drained(stream)
  }

  /** One frame of what a stream has queued; trailers behind the last one. False: nothing could go. */
  #turn(stream: H2Stream<O>): boolean {
    const first = stream.queue[0] ?? NONE
    const rest = this.#span.set(first, 0, first.length)
    const end = stream.ending && stream.queue.length <= 1 && stream.trailers === null
    const moved = this.#frame(stream, rest, end)
    if (stream.closed) return true
    stream.queued -= rest.from
    if (rest.size > 0) {
      if (moved) stream.queue[0] = first.subarray(rest.from)
      return moved
    }
    stream.queue.shift()
    if (stream.trailers === null || stream.queue.length > 0) return moved
    this.headers(stream, [stream.trailers], true)
    return true
  }

  /** One frame from the front of the span, if it may go. */
  #frame(stream: H2Stream<O>, span: Span, end: boolean): boolean {
    if (stream.endSent || !this.#hasRoom) return false
    const wanted = Math.min(span.size, FRAME_BYTES)
    const size = Math.max(0, Math.min(wanted, stream.sendWindow, this.window))
    const last = end && size === span.size
    if (size < wanted ? size === 0 || this.#awaitsMore(stream, size) : size === 0 && !last) return false
    this.frames.data(span.bytes, span.from, span.from + size, { id: stream.id, flags: last ? FLAG.END_STREAM : 0 })
    span.from += size
    stream.sendWindow -= size
    this.window -= size
    stream.sent += size
    this.#budgets.dataSent(size, size === wanted)
    if (last) this.#end(stream)
    return true
  }

  /**
   * A peer that opens its windows by each frame it got would get ever smaller ones, down to some octets each (the silly window of RFC 813):
   * a small part of a frame waits until there is more room, where the peer's windows have it.
   */
  #awaitsMore({ roomy }: H2Stream<O>, size: number): boolean { return size < PARTIAL_BYTES && roomy && this.#patient }

  #end(stream: H2Stream<O>) {
    stream.endSent = true
    this.#events.ended(stream)
  }
}

const unsent = (stream: H2Stream<unknown>) => !stream.closed && (stream.queue.length > 0 || (stream.ending && !stream.endSent))
const NONE: Buffer = Buffer.alloc(0)
