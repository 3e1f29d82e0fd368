// One request and its answer on an HTTP/2 connection to an upstream, as a Connection. Knows no socket and no pool.
import { untrusted } from './client.ts'
import type { Expiring } from './clock.ts'
import { type NameTable, pairsOf, trailerNames } from './fields.ts'
import type { H2Connection } from './h2/connection.ts'
import { CODE } from './h2/fault.ts'
import type { FieldSection } from './h2/field-section.ts'
import type { Reset } from './h2/session.ts'
import type { H2Stream } from './h2/stream.ts'
import { H2Answer } from './h2-answer.ts'
import { H2Trailers } from './h2-request.ts'
import { HeldBody } from './held-body.ts'
import { type AnswerSink, type ClientTimeouts, type Connection, ProxyError, Span, type UpstreamRequest } from './message.ts'

/** What a stream needs of its connection. */
export interface H2ClientHost {
  readonly codec: H2Connection<H2ClientStream>
  readonly scheme: 'http' | 'https'
  readonly reused: boolean
  readonly standing: boolean
  /** Its time was over: to come to stand, or then to take what was sent. */
  readonly late: boolean
  /** It did not come to stand, by the certificate that was shown. */
  readonly untrusted: boolean
  /** A stream begins its request. It is told by `stood` when a connection that does not stand yet does. */
  used(stream: H2ClientStream, timeouts: ClientTimeouts): void
  arm(entry: Expiring, ms: number): void
  disarm(entry: Expiring): void
  /** Disarmed for good. */
  forget(entry: Expiring): void
}

export class H2ClientStream implements Connection, Expiring {
  dueTick = 0
  slotTick = 0
  readonly reused: boolean
  readonly #host: H2ClientHost
  readonly #span = new Span()
  #stream: H2Stream<H2ClientStream> | null = null
  #sink: AnswerSink | null = null
  #names!: NameTable
  #timeouts: ClientTimeouts = { connectMs: 0, sendMs: 0, readMs: 0 }
  readonly #held = new HeldBody()
  #paused = false
  #answered = false
  /** All of the request was handed over. */
  #requestDone = false
  /** Octets of its body that had gone when its deadline was set; where more waits, when that must have moved, performance.now(). */
  #sent = 0
  #sendDueMs = 0

  constructor(host: H2ClientHost) {
    this.#host = host
    this.reused = host.reused
  }

  exchange(request: UpstreamRequest, sink: AnswerSink, timeouts: ClientTimeouts): boolean {
    const { head, first } = request
    this.#host.used(this, timeouts)
    this.#names = request.answerNames
    this.#timeouts = timeouts
    const { authority, fields } = fieldsOf(request)
    const end = first.last && first.size === 0 && first.trailers === null
    const stream = this.#host.codec.request({ method: head.method, scheme: this.#host.scheme, authority, path: request.target, protocol: '', fields }, this, end)
    if (stream === null) { sink.failed(unprocessed('the upstream takes no more requests on this connection')); return true }
    this.#sink = sink
    this.#stream = stream
    this.#requestDone = end
    this.#arm()
    const wants = end || (first.size === 0 && !first.last) || this.write(first)
    return wants && this.#host.standing
  }

  /** The connection has come to stand. Until then the rest of the body was not wanted: it can still go to another endpoint. */
  stood() {
    this.#arm()
    this.#sink?.drained()
  }
  /**
   * The upstream's time runs while it has to read what waits for its windows, or to answer: once it has the whole request, or has begun. In between
   * the client's deadline does, before it can have heard of the request the connection's.
   */
  #arm() {
    const stream = this.#stream
    if (stream === null || !this.#host.standing) return
    this.#sent = stream.sent
    if (stream.queued > 0) this.#armSend(performance.now() + this.#timeouts.sendMs)
    else if (this.#requestDone || this.#answered) this.#host.arm(this, this.#timeouts.readMs)
    else this.#host.disarm(this)
  }
  /** Nobody tells when the last of what waits has gone: that is looked at no later than the answer would be due. */
  #armSend(dueMs: number) {
    this.#sendDueMs = dueMs
    this.#host.arm(this, Math.min(dueMs - performance.now(), this.#timeouts.readMs))
  }

  write(span: Span): boolean {
    const stream = this.#stream
    if (stream === null) return true
    const { last, trailers } = span
    this.#requestDone = last
    const wants = this.#host.codec.data(stream, span)
    if (last && trailers !== null) this.#host.codec.trailers(stream, pairsOf(trailers))
    if (!this.#paused) this.#arm()
    return wants
  }

  resume() {
    if (!this.#paused) return
    this.#paused = false
    this.#arm()
    while (!this.#paused && this.#sink !== null && this.#held.shift(this.#span)) this.#deliver(this.#span)
  }

  cancel() {
    const stream = this.#release()
    if (stream !== null) this.#host.codec.reset(stream, CODE.CANCEL)
  }

  // ---- what the stream brings

  head(section: FieldSection, end: boolean) {
    const head = new H2Answer(section, this.#names)
    if (section.status < 200) return this.#sink?.informed(head)
    this.#answered = true
    this.#arm()
    const sink = this.#sink
    this.#span.set(NONE, 0, 0).last = end
    if (end) this.#finish()
    if (sink?.answered(head, this.#span) === false && !end) this.#pause()
  }
  data(span: Span) {
    if (this.#paused) this.#held.push(span)
    else this.#deliver(span)
  }
  trailers(section: FieldSection) {
    const span = this.#span.set(NONE, 0, 0)
    span.last = true
    span.trailers = new H2Trailers(section, trailerNames)
    this.data(span)
  }

  #deliver(span: Span) {
    const { size, last } = span
    const sink = this.#sink
    const stream = this.#stream
    if (last) this.#finish()
    else this.#arm()
    const wants = sink?.body(span) ?? true
    if (stream !== null && !last) this.#host.codec.consume(stream, size)
    if (!wants && !last) this.#pause()
  }
  /** The client is slow, not the upstream: its deadline rests. */
  #pause() {
    this.#paused = true
    this.#host.disarm(this)
  }

  /**
   * The answer is whole. Where the request is not, nobody will end it: the stream would stay open, and keep an upstream that drains from
   * going away (RFC 9113 §5.4.2, §8.1).
   */
  #finish() {
    const stream = this.#release()
    if (stream === null) return
    if (stream.finished) this.#host.codec.ignore(stream)
    else this.#host.codec.reset(stream, CODE.CANCEL)
  }
  #release(): H2Stream<H2ClientStream> | null {
    const stream = this.#stream
    this.#stream = null
    this.#sink = null
    this.#held.clear()
    this.#host.forget(this) // one of these lives for one request: the clock would keep it for the read timeout
    return stream
  }

  drained() {
    if (!this.#paused) this.#arm()
    this.#sink?.drained()
  }

  failed(reset: Reset) {
    const sink = this.#sink
    this.#release()
    sink?.failed(this.#errorOf(reset))
  }
  #errorOf({ unprocessed: untouched, message, code }: Reset): ProxyError {
    if (this.#host.late && this.#host.standing) return UNREAD
    if (this.#host.late) return new ProxyError('upstream', 'timeout_connect', { status: 504, retry: 'always', message: 'the upstream did not accept the connection in time' })
    if (this.#host.untrusted) return untrusted()
    if (!this.#host.standing) return new ProxyError('upstream', 'connect_failed', { status: 502, retry: 'always', message: 'the upstream refused the connection' })
    if (untouched) return unprocessed(message)
    const retry = this.reused && !this.#answered && code === CODE.CANCEL ? 'if-reused' : 'never'
    return new ProxyError('upstream', 'upstream_reset', { status: 502, retry, message })
  }

  expired() {
    const stream = this.#stream
    if (stream === null) return
    if (stream.sent > this.#sent) return this.#arm()
    const waits = stream.queued > 0
    if (waits && performance.now() < this.#sendDueMs) return this.#armSend(this.#sendDueMs)
    const sink = this.#sink
    this.cancel()
    sink?.failed(waits ? UNREAD : new ProxyError('upstream', this.#answered ? 'timeout_body' : 'timeout_header', { status: 504, message: 'the upstream did not answer in time' }))
  }
}

const UNREAD = new ProxyError('upstream', 'timeout_send', { status: 504, message: 'the upstream did not read the request in time' })

/** RFC 9113 §8.7: it may be sent again elsewhere. */
const unprocessed = (message: string) => new ProxyError('upstream', 'upstream_refused', { status: 502, retry: 'always', message })

type Pair = readonly [name: string, value: string]

/** The client's fields, the proxy's lines with Host as :authority, and what gRPC servers insist on: te (its specification, "Requests"). */
const fieldsOf = (request: UpstreamRequest): { authority: string; fields: Pair[] } => {
  const fields: Pair[] = pairsOf(request.head)
  let authority = ''
  for (const line of request.lines.toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon)
    if (name === 'Host') authority = line.slice(colon + 2)
    else fields.push([name, line.slice(colon + 2)])
  }
  for (const pair of request.extra.pairs) fields.push(pair)
  if (request.sized) fields.push(['content-length', String(request.length)])
  fields.push(['te', 'trailers'])
  return { authority, fields }
}
const NONE: Buffer = Buffer.alloc(0)
