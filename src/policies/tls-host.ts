// The host and TLS belong together: hosts that have TLS are not served in clear (ingress-nginx.md §4.4).
import type { Policy } from './policy.ts'

/** `https://host/uri` without port; one trailing slash goes unless it is to be kept, as ingress-nginx does. */
export const httpsRedirect: Policy<'httpsRedirect'> = ({ status, preserveTrailingSlash }) => function httpsRedirect(c, next) {
  const { scheme, host, exchange } = c.env
  if (scheme === 'https') return next()
  const { cleanTarget } = exchange.request
  const uri = preserveTrailingSlash || !cleanTarget.endsWith('/') ? cleanTarget : cleanTarget.slice(0, -1)
  return new Response(null, { status, headers: { location: `https://${withoutPort(host)}${uri}` } })
}

const withoutPort = (host: string) => host.replace(/:\d*$/, '')
