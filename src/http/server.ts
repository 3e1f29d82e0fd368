// One HTTP/1 connection from a client: reads one request after another, answers in order, and ends as RFC 9112 §9 asks.
// Knows no routes: a Responder answers. States are a handful of flags because two directions move by themselves.
import type { Socket } from 'node:net'
import { AnswerWriter, type AnswerFor } from './answer-writer.ts'
import { type FieldBlock, noFields } from './fields.ts'
import { LINGER_BYTES, LINGER_MS, PIPELINE_BYTES } from './h1/limits.ts'
import { BodyReader } from './h1/body-reader.ts'
import { RequestHead } from './h1/request.ts'
import { type Exchange, type OwnAnswer, type Peer, ProxyError, type ReceivedAnswer, type Responder, Span } from './message.ts'
import { Wire } from './wire.ts'
import { isForeign, isPreface, PREFACE_LINE_BYTES } from './preface.ts'
import { codeOf, refusal } from './refusal.ts'
import type { ServerOptions } from './server-options.ts'
import { spent } from './spent.ts'
import { SHUTDOWN, type Tunnel } from './tunnels.ts'

/** HEAD: between or inside heads. BODY: a request's body is still coming. ANSWER: it has come, the answer has not ended. LINGER: closing. */
type Phase = 'head' | 'body' | 'answer' | 'tunnel' | 'linger'

/**
 * A client that ends its side while it waits has mostly left (nginx logs 499 and stops); one that only half-closed gets an answer that
 * comes, and goes on coming, within this time.
 */
const HALF_CLOSED_MS = 5_000
/** How long an idle connection may still bring a request after drain began, and a closing one read its answer: what is on its way is not lost. */
export const DRAIN_IDLE_MS = 1_000

/** How long a new connection is not idle though nothing has come: many are accepted before the first of them is read. */
const GRACE_MS = 1_000

export class ServerConnection extends Wire implements Exchange, Tunnel {
  readonly client: Peer
  readonly request = new RequestHead()
  readonly first = new Span()
  bodyLimit = 0
  octetsIn = 0
  readonly #options: ServerOptions
  readonly #responder: Responder
  readonly #writer: AnswerWriter
  readonly #span = new Span()
  readonly #body = new BodyReader()
  #phase: Phase = 'head'
  #carry: Buffer | null = null
  #receiving = false
  /** The answer has begun; it is over. */
  #begun = false
  #answered = true
  #close = false
  #draining = false
  #served = 0
  readonly #bornMs: number
  #reading = false
  /** The clock runs for a head that has begun. */
  #timed = true
  #lingered = 0

  constructor(socket: Socket, client: Peer, options: ServerOptions) {
    super(options)
    this.client = client
    this.#options = options
    this.#writer = new AnswerWriter(this, options.scratch, options.date)
    this.#responder = options.responder(this)
    this.#bornMs = options.clock.nowMs
    this.attach(socket)
    this.connected()
    this.clock.arm(this, options.limits().headMs)
  }

  protected override get sendMs() { return this.#options.limits().sendMs }

  /** Answers say `Connection: close` from now on. */
  drain() {
    this.#draining = true
    const idle = this.#phase === 'head' && this.#carry === null
    // An answer that is still on its way out has its own deadline.
    if (idle || (this.#phase === 'linger' && !this.blocked)) this.clock.arm(this, Math.min(DRAIN_IDLE_MS, this.#options.limits().keepAliveMs))
  }
  get idleSinceMs() {
    if (this.#phase !== 'head' || this.#carry !== null || this.blocked) return Infinity
    const { headMs, keepAliveMs } = this.#options.limits()
    const sinceMs = this.clock.armedAtMs(this, this.#timed ? headMs : keepAliveMs)
    return this.#served === 0 && this.clock.nowMs - sinceMs < GRACE_MS ? Infinity : sinceMs
  }
  dismiss() { this.destroy() }
  leave() {
    this.#responder.abandoned(SHUTDOWN)
    this.#answered = true
    this.#startLinger()
  }
  cut() {
    const engaged = this.#engaged()
    this.reset()
    if (engaged) this.#responder.abandoned(SHUTDOWN)
  }

  // ---- what the client sends

  /** Octets that were read before it was known that this is HTTP. */
  start(bytes: Buffer) { this.received(bytes) }

  protected override received(bytes: Buffer) {
    switch (this.#phase) {
      case 'head': return this.blocked ? this.#hold(bytes, PIPELINE_BYTES) : this.#heads(bytes)
      case 'body': return this.#receiving ? this.#bodyCame(bytes) : this.#hold(bytes, 0)
      case 'answer': return this.#hold(bytes, PIPELINE_BYTES)
      case 'tunnel': return this.#tunnelCame(bytes)
      case 'linger': return this.#linger(bytes.length)
    }
  }

  #hold(bytes: Buffer, limit: number) {
    this.#carry = this.#carry === null ? bytes : Buffer.concat([this.#carry, bytes])
    if (this.#carry.length > limit) this.pause()
  }

  /** One head after another while answers end at once: pipelined requests must not nest. */
  #heads(bytes: Buffer) {
    this.#carry = this.#carry === null ? bytes : Buffer.concat([this.#carry, bytes])
    if (this.#reading) return
    this.#reading = true
    while (this.#carry !== null && this.#phase === 'head' && !this.blocked && !this.closed) {
      const next: Buffer = this.#carry
      this.#carry = null
      if (!this.#head(next)) break
    }
    this.#reading = false
  }

  /** False: the head is not complete. */
  #head(bytes: Buffer): boolean {
    const unknown = this.#served === 0 && this.client.tls === null
    if (unknown && isPreface(bytes)) return this.#isHttp2(bytes)
    this.request.limits = this.#options.limits().heads
    const end = this.request.scan(bytes, 0, bytes.length, this.#options.names())
    if (end < 0) { this.#unreadable(-end, this.request.fault, unknown && isForeign(bytes)); return true }
    if (end === 0) {
      if (this.peerEnded) { this.#unreadable(400, CUT_HEAD); return true }
      this.#carry = bytes
      // From its first octet on a head has this long in all, not since the last octet (slowloris).
      if (!this.#timed) this.clock.arm(this, this.#options.limits().headMs)
      this.#timed = true
      return false
    }
    this.#begin(bytes, end)
    return true
  }

  #isHttp2(bytes: Buffer): boolean {
    if (bytes.length < PREFACE_LINE_BYTES) this.#carry = bytes
    else this.#options.priorKnowledge(this.release(), this.client, bytes)
    return false
  }

  #begin(bytes: Buffer, end: number) {
    this.#served++
    this.#timed = this.#answered = this.#begun = this.#receiving = false
    this.bodyLimit = 0
    this.#body.begin(this.request.length)
    const used = this.#body.read(bytes, end, this.first)
    if (used < 0) return this.#unreadable(400, BROKEN_CHUNKS)
    this.octetsIn = used - this.request.start
    if (used < bytes.length) this.#carry = bytes.subarray(used)
    this.#phase = this.first.last ? 'answer' : 'body'
    this.#close = !this.request.keepAlive || this.#draining || this.#isWorn()
    if (this.peerEnded) this.#armHalfClosed()
    else this.clock.disarm(this)
    this.#responder.begin()
    if (this.#phase === 'body' && !this.#receiving) this.pause()
  }

  /** It has had its requests, or its time. */
  #isWorn(): boolean {
    const { requestsPerConnection, connectionMs } = this.#options.limits()
    return this.#served >= requestsPerConnection || this.clock.nowMs - this.#bornMs >= connectionMs
  }

  #bodyCame(bytes: Buffer) {
    this.clock.arm(this, this.#options.limits().bodyMs)
    const used = this.#body.read(bytes, 0, this.#span)
    if (used < 0) return this.#brokenBody(new ProxyError('downstream', 'bad_request', { status: 400, message: BROKEN_CHUNKS }))
    this.octetsIn += used
    if (this.bodyLimit > 0 && this.#body.octets > this.bodyLimit) return this.#brokenBody(new ProxyError('downstream', 'limit_body', { status: 413, message: `the body exceeds ${this.bodyLimit} octets` }))
    if (used < bytes.length) this.#carry = bytes.subarray(used)
    const { last } = this.#span
    if (last) {
      this.#phase = 'answer'
      this.clock.disarm(this)
    }
    this.#deliver(this.#span, last)
    if (used === bytes.length) spent(bytes)
  }
  #tunnelCame(bytes: Buffer) {
    this.#deliver(this.#span.set(bytes, 0, bytes.length), false)
    spent(bytes)
  }

  #deliver(span: Span, last: boolean) {
    span.last = last
    const wants = this.#responder.body(span)
    span.bytes = EMPTY // a read is up to half a mebibyte (bun.md §1.8): while the client is paused, nobody needs it here
    if (!wants && !last && this.#phase !== 'linger') this.pause()
  }

  #brokenBody(error: ProxyError) {
    this.#phase = 'linger'
    this.#responder.abandoned(error)
    if (this.#begun) return this.reset()
    this.#begun = this.#answered = true
    this.#close = true
    this.#writer.own(refusal(error), this.#answerFor())
    this.#startLinger()
  }

  /** The head was refused: there is no telling where the next one would start (RFC 9112 §9.6, §11.2). */
  #unreadable(status: number, message: string, silent = false) {
    const error = new ProxyError('downstream', codeOf(status), { status, message })
    this.#answered = true
    this.#responder.refused(error)
    if (!silent) this.#writer.own(refusal(error), { head: false, minor: 1, close: true })
    this.#startLinger()
  }

  // ---- Exchange: what the responder does

  receive() {
    if (this.#phase !== 'body' || this.#receiving) return
    this.#receiving = true
    if (this.request.expectsContinue && this.#body.octets === 0) this.sendText('HTTP/1.1 100 Continue\r\n\r\n')
    this.clock.arm(this, this.#options.limits().bodyMs)
    const held = this.#carry
    this.#carry = null
    if (held !== null) this.#bodyCame(held)
    this.resume()
  }

  override resume() {
    if (this.#phase === 'body' && this.#receiving) this.clock.arm(this, this.#options.limits().bodyMs)
    super.resume()
  }
  override pause() {
    if (this.#phase === 'body') this.clock.disarm(this)
    super.pause()
  }

  inform(head: ReceivedAnswer) {
    if (this.request.minor !== 0 && !this.#begun) this.#writer.inform(head, noFields, null)
  }

  respond(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean {
    this.#begun = true
    this.#close ||= this.#draining
    const sent = this.#writer.respond(head, added, { span, to: this.#answerFor() })
    if (span.last) this.#ended()
    else if (this.peerEnded) this.#armHalfClosed()
    return sent
  }

  write(span: Span): boolean {
    const sent = this.#phase === 'tunnel' ? span.size === 0 || this.send(span.bytes, span.from, span.to) : this.#writer.write(span)
    if (span.last) this.#ended()
    else if (this.peerEnded && this.#phase === 'answer') this.#armHalfClosed()
    return sent
  }

  tunnel(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean {
    this.#begun = true
    this.#close = true
    this.#phase = 'tunnel'
    this.#options.tunnels.add(this)
    const sent = this.#writer.inform(head, added, span)
    if (span.last) this.#ended()
    this.resume() // early octets may have paused it
    const held = this.#carry
    this.#carry = null
    if (held !== null) this.#deliver(this.#span.set(held, 0, held.length), this.peerEnded)
    else if (this.peerEnded) this.#deliver(this.#span.set(EMPTY, 0, 0), true)
    return sent
  }

  answer(own: OwnAnswer) {
    this.#begun = true
    if (this.#phase === 'body') this.#close = true
    this.#close ||= this.#draining
    this.#writer.own(own, this.#answerFor())
    this.#ended()
  }

  /** A reset, not a FIN: for a body of unknown length a FIN could be taken for its end. */
  abort() { this.reset() }

  #answerFor(): AnswerFor { return { head: this.request.method === 'HEAD', minor: this.request.minor, close: this.#close } }

  #ended() {
    this.#answered = true
    if (this.#phase === 'tunnel') return this.finish()
    if (this.#phase === 'body') return this.#startLinger()
    this.#next()
  }

  #next() {
    if (this.#close || this.#writer.untilClose || (this.peerEnded && this.#carry === null)) return this.#startLinger()
    this.#phase = 'head'
    if (this.blocked) return // until it has drained: answers to pipelined requests must not pile up
    this.request.buffer = this.first.set(EMPTY, 0, 0).bytes // an idle connection holds no octets of its last request
    this.clock.arm(this, this.#draining ? DRAIN_IDLE_MS : this.#options.limits().keepAliveMs)
    if (this.#carry !== null && !this.#reading) { const held = this.#carry; this.#carry = null; this.#heads(held) }
    // Each read brings many requests, each answer takes one away: reading on before they are used up would hold ever more of them.
    if ((this.#phase === 'head' || this.#phase === 'answer') && (this.#carry?.length ?? 0) <= PIPELINE_BYTES) this.resume()
  }

  /** FIN, then what the client still sends is thrown away for a while: closing over unread octets would reset our answer away (§9.6). */
  #startLinger() {
    this.#phase = 'linger'
    this.#carry = null
    this.finish()
    if (this.closed || this.peerEnded) return
    if (!this.blocked) this.#armLinger()
    super.resume()
  }
  #armLinger() { this.clock.arm(this, this.#draining ? DRAIN_IDLE_MS : LINGER_MS) }
  /** Not read beyond a bound, but not cut either: a reset would take the answer away that the client has not read yet. */
  #linger(octets: number) {
    this.#lingered += octets
    if (this.#lingered > LINGER_BYTES) this.pause()
  }

  // ---- what the connection does by itself

  protected override drained() {
    if (this.#phase === 'linger') return this.#armLinger()
    if (this.#phase === 'head') return this.#next()
    if (this.#phase === 'answer' && this.peerEnded) this.#armHalfClosed()
    if (this.#phase === 'body' && this.#receiving && !this.paused) this.clock.arm(this, this.#options.limits().bodyMs)
    if (!this.#answered) this.#responder.drained()
  }

  /** A half-closed client still gets its answer. */
  protected override ended() {
    switch (this.#phase) {
      case 'head': return this.#endedBetween()
      case 'body': return this.#brokenBody(new ProxyError('downstream', 'bad_request', { status: 400, message: 'the connection ended inside a body' }))
      case 'tunnel': return this.#deliver(this.#span.set(EMPTY, 0, 0), true)
      case 'answer': return this.#armHalfClosed()
      case 'linger': return
    }
  }
  #armHalfClosed() { if (!this.blocked) this.clock.arm(this, HALF_CLOSED_MS) }
  #endedBetween() {
    if (this.blocked) return // the answer before goes out first
    if (this.#carry === null) return this.destroy()
    this.#unreadable(400, CUT_HEAD)
  }

  protected override lost() {
    if (this.#engaged()) this.#responder.abandoned(CLIENT_GONE)
  }
  protected override shut() {
    if (this.#phase === 'tunnel') this.#options.tunnels.remove(this)
    this.#options.closed(this)
  }
  /** Somebody still works for this client. */
  #engaged() { return !this.#answered || this.#phase === 'tunnel' }

  expired() {
    if (this.blocked || this.#phase === 'linger') return this.#giveUp(new ProxyError('downstream', 'timeout_send', { status: 408, message: 'the client took nothing' }))
    if (this.#phase === 'answer') return this.#giveUp(CLIENT_GONE)
    if (this.#phase === 'body') return this.#brokenBody(new ProxyError('downstream', 'timeout_body', { status: 408, message: 'the request body stalled' }))
    if (this.#phase === 'head' && this.#carry !== null) return this.#unreadable(408, 'the request head took too long')
    if (this.#phase === 'head') this.#startLinger()
  }

  #giveUp(error: ProxyError) {
    const engaged = this.#engaged()
    this.destroy()
    if (engaged) this.#responder.abandoned(error)
  }
}

const BROKEN_CHUNKS = 'broken chunked coding'
const CUT_HEAD = 'the connection ended inside a head'
const EMPTY: Buffer = Buffer.alloc(0)
const CLIENT_GONE = new ProxyError('downstream', 'client_gone', { status: 499 })
