// One request on its way: chooses an endpoint, sends, passes the answer back, tries again where that is safe, and says how it ended.
// Knows no protocol: it stands between an Exchange and a Connection.
import type { AnswerSink, Connection, Exchange, ProxyError, ReceivedAnswer, Span, UpstreamRequest } from '../http/message.ts'
import type { Timeouts } from '../model.ts'
import type { Attempt } from '../telemetry/record.ts'
import type { LiveBackend } from '../upstream/backends.ts'
import type { LiveEndpoint } from '../upstream/endpoint.ts'
import type { AnswerPlan } from './answer-plan.ts'
import { retryOf } from './retry.ts'
import type { Serving } from './serving.ts'

/** The request that is being forwarded, and what becomes of it. */
export interface Forwarded {
  readonly exchange: Exchange
  readonly method: string
  readonly timeouts: Timeouts
  readonly plan: AnswerPlan
  readonly upstreamTarget: string
  readonly attempts: Attempt[]
  status: number
  bytesOut: number
  upstreamLines(): Buffer
  refuse(error: ProxyError): void
  finish(error?: ProxyError): void
}

export class Forward implements AnswerSink {
  readonly #context: Forwarded
  readonly #serving: Serving
  readonly #tried: LiveEndpoint[] = []
  #backend: LiveBackend | null = null
  #endpoint: LiveEndpoint | null = null
  #connection: Connection | null = null
  #attempt: Attempt | null = null
  #attemptStart = 0
  #headMs = 0
  #consumed = false
  #responded = false
  #tunnel = false
  /** In a tunnel each direction ends by itself. */
  #upstreamDone = false
  #clientDone = false

  constructor(context: Forwarded, serving: Serving) {
    this.#context = context
    this.#serving = serving
  }

  get active() { return this.#connection !== null }

  /** First try. Throws ProxyError where there is nothing to send to. */
  start(backend: LiveBackend, endpoint: LiveEndpoint) {
    this.#backend = backend
    this.#tried.length = 0
    this.#consumed = this.#responded = this.#tunnel = this.#upstreamDone = this.#clientDone = false
    this.#try(endpoint, false)
  }

  #try(endpoint: LiveEndpoint, fresh: boolean) {
    const { exchange } = this.#context
    const pool = this.#serving.pools.to(endpoint.key, endpoint.target)
    this.#endpoint = endpoint
    this.#attemptStart = performance.now()
    this.#attempt = { endpoint: endpoint.name, status: 0, ms: 0, bytes: 0, error: '' }
    this.#headMs = 0
    this.#context.attempts.push(this.#attempt)
    endpoint.began()
    const connection = fresh ? pool.dial() : pool.take()
    this.#connection = connection
    const wants = connection.exchange(this.#request(), this, this.#context.timeouts)
    if (exchange.first.last) return
    exchange.receive()
    if (!wants) exchange.pause()
  }

  #request(): UpstreamRequest {
    const context = this.#context
    const { request, first } = context.exchange
    return {
      head: request, target: context.upstreamTarget, lines: context.upstreamLines(), extra: this.#serving.view.requestFields,
      length: request.length, first, answerNames: context.plan.names,
    }
  }

  /** More of the request body. */
  send(span: Span): boolean {
    this.#consumed = true
    const sent = this.#connection!.write(span)
    if (span.last) this.#clientEnded()
    return sent
  }
  clientDrained() { this.#connection?.resume() }

  /** The client is gone. */
  cancel(error: ProxyError) {
    if (this.#attempt !== null) this.#attempt.error ||= error.code
    const connection = this.#connection
    this.#attemptEnded()
    connection?.cancel()
    this.#finish()
  }

  // ---- AnswerSink

  /** 100 is a matter of each connection by itself: the client got ours when its body was wanted. */
  informed(head: ReceivedAnswer) { if (head.status !== 100) this.#context.exchange.inform(head) }

  answered(head: ReceivedAnswer, span: Span): boolean {
    const { exchange, plan } = this.#context
    this.#began(head, span)
    if (span.last) this.#finish()
    return exchange.respond(head, plan.block, span)
  }

  tunnelled(head: ReceivedAnswer, span: Span): boolean {
    this.#began(head, span)
    this.#tunnel = true
    return this.#context.exchange.tunnel(head, this.#context.plan.block, span)
  }

  body(span: Span): boolean {
    this.#attempt!.bytes += span.size
    const { last } = span
    if (last) this.#upstreamEnded()
    return this.#context.exchange.write(span)
  }

  drained() { this.#context.exchange.resume() }

  failed(error: ProxyError) {
    this.#attempt!.error = error.code
    this.#attemptEnded()
    if (this.#responded) {
      this.#context.exchange.abort()
      return this.#finish(error)
    }
    const next = this.#next(error)
    if (next === null) return this.#context.refuse(error)
    this.#try(next.endpoint, next.fresh)
  }

  /** Where to try again. */
  #next(error: ProxyError): { endpoint: LiveEndpoint; fresh: boolean } | null {
    const retry = retryOf(error, { method: this.#context.method, consumed: this.#consumed, tries: this.#context.attempts.length })
    if (retry === 'no') return null
    if (retry === 'same') return { endpoint: this.#endpoint!, fresh: true }
    this.#tried.push(this.#endpoint!)
    const endpoint = this.#backend!.pick(this.#tried)
    return endpoint === undefined ? null : { endpoint, fresh: false }
  }

  #began(head: ReceivedAnswer, span: Span) {
    this.#responded = true
    this.#headMs = performance.now() - this.#attemptStart
    this.#context.status = this.#attempt!.status = head.status
    this.#attempt!.bytes = span.size
  }

  #upstreamEnded() {
    this.#upstreamDone = true
    if (!this.#tunnel || this.#clientDone) this.#finish()
  }
  #clientEnded() {
    this.#clientDone = true
    if (this.#tunnel && this.#upstreamDone) this.#finish()
  }

  /** Before the last octets are handed on: the exchange may begin its next request while that is done. */
  #finish(error?: ProxyError) {
    this.#attemptEnded()
    this.#context.bytesOut = this.#context.attempts.at(-1)?.bytes ?? 0
    this.#context.finish(error)
  }

  #attemptEnded() {
    this.#connection = null
    const attempt = this.#attempt
    if (attempt === null) return
    this.#attempt = null
    attempt.ms = performance.now() - this.#attemptStart
    this.#endpoint!.ended({ status: attempt.status, headMs: this.#headMs, error: attempt.error })
  }
}
