// Table.global from build to build: read anew only when an object behind it changed. Knows nothing of Ingresses.
import type { ConfigMap, Objects } from '../kube/objects.ts'
import type { Global, Issue } from '../model.ts'
import { readFallback, type ReadFallback } from './fallback.ts'
import { readFields, type ReadFields } from './fields.ts'
import { memoEqual, memoLast } from './memo.ts'
import type { BuildOptions } from './options.ts'
import { type RouteSettings, routeSettings } from './policies.ts'
import { readSettings, type ReadSettings } from './read-settings.ts'

export type BuiltGlobal = JoinedGlobal & { readonly routeSettings: RouteSettings }
type JoinedGlobal = {
  readonly global: Global
  readonly fallback: ReadFallback
  readonly issues: readonly Issue[]
}
type GlobalOptions = Pick<BuildOptions, 'configmap' | 'defaultBackendService'>

/** Equal route settings keep their identity, so that a change of the log format leaves every route alone. */
export function globals({ configmap, defaultBackendService }: GlobalOptions): (objects: Objects) => BuiltGlobal {
  const settingsOf = memoLast(readSettings)
  const routeSettingsOf = memoEqual(routeSettings)
  const requestFieldsOf = memoLast(namedFields(configmap, 'proxy-set-headers'))
  const responseFieldsOf = memoLast(namedFields(configmap, 'add-headers'))
  const fallbackOf = memoLast(readFallback)
  const join = memoLast(joinGlobal)
  return function build({ ConfigMap: configMaps, Service: services }) {
    const read = settingsOf(configMaps.get(configmap))
    const { 'proxy-set-headers': requestKey, 'add-headers': responseKey } = read.settings
    const forRoutes = routeSettingsOf(read.settings)
    const fallback = fallbackOf(defaultBackendService, services.get(defaultBackendService), forRoutes)
    const requestFields = requestFieldsOf(requestKey, configMaps.get(requestKey))
    return { ...join(read, requestFields, responseFieldsOf(responseKey, configMaps.get(responseKey)), fallback), routeSettings: forRoutes }
  }
}

function joinGlobal(...[{ settings, issues }, request, response, fallback]: [ReadSettings, ReadFields, ReadFields, ReadFallback]): JoinedGlobal {
  return {
    global: { settings, fallback: fallback.route, requestFields: request.fields, responseFields: response.fields },
    fallback,
    issues: [...issues, ...request.issues, ...response.issues, ...fallback.issues],
  }
}

/** Of the ConfigMap `key` that `setting` of the ConfigMap `owner` names; `` names none. */
function namedFields(owner: string, setting: string): (key: string, configMap: ConfigMap | undefined) => ReadFields {
  return function read(key, configMap) {
    if (configMap !== undefined) return readFields(configMap)
    const reason = `ConfigMap ${key} does not exist: its fields are not set until it does`
    return { fields: [], issues: key === '' ? [] : [{ object: `ConfigMap ${owner}`, field: setting, reason }] }
  }
}
