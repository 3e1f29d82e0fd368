// rewrite-target: the whole path is replaced, captures of the route's pattern filled in, the query kept (ingress-nginx.md §4.3).
import { pathPattern } from './path-pattern.ts'
import type { Policy } from './policy.ts'

export const rewrite: Policy<'rewrite'> = ({ target }, route) => {
  const pattern = pathPattern(route.path.value)
  const absolute = target.startsWith('/') ? target : `/${target}`
  return function rewrite(c, next) {
    const { request } = c.env.exchange
    const captures = pattern.exec(c.env.path) ?? []
    const path = absolute.replace(/\$([1-9])/g, (_, group: string) => encoded(captures[Number(group)] ?? ''))
    const query = request.target.indexOf('?')
    c.env.upstreamTarget = path + (query < 0 ? '' : request.target.slice(query))
    return next()
  }
}

/** Captures are parts of the decoded path: what may not stand in a target is encoded again, so that no capture can end the request line. */
const encoded = (capture: string): string =>
  capture.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu, (char) => encodeURIComponent(char.isWellFormed() ? char : '\ufffd'))
