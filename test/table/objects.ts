// Small makers of Kubernetes objects for the tests of the table. Each names only what its test is about.
import type { ChangedKeys, ConfigMap, EndpointSlice, Ingress, IngressPath, KubeObject, Meta, Objects, Secret, Service } from '../../src/kube/objects.ts'
import { keyOf } from '../../src/kube/store.ts'
import type { BuildOptions } from '../../src/table/options.ts'

export const prefix = 'nginx.ingress.kubernetes.io'
/** Table keys it by ``; its text need not be PEM, nobody loads it here. */
export const fakeCertificate = { cert: 'fake certificate', key: 'fake key' }

export const options = (over: Partial<BuildOptions> = {}): BuildOptions => ({
  controllerClass: 'k8s.io/ingress-nginx',
  ingressClass: 'nginx',
  ingressClassByName: false,
  watchIngressWithoutClass: true,
  annotationsPrefix: prefix,
  configmap: 'default/settings',
  defaultBackendService: '',
  defaultSslCertificate: '',
  tcpServicesConfigmap: '',
  udpServicesConfigmap: '',
  ownPorts: [80, 443, 10254],
  sslPassthrough: false,
  disableCatchAll: false,
  disableSvcExternalName: false,
  zone: '',
  deepInspect: true,
  fakeCertificate,
  now: () => Date.UTC(2026, 0, 1),
  ...over,
})

const meta = (name: string): Meta => ({ namespace: 'default', name, uid: '', annotations: {}, labels: {}, creationTimestamp: '' })

export const path = (at: string, service = 'web', pathType: IngressPath['pathType'] = 'Prefix'): IngressPath =>
  ({ path: at, pathType, backend: { service: { name: service, port: 80 } } })

/** One rule. */
export const ingress = (name: string, host: string, paths: readonly IngressPath[] = [path('/')]): Ingress => ({
  kind: 'Ingress',
  meta: meta(name),
  className: undefined,
  defaultBackend: undefined,
  tls: [],
  rules: [{ host, paths }],
})

/** Annotations by their names without the prefix. */
export const annotated = (plain: Ingress, annotations: Readonly<Record<string, string>>): Ingress => ({
  ...plain,
  meta: { ...plain.meta, annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${prefix}/${key}`, value])) },
})

/** Port 80, target port 8080. */
export const service = (name: string): Service => ({
  kind: 'Service',
  meta: meta(name),
  type: 'ClusterIP',
  clusterIP: '10.0.0.1',
  externalName: '',
  ipFamily: 'IPv4',
  ports: [{ name: '', port: 80, targetPort: 8080, protocol: 'TCP' }],
})

export const slice = (of: string, addresses: readonly string[], name = `${of}-1`): EndpointSlice => ({
  kind: 'EndpointSlice',
  meta: meta(name),
  service: of,
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({ addresses: [address], ready: true, serving: true, terminating: false, zone: '', hints: [] })),
})

export const configMap = (name: string, data: Record<string, string>): ConfigMap => ({ kind: 'ConfigMap', meta: meta(name), data })

export const secret = (name: string, data: Record<string, string>): Secret =>
  ({ kind: 'Secret', meta: meta(name), type: 'kubernetes.io/tls', data })

/** The same object each time: what did not change keeps its identity. */
const noSettings = configMap('settings', {})

/** Keys of what came, went or is another one. */
export const changedKeys = (...objects: readonly (Ingress | Service | EndpointSlice)[]): ChangedKeys => {
  const of = (kind: KubeObject['kind']) => new Set(objects.filter((object) => object.kind === kind).map(keyOf))
  return { Ingress: of('Ingress'), Service: of('Service'), EndpointSlice: of('EndpointSlice') }
}

/** In the order given: a later one of the same key replaces the former. The ConfigMap that `options` names is there, empty, where none is given. */
export function objectsOf(given: Iterable<KubeObject>): Objects {
  const all = [noSettings, ...given]
  const of = <K extends KubeObject['kind']>(kind: K) => new Map<string, Extract<KubeObject, { kind: K }>>(
    all.filter((object): object is Extract<KubeObject, { kind: K }> => object.kind === kind)
      .map((object) => [object.meta.namespace === '' ? object.meta.name : `${object.meta.namespace}/${object.meta.name}`, object]))
  return {
    Ingress: of('Ingress'), IngressClass: of('IngressClass'), Service: of('Service'),
    EndpointSlice: of('EndpointSlice'), Secret: of('Secret'), ConfigMap: of('ConfigMap'),
  }
}
