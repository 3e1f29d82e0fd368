// Annotations of ingress-nginx that do nothing in Lintel: not yet, or for the reason given. Each one used is reported; the table
// in README.md lists them. Data only.

/** `why`: there is nothing for it to do; absent: not built yet. `protects`: to ignore it would open what it closes. */
export type InactiveAnnotation = { readonly about: string; readonly why?: string; readonly protects?: true }

const SNIPPET = 'nginx configuration is never run; the Ingress serves without it'
const BUFFERS = 'bodies stream through memory of a fixed bound'

const soon = (about: string): InactiveAnnotation => ({ about })
const idle = (about: string, why: string): InactiveAnnotation => ({ about, why })
const guard = (about: string): InactiveAnnotation => ({ about, protects: true })

export const inactiveAnnotations: Readonly<Record<string, InactiveAnnotation>> = {
  'allowlist-source-range': guard('Only these clients'),
  'whitelist-source-range': guard('The same by its older name'),
  'denylist-source-range': guard('All but these clients'),
  'satisfy': guard('Whether address list and authentication must both agree'),

  'auth-type': guard('Basic or digest authentication'),
  'auth-secret': guard('Secret with the users'),
  'auth-secret-type': guard('How that Secret is written'),
  'auth-realm': guard('Realm shown to the user'),
  'auth-url': guard('External authentication: whom to ask'),
  'auth-signin': guard('Where it sends clients to sign in'),
  'auth-signin-redirect-param': guard('Parameter with the way back'),
  'auth-response-headers': guard('Fields passed on to the endpoint'),
  'auth-method': guard('Method of the authentication request'),
  'auth-request-redirect': guard('X-Auth-Request-Redirect of that request'),
  'auth-proxy-set-headers': guard('ConfigMap with fields of that request'),
  'auth-cache-key': guard('What its answers are cached by'),
  'auth-cache-duration': guard('How long they are cached'),
  'auth-keepalive': guard('Idle connections to the authentication service'),
  'auth-keepalive-share-vars': guard('Share variables with that request'),
  'auth-keepalive-requests': guard('Requests on one such connection'),
  'auth-keepalive-timeout': guard('Idle time of such a connection'),
  'auth-always-set-cookie': guard('Pass on its cookies with any status'),
  'auth-snippet': guard('nginx configuration for that request'),
  'auth-tls-secret': guard('Client certificates: Secret with the authority'),
  'auth-tls-verify-client': guard('Whether a client must have one'),
  'auth-tls-verify-depth': guard('Longest chain of a client certificate'),
  'auth-tls-error-page': guard('Where clients without a good one go'),
  'auth-tls-pass-certificate-to-upstream': guard('Send it to the endpoint'),
  'auth-tls-match-cn': guard('Subject that it must have'),

  'server-alias': soon('More names of the host'),
  'proxy-ssl-secret': soon('Certificate and authority towards HTTPS endpoints'),
  'proxy-ssl-verify': soon('Verify the certificate of the endpoint'),
  'proxy-ssl-verify-depth': soon('Longest chain of that certificate'),
  'proxy-ssl-name': soon('Name that it must have'),
  'proxy-ssl-server-name': soon('Send that name by SNI'),
  'proxy-ssl-protocols': soon('TLS versions towards endpoints'),
  'proxy-ssl-ciphers': soon('Ciphers towards endpoints'),
  'x-forwarded-prefix': soon('X-Forwarded-Prefix for a rewritten path'),
  'connection-proxy-header': soon('Connection field towards the endpoint'),

  'enable-cors': soon('Answer CORS preflight requests'),
  'cors-allow-origin': soon('Origins that may'),
  'cors-allow-methods': soon('Methods that they may use'),
  'cors-allow-headers': soon('Fields that they may send'),
  'cors-allow-credentials': soon('Whether they may send credentials'),
  'cors-expose-headers': soon('Fields that they may read'),
  'cors-max-age': soon('How long a preflight holds'),

  'proxy-request-buffering': soon('Read a whole request before the endpoint gets it'),
  'proxy-buffering': soon('Read answers ahead of the client'),
  'proxy-buffer-size': idle('Buffer for the head of an answer', BUFFERS),
  'proxy-buffers-number': idle('Buffers for an answer', BUFFERS),
  'proxy-busy-buffers-size': idle('Part of them that may be waiting for the client', BUFFERS),
  'proxy-max-temp-file-size': idle('Largest file for an answer that does not fit', BUFFERS),
  'client-body-buffer-size': idle('Buffer for a request body', BUFFERS),
  'proxy-http-version': soon('HTTP version towards the endpoint'),
  'proxy-cookie-domain': soon('Rewrite the Domain of cookies'),
  'proxy-cookie-path': soon('Rewrite the Path of cookies'),
  'proxy-redirect-from': soon('Rewrite Location: what to look for'),
  'proxy-redirect-to': soon('Rewrite Location: what to put there'),

  'from-to-www-redirect': soon('Redirect between a host and its www twin'),
  'relative-redirects': soon('Redirects without scheme and host'),
  'use-port-in-redirects': soon('Redirects with the port'),

  'limit-rps': soon('Requests a second of one client'),
  'limit-rpm': soon('Requests a minute of one client'),
  'limit-connections': soon('Connections of one client'),
  'limit-burst-multiplier': soon('How far a burst may go over the rate'),
  'limit-rate': soon('Speed of an answer'),
  'limit-rate-after': soon('Part of an answer that is not slowed down'),
  'limit-allowlist': soon('Clients without limits'),
  'limit-whitelist': soon('The same by its older name'),

  'custom-http-errors': soon('Statuses that the error backend answers instead'),
  'disable-proxy-intercept-errors': soon('Error pages for our own errors only'),
  'default-backend': soon('Service for errors and for a Service without endpoints'),
  'custom-headers': soon('ConfigMap with fields put on answers'),

  'enable-access-log': soon('Log the requests of this Ingress'),
  'enable-rewrite-log': idle('Log what nginx rewrites', 'there is no nginx to log'),
  'enable-opentelemetry': soon('Trace the requests of this Ingress'),
  'opentelemetry-trust-incoming-span': soon('Continue the trace of the client'),
  'opentelemetry-operation-name': soon('Name of spans'),
  'mirror-target': soon('Where copies of the requests go'),
  'mirror-request-body': soon('Copy the bodies too'),
  'mirror-host': soon('Host of the copies'),
  'enable-modsecurity': soon('Web application firewall'),
  'enable-owasp-core-rules': soon('Its OWASP rules'),
  'modsecurity-transaction-id': soon('Its transaction id'),
  'modsecurity-snippet': soon('Its own rules'),

  'configuration-snippet': idle('nginx configuration for the paths', SNIPPET),
  'server-snippet': idle('nginx configuration for the host', SNIPPET),
  'stream-snippet': idle('nginx configuration for TCP', SNIPPET),
  'ssl-passthrough': soon('Hand TLS connections to the Service unopened'),
  'ssl-ciphers': soon('Cipher list of the host'),
  'ssl-prefer-server-ciphers': soon('Our order of ciphers goes before that of the client'),
  'fastcgi-index': soon('Index file of FastCGI'),
  'fastcgi-params-configmap': soon('ConfigMap with parameters of FastCGI'),
  'http2-push-preload': idle('HTTP/2 push', 'browsers gave up HTTP/2 push'),
}
