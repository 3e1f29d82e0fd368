// One HTTP/2 connection as its owner sees it (RFC 9113), both roles: bytes in, events and bytes out. No I/O, no timers, no clock:
// the owner feeds `receive`, sends what `take` gives, calls `tick` once a second, and closes.
import type { Span } from '../message.ts'
import { Debts } from './debts.ts'
import { CODE, type Code, ConnectionFault } from './fault.ts'
import { FrameReader } from './frame-reader.ts'
import { clientSettings, type Fields, serverSettings, windowOpening } from './frames.ts'
import { Incoming } from './incoming.ts'
import { MAX_31_BITS } from './limits.ts'
import { type H2Events, type H2Options, Session } from './session.ts'
import type { H2Stream } from './stream.ts'
import type { Role } from './streams.ts'

export type H2Answer = { readonly status: number; readonly fields: Fields }
export type H2Request = {
  readonly method: string
  /** `` for a plain CONNECT, as `path`. */
  readonly scheme: string
  readonly authority: string
  readonly path: string
  /** `websocket` and the like, with CONNECT (RFC 8441); `` else. */
  readonly protocol: string
  readonly fields: Fields
}

export class H2Connection<O> {
  readonly #session: Session<O>
  readonly #incoming: Incoming<O>
  readonly #reader: FrameReader
  readonly #debts: Debts

  constructor(role: Role, events: H2Events<O>, options: H2Options) {
    this.#session = new Session(role, events, options)
    this.#incoming = new Incoming(this.#session, (payload) => this.#ponged(payload))
    this.#reader = new FrameReader(this.#incoming, role === 'server')
    this.#debts = new Debts(options.headTicks ?? Infinity)
  }

  /** Writes what opens a connection. Call once, first. */
  start() {
    const { role, sender, maxStreams, windowBytes, heads } = this.#session
    if (role === 'client') sender.frames.preface()
    sender.frames.settings(role === 'client' ? clientSettings : serverSettings(maxStreams, heads.headBytes))
    sender.frames.windowUpdate(0, windowOpening(windowBytes))
  }

  // ---- octets

  /** What came from the peer, in any pieces, whose octets are not needed afterwards. Never throws: what is wrong, here or in an owner's event, fails this connection. */
  receive(bytes: Buffer) {
    if (this.#session.dead) return
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Whether there is something to `take`. */
  get pending(): boolean { return this.unsent > 0 }
  /** Octets of it. */
  get unsent(): number { return this.#session.output.size }
  /** All there is to send, null for nothing. Valid until `sent`, which must follow. */
  take(): Buffer | null { return this.#session.output.take() }
  /** What `take` gave needs no buffer any more. `room`: the socket takes more now; without, DATA waits until `sent(true)`. May make something pending. */
  sent(room: boolean) {
    const { output, sender } = this.#session
    output.free()
    sender.full = !room
    if (room) sender.pump()
  }

  // ---- streams

  /** Server: the answer's head. `end`: that was all. */
  respond(stream: H2Stream<O>, answer: H2Answer, end: boolean) {
    if (!stream.finished) this.#session.sender.headers(stream, [[[':status', String(answer.status)]], answer.fields], end)
  }
  /** Server: 1xx but 101, before the answer, as often as wanted. */
  inform(stream: H2Stream<O>, answer: H2Answer) { this.respond(stream, answer, false) }

  /** Client: opens a stream. null: the connection takes no more now (`capacity`), or never again. */
  request(request: H2Request, owner: O, end: boolean): H2Stream<O> | null {
    const { streams, sender, peerWindow } = this.#session
    const stream = this.capacity > 0 ? streams.open(peerWindow) : null
    if (stream === null) return null
    stream.owner = owner
    stream.bodyless = request.method === 'HEAD'
    stream.tunnel = request.method === 'CONNECT'
    sender.headers(stream, [pseudoFields(request), request.fields], end)
    return stream
  }
  /** Client: requests that may be opened now. */
  get capacity(): number {
    const { dead, leaving, peerStreams, maxStreams, streams } = this.#session
    return dead || leaving ? 0 : Math.max(0, Math.min(peerStreams, maxStreams) - streams.size)
  }
  /** Client: the server takes extended CONNECT (RFC 8441). Known once its SETTINGS have come. */
  get takesConnect(): boolean { return this.#session.peerTakesConnect }
  /** Streams that are open. */
  get active(): number { return this.#session.streams.size }

  /** Octets of a body; span.last without trailers ends the stream. False: stop until `drained`. The span is free again. */
  data(stream: H2Stream<O>, span: Span): boolean { return this.#session.sender.data(stream, span) }
  /** Ends the stream, behind what `data` has taken. */
  trailers(stream: H2Stream<O>, fields: Fields) { this.#session.sender.trailers(stream, fields) }

  /** Octets of `data` events were passed on: the peer may send as many again. */
  consume(stream: H2Stream<O>, octets: number) { this.#incoming.consume(stream, octets) }

  /** Ends the stream now; nothing is told of it any more. */
  reset(stream: H2Stream<O>, code: Code) { this.#session.reset(stream, code) }

  /** The owner lets go: nothing is told of the stream any more. What it has taken is still sent, what comes is dropped. */
  ignore(stream: H2Stream<O>) {
    if (stream.closed || stream.owner === null) return
    stream.owner = null
    this.#incoming.consume(stream, stream.held)
    this.#session.settle(stream)
  }

  // ---- the connection

  /** Server: no new streams. Says so with GOAWAY twice, a round trip apart: requests that are on their way are still taken (RFC 9113 §6.8). */
  drain() {
    if (this.#session.dead || this.#session.leaving) return
    this.#session.sender.frames.goaway(MAX_31_BITS, CODE.NO_ERROR)
    this.#session.sender.frames.ping(DRAIN_PING, 0, 0)
  }
  /** The second GOAWAY, for owners that can't wait for the round trip, and for clients. */
  leave() {
    const session = this.#session
    if (session.dead || session.leaving) return
    session.leaving = true
    session.lastTaken = session.streams.lastPeerId
    session.sender.frames.goaway(session.lastTaken, CODE.NO_ERROR)
  }

  ping() { if (!this.#session.dead) this.#session.sender.frames.ping(PING, 0, 0) }
  #ponged(payload: Buffer) {
    if (payload.equals(DRAIN_PING)) this.leave()
    else this.#session.events.pong()
  }

  /** The peer has begun something and not completed it: the preface with its SETTINGS, a frame, a field section. Ticks are counted for that. */
  get begun() { return this.#reader.partial || this.#incoming.inSection }

  /** Nothing is going on, nor was a while ago: what is only kept for speed is let go. */
  rest() { this.#session.sender.encoder.rest() }

  /** A second has passed: forgives a part of what looks like abuse, ends streams whose peer takes nothing, and fails where headTicks are over. */
  tick() {
    const session = this.#session
    if (session.dead) return
    try {
      session.tick()
      // What a full socket holds of our SETTINGS has not arrived: that has a deadline of its own.
      this.#debts.tick({ begun: this.begun, completed: this.#incoming.completed, settled: session.settled || session.sender.full })
    } catch (error) {
      this.#failed(error)
    }
  }
  #failed(error: unknown) { this.#session.fail(error instanceof ConnectionFault ? error : internalFault(error)) }

  /** The socket is gone: every stream ends, and its owner is told. `stalled`: it was closed because the peer took nothing. */
  lost(stalled = false) {
    if (this.#session.dead) return
    const message = stalled ? 'the client took nothing' : 'the connection is gone'
    const thrown = this.#session.abandon({ code: CODE.CANCEL, remote: true, unprocessed: false, stalled, message })
    if (thrown !== undefined) throw thrown
  }
}

const pseudoFields = (request: H2Request): [string, string][] => {
  const fields: [string, string][] = [[':method', request.method]]
  if (request.protocol !== '') fields.push([':protocol', request.protocol])
  if (request.scheme !== '') fields.push([':scheme', request.scheme])
  fields.push([':authority', request.authority])
  if (request.path !== '') fields.push([':path', request.path])
  return fields
}

/** An owner's event threw. What it threw is not for the peer. */
const internalFault = (cause: unknown) => {
  const fault = new ConnectionFault(CODE.INTERNAL_ERROR, 'internal error')
  fault.cause = cause
  return fault
}

const DRAIN_PING: Buffer = Buffer.from('draining')
const PING: Buffer = Buffer.from('are you?')
