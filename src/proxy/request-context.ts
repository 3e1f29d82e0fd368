// One request as the proxy sees it: Hono's `c.env`, the record for log and metrics, and the Responder of its Exchange.
// Reused by its exchange for one request after another, so that a request allocates little.
import { type FieldBlock, fieldBlock, noFields } from '../http/fields.ts'
import { refusal } from '../http/refusal.ts'
import type { Exchange, OwnAnswer, ReceivedRequest, Responder, Span } from '../http/message.ts'
import { ProxyError } from '../http/message.ts'
import type { RetryPolicy, Route, Timeouts } from '../model.ts'
import type { RouteContext, RoutedRequest } from '../policies/policy.ts'
import type { Attempt, RequestRecord } from '../telemetry/record.ts'
import type { BalancedRequest } from '../upstream/balance/balancer.ts'
import type { LiveBackend } from '../upstream/backends.ts'
import type { LiveEndpoint } from '../upstream/endpoint.ts'
import type { ClientSession } from './affinity.ts'
import type { AnswerPlan } from './answer-plan.ts'
import type { Compression } from './compress/compression.ts'
import { type Chosen, type ErrorPages, NO_BODY } from './errors/pages.ts'
import { Forward } from './forward.ts'
import { ForwardedFields } from './forwarded.ts'
import type { Mirrored, MirrorCopy } from './mirror-copy.ts'
import type { RequestBody } from './request-body.ts'
import type { Serving } from './serving.ts'
import type { StoredBody } from './stored-body.ts'

export class RequestContext implements RoutedRequest, RequestRecord, Responder, BalancedRequest, Mirrored {
  readonly exchange: Exchange
  readonly forward: Forward
  readonly attempts: Attempt[] = []
  start = 0
  end = 0
  status = 0
  reason = ''
  bytesOut = 0
  upstreamTarget = ''
  upstreamHost: string | null = null
  clientFields = noFields
  alternativeName = ''
  plan!: AnswerPlan
  /** Of a route with affinity. */
  session: ClientSession | null = null
  /** Of a route that stores bodies, once the chain has come there. */
  stored: StoredBody | null = null
  /** Of a route whose answers may be compressed. */
  compression: Compression | null = null
  /** Of a route with error pages, until one was asked for. */
  errorPages: ErrorPages | null = null
  /** What `select` chose and `forward` uses. */
  chosen: { readonly backend: LiveBackend; readonly endpoint: LiveEndpoint } | null = null
  readonly #serving: Serving
  readonly #dispatch: (context: RequestContext) => void
  readonly #forwarded: ForwardedFields
  /** For the mirror of the route, while its body is gathered. */
  #copy: MirrorCopy | null = null
  /** What an error backend gets in place of the client's request. isPage: without its body. */
  #instead: { readonly head: ReceivedRequest; readonly isPage: boolean } | null = null
  #route: Route | null = null
  #over = true
  /** It counts as a tunnel, not as a request. */
  #upgrades = false
  #unread = false

  constructor(exchange: Exchange, serving: Serving, dispatch: (context: RequestContext) => void) {
    this.exchange = exchange
    this.#serving = serving
    this.#dispatch = dispatch
    this.#forwarded = new ForwardedFields(exchange.client, serving.ids)
    this.forward = new Forward(this, serving)
    this.routed(null)
  }

  // ---- Responder

  begin() {
    const { request } = this.exchange
    this.start = performance.now()
    this.status = this.bytesOut = 0
    this.reason = this.alternativeName = ''
    this.attempts.length = 0
    this.upstreamTarget = request.cleanTarget
    this.upstreamHost = this.chosen = this.session = this.stored = this.compression = this.errorPages = this.#instead = this.#copy = null
    this.#over = this.#unread = false
    this.clientFields = noFields
    this.#forwarded.read(request, this.#serving.view)
    this.#upgrades = request.upgrade !== ''
    const overload = this.#serving.overload.enter(this.#upgrades)
    if (overload === null) return this.#dispatch(this)
    this.routed(null)
    this.refuse(overload)
  }
  body(span: Span): boolean {
    this.#copy?.add(span)
    if (this.#instead?.isPage === true) return false
    if (this.stored?.ended === false) return this.stored.append(span)
    return this.forward.active ? this.forward.send(span) : true
  }
  drained() { this.forward.clientDrained() }

  abandoned(error: ProxyError) {
    if (this.#over) return
    if (this.status === 0) this.status = error.status
    this.reason = error.code
    if (this.forward.active) this.forward.cancel(error)
    else this.finish()
  }

  refused(error: ProxyError) {
    this.start = performance.now()
    this.bytesOut = 0
    this.alternativeName = ''
    this.attempts.length = 0
    this.routed(null)
    this.#over = false
    this.#unread = true
    this.#serving.overload.enter(this.#upgrades = false)
    this.status = error.status
    this.reason = error.code
    this.finish()
  }

  // ---- what the chain does

  /** The router's finding; null: none. */
  routed(route: Route | null) {
    this.#route = route
    const hsts = this.exchange.client.tls === null ? '' : route?.policies.hsts?.value ?? ''
    this.plan = this.#serving.view.plans.of(hsts)
  }

  /** Its body is read into `stored` before the chain goes on. */
  store(stored: StoredBody) {
    this.stored = stored
    stored.begin()
  }

  /** A copy of it goes to a mirror, when all of it is known. */
  mirror(copy: MirrorCopy) { if (copy.begin()) this.#copy = copy }

  /** Field lines for the upstream, Host first. */
  upstreamLines(): Buffer {
    const lines = this.#forwarded.lines(this.exchange.request, this.upstreamHost)
    return this.clientFields === noFields ? lines : Buffer.concat([lines, this.#serving.view.withoutTaken(this.clientFields).bytes])
  }

  get upstreamFields(): FieldBlock { return this.#serving.view.requestFields }

  /** What is put on an upstream's answer: with the cookie of a client that was tied to the endpoint. */
  get answerFields(): FieldBlock {
    const { block } = this.plan
    const cookie = this.session?.cookie({ scheme: this.scheme, userAgent: this.field('user-agent') }) ?? ''
    return cookie === '' ? block : fieldBlock([...block.pairs, ['Set-Cookie', cookie]])
  }

  /** An answer of our own instead of an upstream's. */
  refuse(error: ProxyError) {
    this.reason = error.code
    const chosen = this.#over ? undefined : this.errorPages?.pageFor(error.status, true, this)
    if (chosen === undefined) this.answer(refusal(error))
    else this.askForPage(chosen, error.status)
  }

  /** The error backend answers in place of what has this status; what it answers stands. */
  askForPage(chosen: Chosen, status: number) {
    this.#instead = { head: this.errorPages!.request(this.exchange.request, status, true), isPage: true }
    this.errorPages = this.session = this.upstreamHost = null
    this.upstreamTarget = '/'
    try {
      this.forward.start(chosen.backend, chosen.endpoint)
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error
      this.refuse(error)
    }
  }
  /** The error backend gets the request itself. False: there is none. */
  standIn(): boolean {
    const chosen = this.errorPages?.standIn(this)
    if (chosen === undefined) return false
    this.#instead = { head: this.errorPages!.request(this.exchange.request, NO_ENDPOINTS, false), isPage: false }
    this.errorPages = this.session = null
    this.chosen = chosen
    return true
  }
  answer(own: OwnAnswer) {
    if (this.#over) return
    this.status = own.status
    this.bytesOut = own.body.length
    const { pairs } = this.plan.block
    this.finish()
    this.exchange.answer(pairs.length === 0 ? own : { ...own, fields: [...own.fields, ...pairs] })
  }

  /** The request is over; its record is read now, once. */
  finish(error?: ProxyError, nowMs = performance.now()) {
    if (this.#over) return
    this.#over = true
    this.#serving.overload.leave(this.#upgrades)
    this.end = nowMs
    if (error !== undefined) this.reason = error.code
    this.#copy?.leave()
    this.stored?.close()
    this.stored = this.#copy = null
    this.#serving.sink(this)
    this.chosen = null // an idle connection holds nothing of its last request
    this.attempts.length = 0
  }

  /** Nobody may answer any more. */
  get over() { return this.#over }

  // ---- RoutedRequest

  get route(): Route {
    if (this.#route === null) throw new ProxyError('internal', 'no_route', { status: 404 })
    return this.#route
  }
  get path() { return this.exchange.request.path }
  get scheme() { return this.#forwarded.view.proto === 'https' ? 'https' : 'http' }
  get host() { return this.#forwarded.view.host }

  // ---- BalancedRequest

  text(template: string): string { return this.#serving.texts.of(template)(this) }

  // ---- RequestRecord

  get head(): ReceivedRequest { return this.#instead === null ? this.exchange.request : this.#instead.head }
  get whole(): RequestBody | null { return this.#instead?.isPage === true ? NO_BODY : this.stored }
  get timeouts(): Timeouts { return this.route.policies.timeouts }
  get answerBuffer() { return this.route.policies.answerBuffer }
  get retry(): RetryPolicy { return this.route.policies.retry }
  get client() { return this.#forwarded.view.address }
  get connection() { return this.exchange.client }
  get method() { return this.#unread ? '' : this.exchange.request.method }
  get target() { return this.#unread ? '' : this.exchange.request.target }
  get protocol() { return this.exchange.request.protocol }
  get bytesIn() { return this.exchange.octetsIn }
  get requestId() { return this.#unread ? '' : this.#forwarded.requestId(this.exchange.request) }
  get routeId() { return this.#route?.id ?? '' }
  get ingress() { return this.#route?.ingress ?? '' }
  get upstreamName() { return this.#route?.upstreamName ?? '' }
  field(name: string): string { return this.#unread ? '' : this.exchange.request.field(name) ?? '' }
}

/** What a Service without endpoints is to clients. */
const NO_ENDPOINTS = 503

/** Chains run on the proxy's own contexts; policies see less of them. */
export const contextOf = (c: RouteContext): RequestContext => {
  if (!(c.env instanceof RequestContext)) throw new TypeError('a chain runs on a RequestContext')
  return c.env
}
