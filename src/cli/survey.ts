// What would become of Ingresses and a ConfigMap that ingress-nginx serves today: the table is built as for serving, and each annotation and key
// is assessed. Knows no output.
import type { Ingress, Objects } from '../kube/objects.ts'
import type { Issue, Route, Table } from '../model.ts'
import { type Assessed, assessAnnotations, assessKeys, isChange } from '../table/assess.ts'
import { readAnnotations } from '../table/annotations.ts'
import { builder } from '../table/build.ts'
import { orderedIssues } from '../table/issues.ts'
import { hostOf, keyOf } from '../table/names.ts'
import type { BuildOptions } from '../table/options.ts'
import { settingTexts } from '../table/read-settings.ts'
import { isRegex } from '../table/rule-paths.ts'
import type { Found } from './objects.ts'

/** same: as in ingress-nginx. differs: something is not. closed: a route of it at least answers 503. not-served: nothing of it is. */
export type Outcome = 'same' | 'differs' | 'closed' | 'not-served'
/** differs: it is not as in ingress-nginx. */
export type Note = Omit<Issue, 'object'> & { readonly differs?: true }
/** annotations: those that are none of ours are left out. notes: what else there is to say of it. */
export type IngressRow = {
  /** `namespace/name` */
  readonly ingress: string
  readonly outcome: Outcome
  readonly hosts: readonly string[]
  readonly annotations: readonly Assessed[]
  readonly notes: readonly Note[]
}
/** The JSON form of the report. */
export type Survey = {
  readonly ingressClass: string
  readonly controllerClass: string
  /** Of `ingresses` by outcome. */
  readonly summary: Readonly<Record<Outcome, number>>
  /** null: none is named. exists: false where the one named is not there. */
  readonly configMap: { readonly name: string; readonly exists: boolean; readonly keys: readonly Assessed[] } | null
  /** By name. */
  readonly ingresses: readonly IngressRow[]
  /** Issues of other objects and of files. */
  readonly others: readonly Issue[]
  /** Files that were not understood: what they hold is missing here. */
  readonly unread: readonly string[]
}

export function survey({ objects, issues, unread: files }: Found, options: BuildOptions): Survey {
  const build = builder(options).full(objects)
  const all = orderedIssues([...issues, ...build.issues])
  const settings = options.configmap === '' ? null : objects.ConfigMap.get(options.configmap)
  const served = [...build.ingresses].flatMap((key) => objects.Ingress.get(key) ?? [])
  const neighbours = ingressesByHost(served)
  const regex = new Set(served.filter((ingress) => wantsRegex(ingress, options.annotationsPrefix)))
  const context = { options, neighbours, regex, issues: Map.groupBy(all, ({ object }) => object), routes: routesByIngress(build.table) }
  const rows = served.map((ingress) => rowOf(ingress, context))
  const ingresses = [...rows, ...unread(issues, objects)].sort((a, b) => (a.ingress < b.ingress ? -1 : 1))
  const told = new Set([...ingresses.map(({ ingress }) => `Ingress ${ingress}`), `ConfigMap ${options.configmap}`])
  return {
    ingressClass: options.ingressClass,
    controllerClass: options.controllerClass,
    summary: summaryOf(ingresses),
    configMap: settings === null ? null : { name: options.configmap, exists: settings !== undefined, keys: settings === undefined ? [] : assessKeys(settingTexts(settings)) },
    ingresses,
    others: all.filter(({ object }) => !told.has(object)),
    unread: files,
  }
}

/** Whether anything would be served otherwise than by ingress-nginx. */
export function hasChange({ summary, ingresses, configMap }: Survey): boolean {
  return summary.same < ingresses.length || configMap?.keys.some(isChange) === true
}

type Context = {
  readonly options: BuildOptions
  /** By host. */
  readonly neighbours: ReadonlyMap<string, readonly Ingress[]>
  /** Those that have regular expressions. */
  readonly regex: ReadonlySet<Ingress>
  readonly issues: ReadonlyMap<string, readonly Issue[]>
  readonly routes: ReadonlyMap<string, readonly Route[]>
}

function rowOf(ingress: Ingress, context: Context): IngressRow {
  const { options, neighbours, issues, routes } = context
  const key = keyOf(ingress.meta)
  const hosts = hostsOf(ingress)
  const sharesHost = hosts.some((host) => (neighbours.get(host)?.length ?? 0) > 1)
  const annotations = assessAnnotations(ingress.meta.annotations, { prefix: options.annotationsPrefix, sharesHost })
  const explained = new Set(annotations.filter(({ reason }) => reason !== '').map(({ field }) => field))
  const said = (issues.get(`Ingress ${key}`) ?? []).filter(({ field }) => !explained.has(field)).map(({ field, reason }) => ({ field, reason }))
  const notes = [...regexNotes(ingress, context), ...said]
  return { ingress: key, outcome: outcomeOf(routes.get(key) ?? [], annotations, notes), hosts, annotations, notes }
}

function routesByIngress({ hosts }: Table): Map<string, Route[]> {
  return Map.groupBy([...hosts.values()].flatMap(({ routes }) => routes), ({ ingress }) => ingress)
}

function outcomeOf(routes: readonly Route[], annotations: readonly Assessed[], notes: readonly Note[]): Outcome {
  const isCanary = annotations.some(({ field, value, standing }) => field.endsWith('/canary') && value.trim() === 'true' && standing === 'understood')
  if (routes.length === 0 && !isCanary) return 'not-served'
  if (routes.some(({ policies }) => policies.denied !== undefined)) return 'closed'
  return annotations.some(isChange) || notes.some(({ differs }) => differs) ? 'differs' : 'same'
}

/** Objects that could not be read have no content, hence no class that we know. */
function unread(issues: readonly Issue[], objects: Objects): IngressRow[] {
  const lost = issues.filter(({ object }) => object.startsWith('Ingress ') && !objects.Ingress.has(object.slice('Ingress '.length)))
  return [...Map.groupBy(lost, ({ object }) => object)].map(([object, found]) => ({
    ingress: object.slice('Ingress '.length), outcome: 'not-served', hosts: [], annotations: [], notes: found.map(({ field, reason }) => ({ field, reason })),
  }))
}

/** ingress-nginx.md F4: one Ingress makes regular expressions of the paths of all. */
function regexNotes(ingress: Ingress, { regex, neighbours }: Context): Note[] {
  if (regex.size === 0 || regex.has(ingress)) return []
  const cause = hostsOf(ingress).flatMap((host) => neighbours.get(host) ?? []).find((other) => regex.has(other))
  if (cause === undefined) return []
  const reason = `in ingress-nginx these paths are regular expressions, because Ingress ${keyOf(cause.meta)} has some for the same host; here they are as they stand`
  return [{ field: 'spec.rules', reason, differs: true }]
}

function wantsRegex({ meta, rules }: Ingress, prefix: string): boolean {
  const { values } = readAnnotations(meta.annotations, prefix)
  return rules.some(({ paths }) => paths.some(({ path }) => isRegex(values, path)))
}

function ingressesByHost(ingresses: readonly Ingress[]): Map<string, Ingress[]> {
  const found = new Map<string, Ingress[]>()
  for (const ingress of ingresses) for (const host of hostsOf(ingress)) found.set(host, [...found.get(host) ?? [], ingress])
  return found
}

/** `` for rules without a host. */
function hostsOf({ rules }: Ingress): string[] {
  return [...new Set(rules.flatMap(({ host }) => hostOf(host) ?? []))]
}

function summaryOf(rows: readonly IngressRow[]): Record<Outcome, number> {
  const count = (wanted: Outcome) => rows.filter(({ outcome }) => outcome === wanted).length
  return { same: count('same'), differs: count('differs'), closed: count('closed'), 'not-served': count('not-served') }
}
