// The kinds that are read from the API server: where they are, and which right reading them takes. Knows no requests.
import type { Kind } from '../kube/objects.ts'

export type Resource = { readonly kind: Kind | 'Namespace' | 'Pod'; readonly apiVersion: string; readonly plural: string; readonly namespaced: boolean }

export const resources = {
  Namespace: { kind: 'Namespace', apiVersion: 'v1', plural: 'namespaces', namespaced: false },
  Ingress: { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1', plural: 'ingresses', namespaced: true },
  IngressClass: { kind: 'IngressClass', apiVersion: 'networking.k8s.io/v1', plural: 'ingressclasses', namespaced: false },
  Service: { kind: 'Service', apiVersion: 'v1', plural: 'services', namespaced: true },
  EndpointSlice: { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices', namespaced: true },
  Secret: { kind: 'Secret', apiVersion: 'v1', plural: 'secrets', namespaced: true },
  Pod: { kind: 'Pod', apiVersion: 'v1', plural: 'pods', namespaced: true },
  ConfigMap: { kind: 'ConfigMap', apiVersion: 'v1', plural: 'configmaps', namespaced: true },
} as const satisfies Record<Kind | 'Namespace' | 'Pod', Resource>

/** Of the collection in one namespace, or in all (``); with a name, of one object. */
export function pathOf({ apiVersion, plural, namespaced }: Resource, namespace: string, name = ''): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const scope = namespaced && namespace !== '' ? `/namespaces/${namespace}` : ''
  return `${group}${scope}/${plural}${name === '' ? '' : `/${name}`}`
}

/** For people who mend a Role: `secrets`, or `ingresses.networking.k8s.io` as in kubectl auth can-i. */
export function rightOf({ apiVersion, plural }: Resource): string {
  return apiVersion.includes('/') ? `${plural}.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : plural
}
