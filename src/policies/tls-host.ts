// The host and TLS belong together: hosts that have TLS are not served in clear (ingress-nginx.md §4.4), nor on a connection that was opened to
// another host's certificate.
import { hostName } from '../http/h1/target.ts'
import { ProxyError } from '../http/message.ts'
import type { Policy, RoutedRequest } from './policy.ts'

/** Knows the certificates: whether one that a server name gets says nothing of a host. */
export type CertificateCoverage = { misdirects(serverName: string, host: string): boolean }

/**
 * First of all: a request that came on the wrong TLS connection is to be sent again on one of its own (RFC 9110 §15.5.20, RFC 9113 §9.1.2), in
 * HTTP/1.1 too. It goes by the host of the request itself, whatever a proxy in front says. What else a host may ask of its handshakes, such as a
 * client certificate, is to be held against the connection here.
 */
export const refuseMisdirected = ({ exchange }: Pick<RoutedRequest, 'exchange'>, coverage: CertificateCoverage) => {
  const { client, request } = exchange
  if (client.tls === null || client.tls.serverName === request.host) return
  const host = hostName(request.host)
  if (client.tls.serverName === host || !coverage.misdirects(client.tls.serverName, host)) return
  throw new ProxyError('downstream', 'misdirected', { status: 421, message: `this connection has no certificate for ${host}: open another one` })
}

/** `https://host/uri` without port; one trailing slash goes unless it is to be kept, as ingress-nginx does. */
export const httpsRedirect: Policy<'httpsRedirect'> = ({ status, preserveTrailingSlash }) => function httpsRedirect(c, next) {
  const { scheme, host, exchange } = c.env
  if (scheme === 'https') return next()
  const { cleanTarget } = exchange.request
  const uri = preserveTrailingSlash || !cleanTarget.endsWith('/') ? cleanTarget : cleanTarget.slice(0, -1)
  return new Response(null, { status, headers: { location: `https://${withoutPort(host)}${uri}` } })
}

const withoutPort = (host: string) => host.replace(/:\d*$/, '')
