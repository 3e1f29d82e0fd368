// Annotations over ConfigMap settings → the policies of a route. Knows nothing of hosts, Services or other Ingresses.
import type { Policies } from '../model.ts'
import type { Settings } from '../settings.ts'
import type { Annotations } from './annotations.ts'
import { answerBufferOf, requestBufferOf } from './buffers.ts'
import { compressionOf } from './compression.ts'
import { mirrorOf } from './mirror.ts'

/** The settings that routes depend on: while these stay the same, a ConfigMap change leaves every route as it is. */
export type RouteSettings = ReturnType<typeof routeSettings>

export function routeSettings(settings: Settings) {
  return {
    'ssl-redirect': settings['ssl-redirect'],
    'force-ssl-redirect': settings['force-ssl-redirect'],
    'http-redirect-code': settings['http-redirect-code'],
    'no-tls-redirect-locations': settings['no-tls-redirect-locations'],
    'preserve-trailing-slash': settings['preserve-trailing-slash'],
    'hsts': settings.hsts,
    'hsts-max-age': settings['hsts-max-age'],
    'hsts-include-subdomains': settings['hsts-include-subdomains'],
    'hsts-preload': settings['hsts-preload'],
    'proxy-connect-timeout': settings['proxy-connect-timeout'],
    'proxy-read-timeout': settings['proxy-read-timeout'],
    'proxy-send-timeout': settings['proxy-send-timeout'],
    'proxy-next-upstream': settings['proxy-next-upstream'],
    'proxy-next-upstream-tries': settings['proxy-next-upstream-tries'],
    'proxy-next-upstream-timeout': settings['proxy-next-upstream-timeout'],
    'retry-non-idempotent': settings['retry-non-idempotent'],
    'proxy-body-size': settings['proxy-body-size'],
    'proxy-request-buffering': settings['proxy-request-buffering'],
    'client-body-buffer-size': settings['client-body-buffer-size'],
    'proxy-buffering': settings['proxy-buffering'],
    'proxy-buffers-number': settings['proxy-buffers-number'],
    'proxy-buffer-size': settings['proxy-buffer-size'],
    'proxy-max-temp-file-size': settings['proxy-max-temp-file-size'],
    'custom-http-errors': settings['custom-http-errors'],
    'disable-proxy-intercept-errors': settings['disable-proxy-intercept-errors'],
    'use-gzip': settings['use-gzip'],
    'enable-brotli': settings['enable-brotli'],
    'enable-zstd': settings['enable-zstd'],
    'load-balance': settings['load-balance'],
    'service-upstream': settings['service-upstream'],
    'annotation-value-word-blocklist': settings['annotation-value-word-blocklist'],
    'global-auth-url': settings['global-auth-url'],
    'whitelist-source-range': settings['whitelist-source-range'],
    'denylist-source-range': settings['denylist-source-range'],
    'block-cidrs': settings['block-cidrs'],
  }
}

/** Everything but what depends on the path (`rewrite`) and on whether the host has TLS (`httpsRedirect`). */
export function commonPolicies(values: Annotations, settings: RouteSettings, denies: string | undefined): Policies {
  const bodyBytes = values['proxy-body-size'] ?? settings['proxy-body-size']
  const reason = denies === undefined ? globalDenial(values, settings) : denies
  const redirect = redirectOf(values)
  const mirror = mirrorOf(values)
  const compression = compressionOf(values, settings)
  const requestBuffer = requestBufferOf(values, settings)
  const answerBuffer = answerBufferOf(values, settings)
  return {
    ...(reason !== undefined && { denied: { reason } }),
    ...(redirect !== undefined && { redirect }),
    ...(values['app-root'] !== undefined && { appRoot: { to: values['app-root'] } }),
    ...(settings.hsts && { hsts: { value: hstsValue(settings) } }),
    ...(bodyBytes > 0 && { bodyLimit: { bytes: bodyBytes } }),
    ...(values['upstream-vhost'] !== undefined && { upstreamHost: { host: values['upstream-vhost'] } }),
    ...(requestBuffer !== undefined && { requestBuffer }),
    ...(answerBuffer !== undefined && { answerBuffer }),
    ...(mirror !== undefined && { mirror }),
    ...(compression !== undefined && { compression }),
    timeouts: timeoutsOf(values, settings),
    retry: retryOf(values, settings),
  }
}

function timeoutsOf(values: Annotations, settings: RouteSettings): Policies['timeouts'] {
  return {
    connectMs: (values['proxy-connect-timeout'] ?? settings['proxy-connect-timeout']) * 1000,
    sendMs: (values['proxy-send-timeout'] ?? settings['proxy-send-timeout']) * 1000,
    readMs: (values['proxy-read-timeout'] ?? settings['proxy-read-timeout']) * 1000,
    requestMs: (values['lintel.dev/request-timeout'] ?? 0) * 1000,
  }
}

function retryOf(values: Annotations, settings: RouteSettings): Policies['retry'] {
  const chosen = values['proxy-next-upstream'] ?? settings['proxy-next-upstream']
  const widened = settings['retry-non-idempotent'] && chosen.length > 0 ? [...chosen, 'non_idempotent' as const] : chosen
  return {
    on: [...new Set(widened)],
    tries: values['proxy-next-upstream-tries'] ?? settings['proxy-next-upstream-tries'],
    timeoutMs: (values['proxy-next-upstream-timeout'] ?? settings['proxy-next-upstream-timeout']) * 1000,
  }
}

export type HttpsRedirect = {
  readonly when: 'always' | 'host-has-tls' | 'never'
  readonly policy: NonNullable<Policies['httpsRedirect']>
}

/** ingress-nginx.md §4.4; the exempt locations are compared with the path of the rule, not of the request. */
export function httpsRedirect(values: Annotations, settings: RouteSettings, path: string): HttpsRedirect {
  const exempt = settings['no-tls-redirect-locations'].some((prefix) => path.startsWith(prefix))
  const force = values['force-ssl-redirect'] ?? settings['force-ssl-redirect']
  const redirect = values['ssl-redirect'] ?? settings['ssl-redirect']
  return {
    when: exempt ? 'never' : force ? 'always' : redirect ? 'host-has-tls' : 'never',
    policy: {
      status: settings['http-redirect-code'],
      preserveTrailingSlash: values['preserve-trailing-slash'] ?? settings['preserve-trailing-slash'],
    },
  }
}

/** ConfigMap keys that protect every route and are not built yet (design rule: fail closed). */
export const globalGuards = ['global-auth-url', 'whitelist-source-range', 'denylist-source-range', 'block-cidrs'] as const

function globalDenial(values: Annotations, settings: RouteSettings): string | undefined {
  const key = globalGuards.find((guard) => settings[guard] !== '' && !(guard === 'global-auth-url' && values['enable-global-auth'] === false))
  return key === undefined ? undefined : `ConfigMap key ${key} is not supported yet`
}

function redirectOf(values: Annotations): Policies['redirect'] {
  const { 'temporal-redirect': temporal, 'permanent-redirect': permanent } = values
  if (temporal !== undefined) return { to: temporal, status: values['temporal-redirect-code'] ?? 302 }
  if (permanent !== undefined) return { to: permanent, status: values['permanent-redirect-code'] ?? 301 }
  return undefined
}

/** RFC 6797 §6.1; the order of ingress-nginx.md §4.5. */
function hstsValue(settings: RouteSettings): string {
  const directives = [`max-age=${settings['hsts-max-age']}`]
  if (settings['hsts-include-subdomains']) directives.push('includeSubDomains')
  if (settings['hsts-preload']) directives.push('preload')
  return directives.join('; ')
}
