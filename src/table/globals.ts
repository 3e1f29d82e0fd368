// Table.global from build to build: read anew only when an object behind it changed. Knows nothing of Ingresses.
import type { ConfigMap, Objects } from '../kube/objects.ts'
import type { Global, Issue } from '../model.ts'
import { CLASS_ANNOTATION, type ClassOptions, lacksClass, parametersOf } from './classes.ts'
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
type GlobalOptions = ClassOptions & Pick<BuildOptions, 'configmap' | 'defaultBackendService'>

/** Equal route settings keep their identity, so that a change of the log format leaves every route alone. */
export function globals(options: GlobalOptions): (objects: Objects) => BuiltGlobal {
  const { defaultBackendService } = options
  const settingsOf = memoLast(readSettings)
  const routeSettingsOf = memoEqual(routeSettings)
  const requestFieldsOf = memoLast(namedFields('proxy-set-headers'))
  const responseFieldsOf = memoLast(namedFields('add-headers'))
  const fallbackOf = memoLast(readFallback)
  const lacksOf = memoLast(readLacks)
  const join = memoLast(joinGlobal)
  return function build({ ConfigMap: configMaps, Service: services, IngressClass: classes }) {
    // The flag goes before the parameters of the class.
    const configmap = options.configmap || parametersOf(options, classes)
    const read = settingsOf(configMaps.get(configmap))
    const { 'proxy-set-headers': requestKey, 'add-headers': responseKey } = read.settings
    const forRoutes = routeSettingsOf(read.settings)
    const fallback = fallbackOf(defaultBackendService, services.get(defaultBackendService), forRoutes)
    const requestFields = requestFieldsOf(requestKey, configMaps.get(requestKey), configmap)
    const absent = configmap === '' || configMaps.has(configmap) ? '' : configmap
    const lacks = lacksOf(absent, options.configmap === '' ? 'our IngressClass names it as its parameters' : '--configmap names it', lacksClass(options, classes))
    return { ...join(read, requestFields, responseFieldsOf(responseKey, configMaps.get(responseKey), configmap), fallback, lacks), routeSettings: forRoutes }
  }
}

/** What flags and classes name and is not there. absent: the ConfigMap with the settings; `` where there is none to miss. controller: of no IngressClass; `` where one has it. */
function readLacks(absent: string, named: string, controller: string): readonly Issue[] {
  const configMap = { object: `ConfigMap ${absent}`, field: '', reason: `does not exist, and ${named}: the defaults hold until it does` }
  const reason = `no IngressClass has the controller ${controller}: only Ingresses with the annotation ${CLASS_ANNOTATION} are served until one has; see --controller-class`
  return [...absent === '' ? [] : [configMap], ...controller === '' ? [] : [{ object: 'IngressClass', field: 'spec.controller', reason }]]
}

function joinGlobal(...[{ settings, issues }, request, response, fallback, lacks]: [ReadSettings, ReadFields, ReadFields, ReadFallback, readonly Issue[]]): JoinedGlobal {
  return {
    global: { settings, fallback: fallback.route, requestFields: request.fields, responseFields: response.fields },
    fallback,
    issues: [...lacks, ...issues, ...request.issues, ...response.issues, ...fallback.issues],
  }
}

/** Of the ConfigMap `key` that `setting` of the ConfigMap `owner` names; `` names none. */
function namedFields(setting: string): (key: string, configMap: ConfigMap | undefined, owner: string) => ReadFields {
  return function read(key, configMap, owner) {
    if (configMap !== undefined) return readFields(configMap)
    const reason = `ConfigMap ${key} does not exist: its fields are not set until it does`
    return { fields: [], issues: key === '' ? [] : [{ object: `ConfigMap ${owner}`, field: setting, reason }] }
  }
}
