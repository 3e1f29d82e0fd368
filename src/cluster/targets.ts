// Which parts of the API server are followed for a kind: all of it, some namespaces, and the single objects that flags name elsewhere.
// Knows no requests.
import { type Resource, resources } from './resources.ts'
import type { Query } from './transport.ts'

/** namespace: `` for all. optional: the program does without where it has no right to it. */
export type Target = { readonly resource: Resource; readonly namespace: string; readonly query: Query; readonly optional?: boolean }

/** What the flags name, as `namespace/name`. */
export type NamedByFlags = { readonly secrets: readonly string[]; readonly configMaps: readonly string[]; readonly services: readonly string[] }
/** namespaces: none for all. */
export type Scope = { readonly namespaces: readonly string[]; readonly named: NamedByFlags }

type Namespaced = 'Ingress' | 'Service' | 'EndpointSlice' | 'Secret' | 'ConfigMap'

export function targets(kind: Namespaced, { namespaces, named }: Scope): readonly Target[] {
  const resource = resources[kind]
  if (namespaces.length === 0) return [{ resource, namespace: '', query: {} }]
  const outside = namesFor(kind, named).map(split).filter(([namespace]) => !namespaces.includes(namespace))
  return [
    ...namespaces.map((namespace) => ({ resource, namespace, query: {} })),
    ...outside.map(([namespace, name]) => ({ resource, namespace, query: only(kind, name) })),
  ]
}

function namesFor(kind: Namespaced, named: NamedByFlags): readonly string[] {
  if (kind === 'Secret') return named.secrets
  if (kind === 'ConfigMap') return named.configMaps
  return kind === 'Ingress' ? [] : named.services
}

/** A right on one object by its name suffices for the first. */
const only = (kind: Namespaced, name: string): Query =>
  kind === 'EndpointSlice' ? { labelSelector: `kubernetes.io/service-name=${name}` } : { fieldSelector: `metadata.name=${name}` }

const split = (key: string): readonly [namespace: string, name: string] => [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)]
