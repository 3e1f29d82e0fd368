// One HTTP/1 connection to an upstream: writes one request at a time, reads its answer, and says whether it may be used again.
// Knows no routes and no pools: its owner is told when it is free or gone.
import { dial, type Target } from './dial.ts'
import { AnswerHead, UNTIL_CLOSE } from './h1/answer.ts'
import { ChunkReader } from './h1/chunks.ts'
import { chunkRoom, putChunk, putRequest } from './h1/write.ts'
import type { Scratch } from './scratch.ts'
import { withoutBody } from './answer-writer.ts'
import type { NameTable } from './fields.ts'
import { type AnswerSink, CHUNKED, type ClientTimeouts, type Connection, ProxyError, Span, type UpstreamRequest } from './message.ts'
import { spent } from './spent.ts'
import { isUntrusted } from './tls/endpoint-terms.ts'
import { Wire, type WireOptions } from './wire.ts'

export type ClientOptions = WireOptions & { readonly scratch: Scratch }
/** Told once when the connection stands, each time an answer has ended and another request may come, and once when it is gone. */
export type ClientOwner = { stood(): void; idle(connection: ClientConnection): void; gone(connection: ClientConnection): void }

/** A larger first part of a body is written by itself: to copy up to half a mebibyte into new pages costs ten times what a write does. */
const JOINED_BYTES = 32_768
const NONE: Buffer = Buffer.alloc(0)

type State = 'connecting' | 'idle' | 'head' | 'sized' | 'chunked' | 'until-close' | 'tunnel'

export class ClientConnection extends Wire implements Connection {
  /** Answers it has carried. */
  uses = 0
  /** By the clock. */
  readonly bornMs: number
  /** Its own number from 0 to 1, that spreads what would fall due at once. */
  readonly lot = Math.random()
  /** Since when it rests, performance.now(). */
  restsSinceMs = 0
  protected override sendMs = 0
  readonly #owner: ClientOwner
  readonly #scratch: Scratch
  /** In clear, until the first request goes out behind it. */
  #preamble: Buffer | null
  readonly #head = new AnswerHead()
  readonly #span = new Span()
  #chunks: ChunkReader | null = null
  #state: State = 'connecting'
  #sink: AnswerSink | null = null
  #timeouts: ClientTimeouts = { connectMs: 0, sendMs: 0, readMs: 0 }
  #names!: NameTable
  #first: Buffer | null = null
  #carry: Buffer | null = null
  #left = 0
  #reusable = true
  #headRequest = false
  #upgrade = false
  #chunkedRequest = false
  /** All of the request was handed over. */
  #requestDone = true
  /** Octets of an answer came: it is not known to be unread any more. */
  #answering = false

  constructor(target: Target, owner: ClientOwner, options: ClientOptions) {
    super(options)
    this.#owner = owner
    this.#scratch = options.scratch
    this.bornMs = options.clock.nowMs
    this.#preamble = target.tls === null ? target.preamble ?? null : null
    this.attach(dial(target, () => this.#connected()))
  }

  #connected() {
    if (this.closed) return
    this.connected()
    this.#state = 'head'
    this.#owner.stood()
    this.sendMs = this.#timeouts.sendMs
    this.#armRead()
    const first = this.#first
    this.#first = null
    if (first !== null && this.send(first, 0, first.length)) this.#sink?.drained()
  }

  get reused() { return this.uses > 0 }
  get standing() { return this.#state !== 'connecting' }

  /** Writes the request: head and first octets of the body in one write, where copying them costs less than a second one. */
  exchange(request: UpstreamRequest, sink: AnswerSink, timeouts: ClientTimeouts): boolean {
    this.#sink = sink
    this.#timeouts = timeouts
    this.#names = request.answerNames
    this.#headRequest = request.head.method === 'HEAD'
    this.#upgrade = request.head.upgrade !== ''
    this.#chunkedRequest = request.length === CHUNKED
    this.#requestDone = request.first.last
    this.#reusable = true
    this.#answering = false
    const { first } = request
    const apart = !this.#chunkedRequest && first.size > JOINED_BYTES
    const out = this.#scratch
    putRequest(out, request, !apart)
    if (this.#state === 'connecting') {
      this.clock.arm(this, timeouts.connectMs)
      this.#first = Buffer.concat([this.#preamble ?? NONE, out.bytes.subarray(0, out.at), apart ? first.bytes.subarray(first.from, first.to) : NONE])
      this.#preamble = null
      return false
    }
    this.#state = 'head'
    this.sendMs = timeouts.sendMs
    this.#armRead()
    const wants = this.send(out.bytes, 0, out.at)
    return apart ? this.send(first.bytes, first.from, first.to) : wants
  }

  /** More of the request body. */
  write(span: Span): boolean {
    this.#requestDone = span.last
    if (this.#state === 'tunnel') {
      const sent = span.size === 0 || this.send(span.bytes, span.from, span.to)
      if (span.last) this.finish()
      if (!this.blocked && !this.paused) this.clock.arm(this, this.#timeouts.readMs)
      return sent
    }
    if (!this.#chunkedRequest) return this.#put(span.bytes, span.from, span.to)
    this.#scratch.begin(chunkRoom(span))
    putChunk(this.#scratch, span)
    return this.#put(this.#scratch.bytes, 0, this.#scratch.at)
  }
  #put(bytes: Buffer, from: number, to: number): boolean {
    if (this.#first !== null) {
      this.#first = Buffer.concat([this.#first, bytes.subarray(from, to)])
      return false
    }
    if (!this.blocked) this.#armRead()
    return this.send(bytes, from, to)
  }

  /** It is the upstream's turn once it has the whole request, is asked to upgrade, or has begun to answer. Until then the client's deadline runs. */
  #armRead() {
    if (this.#requestDone || this.#upgrade || this.#answering) this.clock.arm(this, this.#timeouts.readMs)
    else this.clock.disarm(this)
  }

  override resume() {
    if (this.#sink !== null && !this.blocked && this.#state !== 'connecting') this.#armRead()
    super.resume()
  }
  /** The client is slow, not the upstream: its deadline rests. The read that held the head may be half a mebibyte (bun.md §1.8). */
  #wait() {
    this.clock.disarm(this)
    this.pause()
    this.#head.buffer = EMPTY
  }

  /** The answer is not wanted any more. */
  cancel() {
    this.#sink = null
    this.destroy()
  }
  /** Idle for at most so long, and not up to where the upstream would close it. */
  rest(idleMs: number) {
    this.restsSinceMs = performance.now()
    const { idleSeconds } = this.#head
    this.#forget()
    this.clock.arm(this, idleSeconds < 0 ? idleMs : Math.min(idleMs, sureMs(idleSeconds)))
  }
  /** The octets of the last answer: many connections rest for long, and each would hold a whole read. */
  #forget() {
    this.#head.buffer = EMPTY
    this.#span.set(EMPTY, 0, 0)
    this.#chunks?.forget()
  }
  /** Nothing has come since it rests, not even its end. Where something has, it can't be used any more. */
  get quiet() { return this.isQuiet() }

  // ---- the answer

  protected override received(bytes: Buffer) {
    if (this.#sink === null) return this.destroy() // octets nobody asked for: what follows could be taken for the next answer
    if (!this.blocked) this.clock.arm(this, this.#timeouts.readMs)
    switch (this.#state) {
      case 'head': return this.#heads(bytes)
      case 'sized': return this.#sized(bytes, 0)
      case 'chunked': return this.#chunkedBody(bytes)
      default: return this.#run(bytes)
    }
  }
  /** All of it belongs to the answer. */
  #run(bytes: Buffer) {
    this.#pass(this.#span.set(bytes, 0, bytes.length), false)
    spent(bytes)
  }

  #heads(received: Buffer) {
    this.#answering = true
    let bytes = this.#carry === null ? received : Buffer.concat([this.#carry, received])
    this.#carry = null
    for (;;) {
      const end = this.#head.scan(bytes, 0, bytes.length, this.#names)
      if (end < 0) return this.#broken(this.#head.fault)
      if (end === 0) { this.#carry = bytes; return }
      if (this.#head.status >= 200 || this.#head.status === 101) return this.#answer(bytes, end)
      this.#sink!.informed(this.#head)
      if (this.#sink === null) return
      bytes = bytes.subarray(end)
      if (bytes.length === 0) return
    }
  }

  #answer(bytes: Buffer, end: number) {
    const head = this.#head
    if (head.status === 101) return this.#upgraded(bytes, end)
    this.#reusable = head.keepAlive
    const span = this.#span.set(bytes, end, bytes.length)
    if (withoutBody(head.status, this.#headRequest)) return this.#respond(this.#ends(span, end))
    if (head.length === CHUNKED) return this.#firstChunks(bytes, end)
    if (head.length === UNTIL_CLOSE) {
      this.#state = 'until-close'
      this.#reusable = false
      return this.#respond(span, false)
    }
    this.#left = head.length - (bytes.length - end)
    if (this.#left <= 0) return this.#respond(this.#ends(span, end + head.length))
    this.#state = 'sized'
    this.#respond(span, false)
  }

  /** The span up to where the message ends; octets behind belong to no request. */
  #ends(span: Span, to: number): Span {
    if (span.to > to) this.#reusable = false
    span.to = to
    return span
  }

  #respond(span: Span, last = true) {
    const sink = this.#sink!
    span.last = last
    const done = last && this.#release()
    const wants = sink.answered(this.#head, span)
    span.bytes = EMPTY // whoever is slow holds it, or a copy, by himself
    if (last) this.#settle(done)
    else if (!wants && this.#sink !== null) this.#wait()
  }
  #pass(span: Span, last: boolean) {
    const sink = this.#sink!
    span.last = last
    const done = last && this.#release()
    const wants = sink.body(span)
    span.bytes = EMPTY
    if (last) this.#settle(done)
    else if (!wants && this.#sink !== null) this.#wait()
  }

  /** The answer has ended: whether the connection can carry another one. Nobody is called for the old one any more. */
  #release(): boolean {
    this.#sink = null
    this.#state = 'idle'
    this.#carry = null
    this.uses++
    this.clock.disarm(this)
    return this.#reusable && this.#requestDone && !this.blocked && !this.paused && !this.peerEnded
  }
  #settle(reusable: boolean) {
    if (this.closed) return
    if (reusable) this.#owner.idle(this)
    else this.destroy()
  }

  #sized(bytes: Buffer, from: number) {
    const to = Math.min(bytes.length, from + this.#left)
    this.#left -= to - from
    if (to < bytes.length) this.#reusable = false
    this.#pass(this.#span.set(bytes, from, to), this.#left === 0)
    spent(bytes)
  }

  #firstChunks(bytes: Buffer, end: number) {
    const chunks = this.#chunks ??= new ChunkReader()
    chunks.start()
    if (!chunks.read(bytes, end)) return this.#broken('broken chunked coding in the answer')
    this.#state = 'chunked'
    this.#respond(this.#chunkSpan(bytes), chunks.ended)
  }
  #chunkedBody(bytes: Buffer) {
    const chunks = this.#chunks!
    if (!chunks.read(bytes, 0)) return this.#broken('broken chunked coding in the answer')
    this.#pass(this.#chunkSpan(bytes), chunks.ended)
    spent(bytes)
  }
  #chunkSpan(bytes: Buffer): Span {
    const chunks = this.#chunks!
    if (chunks.ended && chunks.used < bytes.length) this.#reusable = false
    const span = this.#span.set(bytes, chunks.from, chunks.to)
    span.trailers = chunks.ended && chunks.hasTrailers ? chunks.trailers : null
    return span
  }

  #upgraded(bytes: Buffer, end: number) {
    if (!this.#upgrade || this.#head.upgrade === '') return this.#broken('101 without a request to upgrade, or without saying to what')
    this.#state = 'tunnel'
    this.#reusable = this.#requestDone = false
    const span = this.#span.set(bytes, end, bytes.length)
    span.last = false
    const wants = this.#sink!.tunnelled(this.#head, span)
    this.#forget()
    if (!wants && this.#sink !== null) this.#wait()
  }

  #broken(message: string) { this.#fail(new ProxyError('upstream', 'bad_answer', { status: 502, message })) }

  #fail(error: ProxyError) {
    const sink = this.#sink
    this.#sink = null
    this.destroy()
    sink?.failed(error)
  }

  // ---- what the connection does by itself

  protected override drained() {
    if (this.#sink === null) return
    if (!this.paused) this.#armRead()
    this.#sink.drained()
  }

  protected override ended() {
    if (this.#state === 'connecting') return // of a handshake that fails: why comes next (bun.md §2.6)
    if (this.#sink === null) return this.destroy()
    if (this.#state === 'until-close') return this.#pass(this.#span.set(EMPTY, 0, 0), true)
    if (this.#state === 'tunnel') return this.#halfClosed()
    this.#fail(this.#reset('the upstream closed the connection'))
  }

  /** The upstream says no more, the client may: the connection stays until both are done. */
  #halfClosed() {
    const span = this.#span.set(EMPTY, 0, 0)
    span.last = true
    const sink = this.#sink!
    if (this.#requestDone) this.#sink = null // Wire ends with what it still holds
    sink.body(span)
  }

  protected override lost(error: Error | null) {
    const sink = this.#sink
    this.#sink = null
    if (sink === null) return
    if (this.#first !== null || this.#state === 'connecting') return sink.failed(this.#refused(error))
    sink.failed(this.#reset('the upstream reset the connection'))
  }
  protected override shut() { this.#owner.gone(this) }

  #refused(error: Error | null) {
    if (isUntrusted(error)) return untrusted()
    return new ProxyError('upstream', 'connect_failed', { status: 502, retry: 'always', message: error === null ? '' : 'the upstream refused the connection' })
  }
  #reset(message: string) {
    return new ProxyError('upstream', 'upstream_reset', { status: 502, retry: this.reused && !this.#answering ? 'if-reused' : 'never', message })
  }

  expired() {
    if (this.#sink === null) return this.destroy()
    if (this.#state === 'connecting') return this.#fail(new ProxyError('upstream', 'timeout_connect', { status: 504, retry: 'always', message: 'the upstream did not accept the connection in time' }))
    if (this.blocked) return this.#fail(new ProxyError('upstream', 'timeout_send', { status: 504, message: 'the upstream did not read the request in time' }))
    if (this.#state === 'tunnel') return this.#fail(new ProxyError('upstream', 'timeout_tunnel', { status: 504, message: 'the tunnel was idle' }))
    this.#fail(new ProxyError('upstream', this.#answering ? 'timeout_body' : 'timeout_header', { status: 504, message: 'the upstream did not answer in time' }))
  }
}

/** Nothing was written to whoever is there. */
export const untrusted = () => new ProxyError('upstream', 'upstream_untrusted', { status: 502, retry: 'always', message: 'the upstream has no certificate that is trusted here' })

/** A request must have reached the upstream before its time is over: a second before, of short times half of it. */
const sureMs = (idleSeconds: number): number => idleSeconds * 1000 - Math.min(1000, idleSeconds * 500)

const EMPTY: Buffer = Buffer.alloc(0)
