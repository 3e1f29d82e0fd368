// From whom a PROXY header is expected, and from whom believed, as the settings have it. Knows no octets.
import type { ProxyRules } from '../http/listener.ts'
import type { Settings } from '../settings.ts'
import { trusted } from './trusted.ts'

const SECOND_MS = 1000

/**
 * null: from nobody. required: as in ingress-nginx, where proxies that are not trusted must send it too, though it is not believed. optional: as
 * with expect-proxy of HAProxy, who is not trusted speaks for himself.
 */
export const proxyRulesOf = (settings: Settings): ProxyRules | null => {
  if (!settings['use-proxy-protocol']) return null
  const believed = trusted(settings['proxy-real-ip-cidr'])
  const required = settings['lintel.dev/proxy-protocol-mode'] === 'required'
  const withinMs = settings['proxy-protocol-header-timeout'] * SECOND_MS
  const [believing, doubting] = [true, false].map((believes) => ({ required, withinMs, believes }))
  return (address) => believed(address) ? believing! : required ? doubting! : null
}
