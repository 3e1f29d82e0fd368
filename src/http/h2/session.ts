// What both halves of a connection share: its streams and how they end. What comes is read in incoming.ts, what is asked for in connection.ts.
import { Budgets } from './abuse.ts'
import { CODE, type Code, type ConnectionFault } from './fault.ts'
import type { HeadLimits } from '../head-limits.ts'
import type { Span } from '../message.ts'
import type { FieldSection } from './field-section.ts'
import { ReceiveWindow } from './flow.ts'
import { GROWTH_BYTES, INITIAL_WINDOW_BYTES, MAX_31_BITS, SECTION_LIMITS, SEND_TICKS, STREAM_WINDOW_BYTES, STREAMS, STREAMS_BEFORE_SETTINGS, UPDATE_BYTES } from './limits.ts'
import { Output, type OutputBuffers } from './output.ts'
import { Sender } from './sender.ts'
import type { H2Stream } from './stream.ts'
import { type Role, Streams } from './streams.ts'

/** How a stream ended before its time. */
export type Reset = {
  readonly code: Code
  /** By the peer, or with the connection. Else by us, because the peer broke a rule. */
  readonly remote: boolean
  /** The peer has not looked at the request: it may be sent again elsewhere (RFC 9113 §8.7). */
  readonly unprocessed: boolean
  /** By us, because the peer has not taken what was sent. */
  readonly stalled?: boolean
  /** For people. */
  readonly message: string
}

/** Who works with a connection. After the end of a stream (both sides', `reset`, or an own `reset` or `ignore`) nothing is told of it any more. */
export interface H2Events<O> {
  /** Server: a request. Client: an answer, and before it each 1xx. `end`: nothing follows. A section that is tooLarge wants a 431. */
  head(stream: H2Stream<O>, section: FieldSection, end: boolean): void
  /** Octets of the body, to be given back with `consume`. span.last: nothing follows. */
  data(stream: H2Stream<O>, span: Span): void
  /** The end of the body. */
  trailers(stream: H2Stream<O>, section: FieldSection): void
  reset(stream: H2Stream<O>, reset: Reset): void
  /** `data` said stop: go on. */
  drained(stream: H2Stream<O>): void
  /** A request that nobody was told of was refused: malformed, or one stream too many. */
  refused(code: Code, message: string): void
  /** The peer takes no streams above lastId. Client: those above it were reset, unprocessed. */
  goaway(lastId: number, code: number, message: string): void
  /** The last open stream has ended. */
  idle(): void
  pong(): void
  /** There is something to `take`, after there was nothing: at the end of the turn, not in here. */
  wake(): void
  /** The connection can't go on: send what there is and close. `fault.cause`: an error thrown by one of these; this one must not throw. */
  failed(fault: ConnectionFault): void
}

export type H2Options = {
  readonly buffers: OutputBuffers
  /** Streams that a client may have open, or that we open to an upstream. */
  readonly streams?: number
  /** Of requests; absent: as ours to upstreams. */
  readonly heads?: HeadLimits
  /** Ticks in which a stream that has something to send must get rid of FRAME_BYTES, or of all. */
  readonly sendTicks?: number
  /** Server: ticks in which a client must complete what it has begun, and acknowledge our SETTINGS; absent: no bound. */
  readonly headTicks?: number
}

export class Session<O> {
  readonly role: Role
  readonly events: H2Events<O>
  readonly maxStreams: number
  readonly windowBytes: number
  readonly heads: HeadLimits
  readonly output: Output
  readonly budgets: Budgets
  readonly sender: Sender<O>
  readonly streams: Streams<O>
  readonly window: ReceiveWindow
  /** By which windows of streams may yet grow, all together. */
  #growth = GROWTH_BYTES
  /** The peer has acknowledged our SETTINGS. */
  settled = false
  /** By the peer's SETTINGS, which may not have come yet. */
  peerSettled = false
  peerStreams = STREAMS_BEFORE_SETTINGS
  peerWindow = INITIAL_WINDOW_BYTES
  peerTakesConnect = false
  /** GOAWAY was said: by us as server for the last time, by the peer as client. No stream above `lastTaken` is taken. */
  leaving = false
  lastTaken = MAX_31_BITS
  dead = false

  constructor(role: Role, events: H2Events<O>, options: H2Options) {
    this.role = role
    this.events = events
    this.maxStreams = options.streams ?? STREAMS
    this.budgets = new Budgets(this.maxStreams)
    const streamBytes = role === 'server' ? INITIAL_WINDOW_BYTES : STREAM_WINDOW_BYTES
    this.heads = options.heads ?? SECTION_LIMITS
    this.windowBytes = this.maxStreams * streamBytes + GROWTH_BYTES + UPDATE_BYTES
    this.window = new ReceiveWindow(this.windowBytes, UPDATE_BYTES)
    this.output = new Output(options.buffers, () => events.wake())
    this.streams = new Streams<O>(role, { most: this.maxStreams, windowBytes: streamBytes })
    this.sender = new Sender<O>(this.output, { budgets: this.budgets, sendTicks: options.sendTicks ?? SEND_TICKS }, {
      drained: (stream) => { if (stream.owner !== null) events.drained(stream) },
      ended: (stream) => this.settle(stream),
    })
  }

  /** Octets of the connection's window are free again. */
  credit(octets: number) {
    const announced = this.window.giveBack(octets)
    if (announced > 0 && !this.dead) this.sender.frames.windowUpdate(0, announced)
  }

  /** Octets of a stream were passed on; returns what to announce. One whose body moves gets a larger window, as long as there is something to grow by. */
  reopen({ receiveWindow }: H2Stream<O>, octets: number): number {
    const announced = receiveWindow.giveBack(octets)
    if (announced === 0) return 0
    const growth = Math.min(receiveWindow.size, STREAM_WINDOW_BYTES - receiveWindow.size, this.#growth)
    this.#growth -= growth
    receiveWindow.grow(growth)
    return announced + growth
  }

  /** One side of the stream has ended. */
  settle(stream: H2Stream<O>) {
    if (stream.closed || !stream.endSent) return
    if (stream.endReceived) {
      this.budgets.streamEnded()
      this.#close(stream)
      stream.owner = null
      this.#idle()
    } else if (stream.owner === null && this.role === 'server') {
      this.reset(stream, CODE.NO_ERROR) // the answer is complete: the client shall not send the rest (RFC 9113 §8.1)
    }
  }

  /** Ends a stream by RST_STREAM, its owner knowing. */
  reset(stream: H2Stream<O>, code: Code) {
    if (stream.closed) return
    this.sender.frames.reset(stream.id, code)
    this.streams.expectStragglers(stream.id)
    this.#close(stream)
    stream.owner = null
    this.#idle()
  }

  /** A second has passed. A server's streams must go on; a client has its own deadlines. */
  tick() {
    this.budgets.tick()
    this.sender.tick()
    if (this.role === 'server') for (const stream of this.sender.stalled()) this.#giveUp(stream)
  }
  #giveUp(stream: H2Stream<O>) {
    this.sender.frames.reset(stream.id, CODE.CANCEL)
    this.streams.expectStragglers(stream.id)
    this.end(stream, { code: CODE.CANCEL, remote: false, unprocessed: false, stalled: true, message: 'the client took nothing' })
  }

  /** The peer broke a rule of this stream. */
  breakStream(stream: H2Stream<O>, code: Code, message: string) {
    this.sender.frames.reset(stream.id, code)
    this.streams.expectStragglers(stream.id)
    this.end(stream, { code, remote: false, unprocessed: false, message })
  }

  /** A stream is over before its time, and its owner is told. */
  end(stream: H2Stream<O>, reset: Reset) {
    this.#close(stream)
    if (stream.owner !== null) this.events.reset(stream, reset)
    stream.owner = null
    this.#idle()
  }

  #close(stream: H2Stream<O>) {
    stream.closed = true
    this.streams.remove(stream)
    if (stream.held > 0) this.credit(stream.held)
    this.#growth += stream.grown
    stream.held = stream.queued = 0
    if (stream.queue.length > 0) stream.queue.length = 0
  }
  #idle() { if (this.streams.size === 0 && !this.dead) this.events.idle() }

  /** Ends the connection with GOAWAY. */
  fail(fault: ConnectionFault) {
    if (!this.dead) this.sender.frames.goaway(this.streams.lastPeerId, fault.code, fault.message)
    const thrown = this.abandon({ code: fault.code, remote: false, unprocessed: false, message: fault.message })
    fault.cause ??= thrown
    this.events.failed(fault)
  }

  /** Ends all streams. Returns what an owner threw: it must not keep the others from being told. */
  abandon(reset: Reset): unknown {
    let thrown: unknown
    this.dead = true
    for (const stream of [...this.streams.all()]) {
      try {
        this.end(stream, reset)
      } catch (error) {
        thrown ??= error
      }
    }
    return thrown
  }
}
