// The last steps of a chain: which endpoint, and off it goes.
import { ProxyError } from '../http/message.ts'
import type { Route } from '../model.ts'
import type { RouteContext, Step } from '../policies/policy.ts'
import { RequestContext } from './request-context.ts'
import type { Serving } from './serving.ts'

/** What the chain returns where the answer comes later, from an upstream. Never sent. */
export const FORWARDED = new Response(null)

/** Chains run on the proxy's own contexts; policies see less of them. */
const contextOf = (c: RouteContext): RequestContext => {
  if (!(c.env instanceof RequestContext)) throw new TypeError('a chain runs on a RequestContext')
  return c.env
}

/** Canary rules, weights and balancing decide here. */
export const select = ({ backend }: Route, { backends }: Serving): Step => {
  if (backend === null) return () => { throw new ProxyError('internal', 'no_backend', { status: 404, message: 'the route names no Service' }) }
  return function select(c, next) {
    const context = contextOf(c)
    const live = backends.get(backend)
    const endpoint = live?.pick([])
    if (live === undefined || endpoint === undefined) throw new ProxyError('upstream', 'no_endpoints', { status: 503, message: 'no endpoint is ready' })
    context.chosen = { backend: live, endpoint }
    return next()
  }
}

export const forward: Step = function forward(c) {
  const context = contextOf(c)
  const { chosen } = context
  if (chosen === null) throw new TypeError('forward comes after select')
  context.forward.start(chosen.backend, chosen.endpoint)
  return FORWARDED
}
