// The ConfigMap as settings and issues. Knows nothing of what the settings are for.
import type { ConfigMap } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { defaultSettings, parseSettings, type Settings } from '../settings.ts'
import { globalGuards } from './policies.ts'

export type ReadSettings = { readonly settings: Settings; readonly issues: readonly Issue[] }

/** Without the ConfigMap the defaults hold; a fresh install has none, so that is no issue. */
export function readSettings(configMap: ConfigMap | undefined): ReadSettings {
  if (configMap === undefined) return { settings: defaultSettings, issues: [] }
  const { settings, issues } = parseSettings(configMap.data)
  const guards = globalGuards.filter((guard) => settings[guard] !== '').map((field) => ({
    field,
    reason: 'not supported yet, and it protects: all routes answer 503 until it is removed',
  }))
  const object = `ConfigMap ${configMap.meta.namespace}/${configMap.meta.name}`
  return { settings, issues: [...issues, ...guards].map((issue) => ({ object, ...issue })) }
}
