// One document's plain data → the objects of ours in it, or why it has none. Pure; knows no files and no YAML.
import type { KubeObject } from './objects.ts'
import { readConfigMap, readSecret } from './parse-data.ts'
import { readIngress, readIngressClass, readLegacyIngress } from './parse-ingress.ts'
import { readEndpoints, readEndpointSlice, readService } from './parse-service.ts'
import { nameSchema, type Read, type Rejection } from './schema.ts'
import type { YamlFault } from './yaml.ts'

/** One object of a file. id: `Kind namespace/name` as written. An `Endpoints` gives as many objects as it has subsets. */
export type Item =
  | { readonly id: string; readonly objects: readonly KubeObject[] }
  | { readonly id: string; readonly rejection: Rejection }
/** faults: parts of which it is not known what object they hold. */
export type Content = { readonly items: readonly Item[]; readonly faults: readonly YamlFault[] }

const none: Content = { items: [], faults: [] }
const fault = (reason: string): Content => ({ items: [], faults: [{ line: 1, reason }] })

export const contentOfValue = (value: unknown): Content => {
  if (value === null || value === undefined) return none
  const { apiVersion, kind, items } = isMapping(value) ? value : {}
  const isList = typeof apiVersion === 'string' && typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
  return isList ? contentOfList(items, { apiVersion, kind }) : contentOfObject(value)
}

/** The API server leaves kind and apiVersion out of the items of an IngressList: they follow from the list's own. */
const contentOfList = (items: readonly unknown[], list: { readonly apiVersion: string; readonly kind: string }): Content => {
  const inherited = list.kind === 'List' ? {} : { apiVersion: list.apiVersion, kind: list.kind.slice(0, -'List'.length) }
  const contents = items.map((item) => contentOfObject(isMapping(item) ? { ...inherited, ...item } : item))
  return { items: contents.flatMap((content) => content.items), faults: contents.flatMap((content) => content.faults) }
}

const contentOfObject = (raw: unknown): Content => {
  if (!isMapping(raw)) return fault('is not a Kubernetes object: expected a mapping with apiVersion, kind and metadata')
  const { apiVersion, kind } = raw
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    return fault('is not a Kubernetes object: apiVersion or kind is missing; add them, or keep the file out of this folder')
  }
  const read = readers[`${apiVersion} ${kind}`]
  if (!read && !isUnknownVersion(apiVersion, kind)) return none
  if (!read) return fault(`apiVersion ${apiVersion} of ${kind} is not known: use ${versionsOf(kind)}`)
  const id = idOf(kind, raw.metadata)
  if (id === null) return fault(`${kind} without a valid name or namespace: use lower case letters, digits, \`-\` and \`.\``)
  const outcome = read(raw)
  return { items: ['objects' in outcome ? { id, objects: outcome.objects } : { id, rejection: outcome }], faults: [] }
}

// Other kinds stand in the same folder (Deployments, …) and are none of our business.
const readers: Readonly<Record<string, Read | undefined>> = {
  'networking.k8s.io/v1 Ingress': readIngress,
  'networking.k8s.io/v1beta1 Ingress': readLegacyIngress,
  'extensions/v1beta1 Ingress': readLegacyIngress,
  'networking.k8s.io/v1 IngressClass': readIngressClass,
  'networking.k8s.io/v1beta1 IngressClass': readIngressClass,
  'discovery.k8s.io/v1 EndpointSlice': readEndpointSlice,
  'discovery.k8s.io/v1beta1 EndpointSlice': readEndpointSlice,
  'v1 Service': readService,
  'v1 Endpoints': readEndpoints,
  'v1 Secret': readSecret,
  'v1 ConfigMap': readConfigMap,
}

const versionsOf = (kind: string): string =>
  Object.keys(readers).filter((name) => name.endsWith(` ${kind}`)).map((name) => name.slice(0, -kind.length - 1)).join(' or ')

/** A kind of ours in a group of ours; `serving.knative.dev/v1 Service` is another kind. */
const isUnknownVersion = (apiVersion: string, kind: string): boolean => {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/') + 1) : ''
  return Object.keys(readers).some((name) => name.endsWith(` ${kind}`) && (group === '' || name.startsWith(group)))
}

const idOf = (kind: string, metadata: unknown): string | null => {
  if (!isMapping(metadata)) return null
  const name = nameSchema.safeParse(metadata.name)
  const namespace = nameSchema.safeParse(metadata.namespace ?? 'default')
  if (!name.success || !namespace.success) return null
  return kind === 'IngressClass' ? `${kind} ${name.data}` : `${kind} ${namespace.data}/${name.data}`
}

const isMapping = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
