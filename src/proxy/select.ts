// The last steps of a chain: which endpoint, and off it goes.
import { ProxyError } from '../http/message.ts'
import type { Alternative, Route } from '../model.ts'
import type { Step } from '../policies/policy.ts'
import { ClientSession, CookieAffinity } from './affinity.ts'
import { chooser, evenDraws } from './canary.ts'
import { contextOf, type RequestContext } from './request-context.ts'
import type { Serving } from './serving.ts'
import type { Backends } from '../upstream/backends.ts'
import type { LiveEndpoint } from '../upstream/endpoint.ts'

/** What the chain returns where the answer comes later, from an upstream. Never sent. */
export const FORWARDED = new Response(null)

/** Which backend, by the client's cookie or the route's canaries, then which of its endpoints. */
export const select = (route: Route, { backends }: Serving): Step => {
  const { backend, policies } = route
  if (backend === null) return () => { throw new ProxyError('internal', 'no_backend', { status: 404, message: 'the route names no Service' }) }
  const choose = route.alternatives === undefined ? none : alternativeBy(route.alternatives, backends)
  const alternativeFor = policies.affinity === undefined ? choose : stickyAlternative(new CookieAffinity(policies.affinity, route), choose, backends)
  return function select(c, next) {
    const context = contextOf(c)
    const alternative = alternativeFor(context)
    context.alternativeName = alternative?.upstreamName ?? ''
    const live = backends.get(alternative?.backend ?? backend)
    const endpoint = live?.pick(UNTRIED, context)
    if (live !== undefined && endpoint !== undefined) context.chosen = { backend: live, endpoint }
    else if (!context.standIn()) throw new ProxyError('upstream', 'no_endpoints', { status: 503, message: 'no endpoint is ready' })
    return next()
  }
}

const UNTRIED: readonly LiveEndpoint[] = []

/** undefined: the route's own backend. */
type AlternativeFor = (context: RequestContext) => Alternative | undefined
const none: AlternativeFor = () => undefined

const alternativeBy = (alternatives: readonly Alternative[], backends: Backends): AlternativeFor => {
  const choose = chooser(alternatives)
  const draw = evenDraws()
  const serves = (backend: string) => hasEndpoints(backends, backend)
  return ({ exchange }) => choose(exchange.request, draw(), serves)
}

/** A client with a cookie of a backend stays there, whatever the canaries' rules say (ingress-nginx.md §4.8). */
const stickyAlternative = (affinity: CookieAffinity, choose: AlternativeFor, backends: Backends): AlternativeFor => (context) => {
  const tie = affinity.tieOf(context.exchange.request)
  const holds = tie !== null && (tie.alternative === undefined || hasEndpoints(backends, tie.alternative.backend))
  const alternative = holds ? tie.alternative : choose(context)
  context.session = alternative?.withoutAffinity === true ? null : new ClientSession(affinity, tie, alternative)
  return alternative
}

const hasEndpoints = (backends: Backends, backend: string) => (backends.get(backend)?.endpoints.length ?? 0) > 0

export const forward: Step = function forward(c) {
  const context = contextOf(c)
  const { chosen } = context
  if (chosen === null) throw new TypeError('forward comes after select')
  context.forward.start(chosen.backend, chosen.endpoint)
  return FORWARDED
}
