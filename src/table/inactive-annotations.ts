// Annotations of ingress-nginx that do nothing in Lintel: not yet, or for the reason given. Each one used is reported; the table
// in README.md lists them. Data only.

/**
 * `why`: there is nothing for it to do; absent: not built yet. `protects`: to ignore it would open what it closes. `differs`: how requests are
 * served otherwise than by ingress-nginx though there is nothing for it to do. `off`: the value that asks for nothing. `needs`: without
 * one of these ingress-nginx does not read it either.
 */
export type InactiveAnnotation = {
  readonly about: string
  readonly why?: string
  readonly protects?: true
  readonly differs?: string
  readonly off?: string
  readonly needs?: readonly string[]
}

const SNIPPET = 'nginx configuration is never run; the Ingress serves without it'
const BUFFERS = 'bodies stream through memory of a fixed bound'

const LIMITS = ['limit-rps', 'limit-rpm', 'limit-connections']
const LOST = 'look for an annotation or a ConfigMap key that does the same'

const soon = (about: string, idleWhere: Pick<InactiveAnnotation, 'off' | 'needs'> = {}): InactiveAnnotation => ({ about, ...idleWhere })
const idle = (about: string, why: string): InactiveAnnotation => ({ about, why })
const snippet = (about: string): InactiveAnnotation => ({ about, why: SNIPPET, differs: LOST })
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

  'server-alias': soon('More names of the host'),
  'x-forwarded-prefix': soon('X-Forwarded-Prefix for a rewritten path', { needs: ['rewrite-target'] }),
  'connection-proxy-header': soon('Connection field towards the endpoint'),

  'enable-cors': soon('Answer CORS preflight requests', { off: 'false' }),
  'cors-allow-origin': soon('Origins that may', { needs: ['enable-cors'] }),
  'cors-allow-methods': soon('Methods that they may use', { needs: ['enable-cors'] }),
  'cors-allow-headers': soon('Fields that they may send', { needs: ['enable-cors'] }),
  'cors-allow-credentials': soon('Whether they may send credentials', { needs: ['enable-cors'] }),
  'cors-expose-headers': soon('Fields that they may read', { needs: ['enable-cors'] }),
  'cors-max-age': soon('How long a preflight holds', { needs: ['enable-cors'] }),

  'proxy-busy-buffers-size': idle('Part of them that may be waiting for the client', BUFFERS),
  'proxy-http-version': soon('HTTP version towards the endpoint', { off: '1.1' }),
  'proxy-cookie-domain': soon('Rewrite the Domain of cookies', { off: 'off' }),
  'proxy-cookie-path': soon('Rewrite the Path of cookies', { off: 'off' }),
  'proxy-redirect-from': soon('Rewrite Location: what to look for', { off: 'off' }),
  'proxy-redirect-to': soon('Rewrite Location: what to put there', { needs: ['proxy-redirect-from'] }),

  'from-to-www-redirect': soon('Redirect between a host and its www twin', { off: 'false' }),
  'relative-redirects': soon('Redirects without scheme and host', { off: 'false' }),
  'use-port-in-redirects': soon('Redirects with the port', { off: 'false' }),

  'limit-rps': soon('Requests a second of one client', { off: '0' }),
  'limit-rpm': soon('Requests a minute of one client', { off: '0' }),
  'limit-connections': soon('Connections of one client', { off: '0' }),
  'limit-burst-multiplier': soon('How far a burst may go over the rate', { needs: ['limit-rps', 'limit-rpm'] }),
  'limit-rate': soon('Speed of an answer', { off: '0' }),
  'limit-rate-after': soon('Part of an answer that is not slowed down', { needs: ['limit-rate'] }),
  'limit-allowlist': soon('Clients without limits', { needs: LIMITS }),
  'limit-whitelist': soon('The same by its older name', { needs: LIMITS }),

  'custom-headers': soon('ConfigMap with fields put on answers'),

  'enable-access-log': soon('Log the requests of this Ingress', { off: 'true' }),
  'enable-rewrite-log': idle('Log what nginx rewrites', 'there is no nginx to log'),
  'enable-opentelemetry': soon('Trace the requests of this Ingress', { off: 'false' }),
  'opentelemetry-trust-incoming-span': soon('Continue the trace of the client', { needs: ['enable-opentelemetry'] }),
  'opentelemetry-operation-name': soon('Name of spans', { needs: ['enable-opentelemetry'] }),
  'enable-modsecurity': soon('Web application firewall', { off: 'false' }),
  'enable-owasp-core-rules': soon('Its OWASP rules', { off: 'false' }),
  'modsecurity-transaction-id': soon('Its transaction id'),
  'modsecurity-snippet': soon('Its own rules'),

  'configuration-snippet': snippet('nginx configuration for the paths'),
  'server-snippet': snippet('nginx configuration for the host'),
  'stream-snippet': snippet('nginx configuration for TCP'),
  'fastcgi-index': soon('Index file of FastCGI'),
  'fastcgi-params-configmap': soon('ConfigMap with parameters of FastCGI'),
  'http2-push-preload': idle('HTTP/2 push', 'browsers gave up HTTP/2 push'),
}
