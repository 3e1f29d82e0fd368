// The ConfigMap as settings and issues. Knows nothing of what the settings are for.
import type { ConfigMap } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { OWN_PREFIX } from './annotations.ts'
import { defaultSettings, parseSettings, type Settings } from '../settings.ts'
import { PROXY_PROTOCOL_MODE } from '../settings/client-keys.ts'
import { globalGuards } from './policies.ts'

export type ReadSettings = { readonly settings: Settings; readonly issues: readonly Issue[] }

/** Without the ConfigMap the defaults hold; a fresh install has none, so that is no issue. */
export function readSettings(configMap: ConfigMap | undefined): ReadSettings {
  if (configMap === undefined) return { settings: defaultSettings, issues: [] }
  const { settings, issues } = parseSettings(settingTexts(configMap))
  const guards = globalGuards.filter((guard) => settings[guard] !== '').map((field) => ({
    field,
    reason: 'not supported yet, and it protects: all routes answer 503 until it is removed',
  }))
  const object = `ConfigMap ${configMap.meta.namespace}/${configMap.meta.name}`
  return { settings, issues: [...issues, ...guards, ...openToAll(settings), ...limitsNobody(settings)].map((issue) => ({ object, ...issue })) }
}

/** Of a ConfigMap: its data, and those of its annotations that are keys of our own. */
export function settingTexts({ meta, data }: Pick<ConfigMap, 'meta' | 'data'>): Readonly<Record<string, string>> {
  const own = Object.entries(meta.annotations).filter(([name]) => name.startsWith(OWN_PREFIX))
  return own.length === 0 ? data : { ...data, ...Object.fromEntries(own) }
}

/** Where headers are required, only balancers reach the port; where they are not, each client may send one. */
function openToAll(settings: Settings) {
  const isOpen = settings['use-proxy-protocol'] && settings[PROXY_PROTOCOL_MODE] === 'optional' && trustsAll(settings)
  const reason = '`optional` with a proxy-real-ip-cidr of everybody: any client may say that it is another; name the networks of your proxies'
  return isOpen ? [{ field: PROXY_PROTOCOL_MODE, reason }] : []
}

/** Who may tell the client in a field carries many clients, and is not counted for one. */
function limitsNobody(settings: Settings) {
  const isExempt = settings[PER_CLIENT] > 0 && (settings['use-forwarded-headers'] || settings['enable-real-ip']) && trustsAll(settings)
  const reason = 'limits nobody: with a proxy-real-ip-cidr of everybody each peer may be a proxy of many clients; name the networks of your proxies'
  return isExempt ? [{ field: PER_CLIENT, reason }] : []
}
const PER_CLIENT = 'max-connections-per-client'

function trustsAll(settings: Settings): boolean {
  return settings['proxy-real-ip-cidr'].some((network) => network.endsWith('/0'))
}
