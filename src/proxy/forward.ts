// One request on its way: waits for its place, sends, passes the answer back, tries again where that is safe, and says how it ended.
// Knows no protocol: it stands between an Exchange and a Connection.
import type { Clock } from '../http/clock.ts'
import type { FieldBlock } from '../http/fields.ts'
import { grpcTimeoutMs } from '../http/grpc.ts'
import { type AnswerSink, type Connection, type Exchange, ProxyError, type ReceivedAnswer, type ReceivedRequest, type Span, type UpstreamRequest } from '../http/message.ts'
import type { Patron } from '../http/proxy-protocol/patron.ts'
import type { RetryCondition, RetryPolicy, Timeouts } from '../model.ts'
import type { Attempt } from '../telemetry/record.ts'
import type { Applicant } from '../upstream/admission.ts'
import type { BalancedRequest } from '../upstream/balance/balancer.ts'
import type { LiveBackend } from '../upstream/backends.ts'
import type { LiveEndpoint } from '../upstream/endpoint.ts'
import type { EndpointPool } from '../upstream/endpoint-pool.ts'
import type { AnswerPlan } from './answer-plan.ts'
import { CurrentAttempt } from './attempt.ts'
import { CompressedAnswer, type CompressedOwner } from './compress/compressed-answer.ts'
import type { Compression } from './compress/compression.ts'
import type { Chosen, ErrorPages } from './errors/pages.ts'
import { type AheadLimits, type AheadReader, mayRunAhead, ReadAhead } from './read-ahead.ts'
import { type RequestBody, StreamedBody } from './request-body.ts'
import { conditionOfError, conditionOfStatus, isRepeatable, mayRetry } from './retry.ts'
import type { GlobalView } from './serving.ts'
import type { SpillSpace } from './spill-space.ts'
import { TimeLimit } from './time-limit.ts'

/** The request that is being forwarded, and what becomes of it. */
export interface Forwarded extends BalancedRequest, Patron {
  readonly exchange: Exchange
  readonly method: string
  readonly timeouts: Timeouts
  readonly retry: RetryPolicy
  readonly plan: AnswerPlan
  /** What an endpoint gets of it. */
  readonly head: ReceivedRequest
  /** Its body where it is not the one that comes as it is sent. */
  readonly whole: RequestBody | null
  /** How far its answer may be read ahead of the client; undefined: not at all. */
  readonly answerBuffer: AheadLimits | undefined
  /** null: an endpoint's answer is not replaced by another's. */
  readonly errorPages: Pick<ErrorPages, 'pageFor'> | null
  /** null: it goes as it is. */
  readonly compression: Compression | null
  /** Put on the answer. */
  readonly answerFields: FieldBlock
  readonly upstreamTarget: string
  readonly attempts: Attempt[]
  /** performance.now() of its head. */
  readonly start: number
  status: number
  bytesOut: number
  upstreamLines(): Buffer
  refuse(error: ProxyError): void
  /** nowMs: performance.now(). */
  finish(error: ProxyError | undefined, nowMs: number): void
  /** Starts it anew. */
  askForPage(chosen: Chosen, status: number): void
}

/** What it needs of the worker. */
export type Upstreams = { readonly pools: { to(endpoint: LiveEndpoint, patron: Patron): Pick<EndpointPool, 'take' | 'dial'> }; readonly clock: Clock; readonly space: SpillSpace; readonly view: Pick<GlobalView, 'requestFields'> }

export class Forward implements AnswerSink, Applicant, AheadReader, CompressedOwner {
  readonly #context: Forwarded
  readonly #upstreams: Upstreams
  readonly #attempt = new CurrentAttempt()
  readonly #streamed: StreamedBody
  #body: RequestBody
  /** Of the few requests that have one; kept for the next. */
  #time: TimeLimit | null = null
  readonly #tried: LiveEndpoint[] = []
  #backend: LiveBackend | null = null
  #connection: Connection | null = null
  /** For a place at the backend; with one. */
  #waiting = false
  #placed = false
  #repeatable = false
  #responded = false
  /** The answer may be read ahead so far; it is, as its client was slower. */
  #limits: AheadLimits | undefined
  #ahead: ReadAhead | null = null
  #compressed: CompressedAnswer | null = null
  #tunnel = false
  /** In a tunnel each direction ends by itself. */
  #upstreamDone = false
  #clientDone = false

  constructor(context: Forwarded, upstreams: Upstreams) {
    this.#context = context
    this.#upstreams = upstreams
    this.#body = this.#streamed = new StreamedBody(context.exchange)
  }

  get active() { return this.#connection !== null || this.#waiting || this.#ahead !== null || this.#compressed !== null }

  /** The first try goes to `endpoint`, or waits. Throws ProxyError where the backend has no place. */
  start(backend: LiveBackend, endpoint: LiveEndpoint) {
    const { method, retry, whole } = this.#context
    this.#backend = backend
    this.#tried.length = 0
    this.#streamed.begin()
    this.#body = whole ?? this.#streamed
    this.#limits = undefined
    this.#responded = this.#tunnel = this.#upstreamDone = this.#clientDone = false
    this.#repeatable = isRepeatable(method, retry)
    backend.retries.count()
    const place = backend.admission === null ? endpoint : backend.admission.enter(this, endpoint)
    this.#limitTime(endpoint)
    if (place === null) return this.#wait()
    this.#placed = backend.admission !== null
    this.#try(place, false)
  }

  /** The call's own field goes on as it came, as with nginx: when that time is over we cancel the call anyway. */
  #limitTime({ target }: LiveEndpoint) {
    const { exchange, start, timeouts: { requestMs } } = this.#context
    const callMs = target.protocol === 'h2' ? grpcTimeoutMs(exchange.request.field('grpc-timeout')) : Infinity
    const limitMs = requestMs === 0 ? callMs : Math.min(requestMs, callMs)
    if (limitMs < Infinity) this.#timeLimit().begin(start, limitMs)
  }
  #timeLimit(): TimeLimit { return this.#time ??= new TimeLimit(this.#upstreams.clock, (error) => this.abandon(error)) }

  // ---- Applicant

  #wait() {
    this.#waiting = true
    this.#timeLimit().wait(this.#context.timeouts.connectMs)
  }
  admitted(endpoint: LiveEndpoint) {
    this.#waiting = false
    this.#placed = true
    this.#time?.placed()
    this.#try(endpoint, false)
  }
  pick(tried: readonly LiveEndpoint[]): LiveEndpoint | undefined { return this.#backend?.pick(tried, this.#context) }

  // ---- one try

  #try(endpoint: LiveEndpoint, fresh: boolean) {
    const { attempts, timeouts } = this.#context
    const pool = this.#upstreams.pools.to(endpoint, this.#context)
    this.#attempt.begin(endpoint, attempts)
    const body = this.#body
    const connection = fresh ? pool.dial() : pool.take(this.#repeatable && body.lasts)
    this.#connection = connection
    const wants = connection.exchange(this.#request(), this, timeouts)
    if (!body.first.last && this.#connection === connection) body.sendRest(connection, wants)
  }

  #request(): UpstreamRequest {
    const context = this.#context
    const { length, sized, first } = this.#body
    return {
      head: context.head, target: context.upstreamTarget, lines: context.upstreamLines(), extra: this.#upstreams.view.requestFields,
      length, sized, first, answerNames: context.plan.names,
    }
  }

  /** More of the request body, from the client. */
  send(span: Span): boolean {
    if (!this.#responded) this.#streamed.keep(span)
    const sent = this.#connection?.write(span) ?? true
    if (span.last) this.#clientEnded()
    return sent
  }
  clientDrained() { if (this.#compressed?.resume() !== false) this.compressedAll() }
  compressedAll() {
    if (this.#ahead === null) this.#connection?.resume()
    else this.#ahead.resume()
  }

  /** The client is gone. */
  cancel(error: ProxyError) {
    this.#leave(error)
    this.#finish()
  }
  /** Its time is over, or what it needs is lost. */
  abandon(error: ProxyError) {
    this.#leave(error)
    this.#end(error)
  }
  /** Nobody upstream works for it any more. */
  #leave({ code }: ProxyError) {
    const connection = this.#connection
    this.#connection = null
    if (this.#waiting) this.#backend?.admission?.withdraw(this)
    this.#waiting = false
    this.#attempt.end(code, performance.now())
    connection?.cancel()
  }

  // ---- AnswerSink

  /** 100 is a matter of each connection by itself: the client got ours when its body was wanted. */
  informed(head: ReceivedAnswer) { if (head.status !== 100) this.#context.exchange.inform(head) }

  answered(head: ReceivedAnswer, span: Span): boolean {
    if (head.status >= LEAST_RETRIED && this.#again(head.status, span.last)) return true
    const { answerFields, answerBuffer, compression, errorPages } = this.#context
    if (errorPages !== null && this.#replaced(errorPages, head.status, span.last)) return true
    this.#begin(head, span)
    this.#limits = answerBuffer !== undefined && mayRunAhead(head) ? answerBuffer : undefined
    return compression === null ? this.#respond(head, answerFields, span) : this.#respondBy(compression, head, span)
  }
  #respond(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean {
    const { last } = span
    if (last) this.#finish(undefined, this.#attempt.answeredMs)
    return this.#context.exchange.respond(head, added, span) || last || this.#runsAhead()
  }
  #respondBy(compression: Compression, received: ReceivedAnswer, span: Span): boolean {
    const { exchange, answerFields } = this.#context
    const { head, added, compressor } = compression.outgoing(received, answerFields, exchange.request)
    if (compressor === null) return this.#respond(head, added, span)
    this.#compressed = new CompressedAnswer(exchange, { head, added, compressor }, this)
    return this.#compress(this.#compressed, span)
  }

  tunnelled(head: ReceivedAnswer, span: Span): boolean {
    const { exchange, answerFields } = this.#context
    this.#begin(head, span)
    this.#tunnel = true
    this.#time?.end()
    return exchange.tunnel(head, answerFields, span)
  }

  body(span: Span): boolean {
    this.#attempt.received(span.size)
    if (this.#ahead?.idle === false) return this.#readAhead(this.#ahead, span)
    if (this.#compressed !== null) return this.#compress(this.#compressed, span)
    const { last } = span
    if (last) this.#upstreamEnded()
    return this.#context.exchange.write(span) || last || this.#runsAhead()
  }

  drained() {
    if (this.#tunnel) this.#context.exchange.resume()
    else this.#body.more()
  }

  failed(error: ProxyError) {
    this.#connection = null
    this.#attempt.end(error.code, performance.now(), error.retry === 'if-reused')
    const last = this.#responded ? error : this.#recover(error)
    if (last !== null) this.#end(last)
  }

  /** Its last octets may go later. */
  #compress(compressed: CompressedAnswer, span: Span): boolean {
    const { last } = span
    if (last) this.#upstreamFreed()
    return compressed.write(span) || last || this.#runsAhead()
  }
  compressedLast() { this.#finish() }

  // ---- reading ahead

  /** The client takes no more for now: whether the upstream may go on. Not behind the last span: the exchange may be in its next request then. */
  #runsAhead(): boolean {
    const limits = this.#limits
    if (limits === undefined) return false
    this.#ahead ??= new ReadAhead(this, { limits, space: this.#upstreams.space })
    this.#ahead.block()
    return true
  }
  #readAhead(ahead: ReadAhead, span: Span): boolean {
    if (span.last) this.#upstreamFreed()
    return ahead.append(span)
  }
  /** All of the answer is here, though not yet at the client. */
  #upstreamFreed() {
    this.#connection = null
    this.#attempt.end('', performance.now())
    this.#body.settle()
    this.#leavePlace()
  }

  deliver(span: Span): boolean {
    if (this.#compressed !== null) return this.#compressed.write(span)
    if (span.last) this.#finish()
    return this.#context.exchange.write(span)
  }
  roomy() { this.#connection?.resume() }
  lost(error: ProxyError) { this.abandon(error) }

  #begin(head: ReceivedAnswer, span: Span) {
    this.#responded = true
    this.#body.settle()
    this.#attempt.answered(head.status, span.size)
    this.#context.status = head.status
  }

  // ---- another try

  /** An answer that proxy-next-upstream passes over. True: nobody will see it. */
  #again(status: number, isWhole: boolean): boolean {
    const next = this.#next(conditionOfStatus(status), false)
    if (next === undefined || !this.#affords()) return false
    this.#passOver(status, isWhole)
    this.#try(next, false)
    return true
  }
  #passOver(status: number, isWhole: boolean) {
    const connection = this.#connection
    this.#connection = null
    this.#attempt.answered(status, 0)
    this.#attempt.end('', this.#attempt.answeredMs)
    if (!isWhole) connection?.cancel() // to read what nobody wants would keep the client waiting
  }
  /** An answer that an error page replaces. */
  #replaced(pages: Pick<ErrorPages, 'pageFor'>, status: number, isWhole: boolean): boolean {
    const chosen = pages.pageFor(status, false, this.#context)
    if (chosen === undefined) return false
    this.#passOver(status, isWhole)
    this.#release()
    this.#context.askForPage(chosen, status)
    return true
  }

  /**
   * Null: it goes on; else what it ends with. An idle connection that turned out closed is no failure of its endpoint, which gets the request
   * once more on a fresh one: that is no new try and costs no budget, as nothing was read of the first.
   */
  #recover(error: ProxyError): ProxyError | null {
    if (error.retry === 'if-reused' && this.#repeatable && !this.#body.lost) {
      this.#try(this.#attempt.endpoint, true)
      return null
    }
    const next = this.#next(conditionOfError(error.code), error.retry === 'always')
    if (next === undefined) return error
    // What has reached nobody is no load yet; where all are failing, each further try is.
    const isFree = error.retry === 'always' && next.health.condition === 'well'
    if (!isFree && !this.#affords()) return new ProxyError('upstream', 'retry_budget', { status: error.status, message: error.message })
    this.#try(next, false)
    return null
  }

  /** Whom to try next; undefined: nobody, as the policy or the endpoints have it. */
  #next(condition: RetryCondition | undefined, unread: boolean): LiveEndpoint | undefined {
    const { retry, start } = this.#context
    const tried = { repeatable: this.#repeatable, unread, tries: this.#tried.length + 1, elapsedMs: performance.now() - start }
    if (this.#body.lost || !mayRetry(retry, condition, tried)) return undefined
    this.#tried.push(this.#attempt.endpoint)
    return this.pick(this.#backend?.admission?.full(this.#tried) ?? this.#tried)
  }
  #affords() { return this.#backend?.retries.spend(performance.now()) === true }

  // ---- the end

  #upstreamEnded() {
    this.#upstreamDone = true
    if (!this.#tunnel || this.#clientDone) this.#finish()
  }
  #clientEnded() {
    this.#clientDone = true
    if (this.#tunnel && this.#upstreamDone) this.#finish()
  }

  /** Without a whole answer: the client reads why, or where it has the beginning of one, sees that it is not whole. */
  #end(error: ProxyError) {
    if (this.#responded) {
      this.#context.exchange.abort()
      return this.#finish(error)
    }
    this.#release()
    this.#context.refuse(error)
  }

  /** Before the last octets are handed on: the exchange may begin its next request while that is done. */
  #finish(error?: ProxyError, nowMs = performance.now()) {
    this.#connection = null
    this.#attempt.end(error?.code ?? '', nowMs)
    this.#context.bytesOut = this.#compressed?.octets ?? this.#context.attempts.at(-1)?.bytes ?? 0
    this.#release()
    this.#context.finish(error, nowMs)
  }

  #release() {
    this.#body.settle()
    this.#ahead?.close()
    this.#ahead = null
    this.#compressed?.close()
    this.#compressed = null
    this.#time?.end()
    this.#leavePlace()
  }
  #leavePlace() {
    if (this.#placed) this.#backend?.admission?.leave()
    this.#placed = false
  }
}

/** No answer below it makes another endpoint be tried. */
const LEAST_RETRIED = 400
