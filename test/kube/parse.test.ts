// Manifests as people write them → objects; what is wrong names the object, the field and the remedy.
import { expect, test } from 'bun:test'
import type { Ingress, KubeObject } from '../../src/kube/objects.ts'
import { parseManifest } from '../../src/kube/parse.ts'

const parse = (text: string) => parseManifest(text, { file: 'f.yaml' })
const only = (text: string): KubeObject => {
  const { objects, issues } = parse(text)
  expect(issues).toEqual([])
  expect(objects).toHaveLength(1)
  const [object] = objects
  if (!object) throw new Error('no object')
  return object
}
const meta = { namespace: 'default', name: 'x', uid: '', annotations: {}, labels: {}, creationTimestamp: '' }
const manifest = (apiVersion: string, kind: string, body: object): string => JSON.stringify({ apiVersion, kind, metadata: { name: 'x' }, ...body })

const cafe: Omit<Ingress, 'rules'> = {
  kind: 'Ingress', meta: { ...meta, name: 'cafe-ingress' }, className: undefined, defaultBackend: undefined,
  tls: [{ hosts: ['cafe.example.com'], secretName: 'cafe-secret' }],
}

test('the legacy café', () => {
  expect(only(`
apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: cafe-ingress
spec:
  tls:
  - hosts:
    - cafe.example.com
    secretName: cafe-secret
  rules:
  - host: cafe.example.com
    http:
      paths:
      - path: /tea
        backend:
          serviceName: tea-svc
          servicePort: 80
      - backend:
          serviceName: coffee-svc
          servicePort: "http"
`)).toEqual({
    ...cafe,
    rules: [{ host: 'cafe.example.com', paths: [
      { path: '/tea', pathType: 'ImplementationSpecific', backend: { service: { name: 'tea-svc', port: 80 } } },
      { path: '/', pathType: 'ImplementationSpecific', backend: { service: { name: 'coffee-svc', port: 'http' } } },
    ] }],
  })
})

test('the current café', () => {
  expect(only(`
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: cafe-ingress, namespace: default}
spec:
  ingressClassName: nginx
  defaultBackend: {resource: {apiGroup: k8s.example.com, kind: Bucket, name: icons}}
  tls: [{hosts: [cafe.example.com], secretName: cafe-secret}]
  rules:
  - http:
      paths:
      - {path: /tea, pathType: Prefix, backend: {service: {name: tea-svc, port: {number: 80}}}}
      - {path: /milk, pathType: Exact, backend: {service: {name: milk-svc, port: {name: http}}}}
`)).toEqual({
    ...cafe, className: 'nginx', defaultBackend: { resource: { kind: 'Bucket', name: 'icons' } },
    rules: [{ host: '', paths: [
      { path: '/tea', pathType: 'Prefix', backend: { service: { name: 'tea-svc', port: 80 } } },
      { path: '/milk', pathType: 'Exact', backend: { service: { name: 'milk-svc', port: 'http' } } },
    ] }],
  })
})

test('IngressClass has no namespace', () => {
  const object = only(JSON.stringify({
    apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', spec: { controller: 'lintel.dev/ingress-controller' },
    metadata: { name: 'x', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  }))
  expect(object).toMatchObject({ kind: 'IngressClass', meta: { namespace: '', name: 'x' }, controller: 'lintel.dev/ingress-controller', isDefault: true, parameters: '' })
})

test('Service with its defaults', () => {
  const spec = { clusterIP: 'None', ports: [{ port: 80 }, { name: 'b', port: 81, targetPort: 'web', protocol: 'UDP' }] }
  expect(only(manifest('v1', 'Service', { spec }))).toEqual({
    kind: 'Service', meta, type: 'ClusterIP', clusterIP: 'None', externalName: '', ipFamily: 'IPv4',
    ports: [{ name: '', port: 80, targetPort: 80, protocol: 'TCP' }, { name: 'b', port: 81, targetPort: 'web', protocol: 'UDP' }],
  })
})

test.each([
  [{ ipFamilies: ['IPv6', 'IPv4'] }, 'IPv6'],
  [{ ipFamilies: ['IPv4', 'IPv6'], clusterIP: 'fd00::1' }, 'IPv4'],
  [{ clusterIP: 'fd00::1' }, 'IPv6'],
  [{}, 'IPv4'],
])('Service %j prefers %s', (spec, ipFamily) => { expect(only(manifest('v1', 'Service', { spec }))).toMatchObject({ ipFamily }) })

test('EndpointSlice: an absent `ready` counts as true', () => {
  const labels = { 'kubernetes.io/service-name': 'tea' }
  const leaving = { ready: false, serving: true, terminating: true }
  const endpoints = [{ addresses: ['127.0.0.1'] }, { addresses: ['::1'], conditions: leaving, zone: 'a', hints: { forZones: [{ name: 'a' }, { name: 'b' }] } }]
  const body = { metadata: { name: 'x', labels }, addressType: 'IPv4', ports: [{ port: 80 }, { name: 'all' }], endpoints }
  const object = only(manifest('discovery.k8s.io/v1', 'EndpointSlice', body))
  expect(object).toEqual({
    kind: 'EndpointSlice', meta: { ...meta, labels }, service: 'tea', ports: [{ name: '', port: 80, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['127.0.0.1'], ready: true, serving: true, terminating: false, zone: '', hints: [] },
      { addresses: ['::1'], ready: false, serving: true, terminating: true, zone: 'a', hints: ['a', 'b'] },
    ],
  })
})

test('Endpoints become one slice for each subset', () => {
  const subsets = [
    { addresses: [{ ip: '10.0.0.1' }], notReadyAddresses: [{ ip: '10.0.0.2' }], ports: [{ port: 80 }] },
    { addresses: null, ports: [{ name: 'b', port: 81 }] },
  ]
  const { objects } = parse(manifest('v1', 'Endpoints', { subsets }))
  expect(objects).toMatchObject([
    {
      kind: 'EndpointSlice', meta: { name: 'endpoints:x:0' }, service: 'x',
      endpoints: [{ addresses: ['10.0.0.1'], ready: true }, { addresses: ['10.0.0.2'], ready: false }],
    },
    { kind: 'EndpointSlice', meta: { name: 'endpoints:x:1' }, service: 'x', ports: [{ name: 'b', port: 81 }], endpoints: [] },
  ])
})

test('Secret: stringData over decoded data', () => {
  const object = only(manifest('v1', 'Secret', { type: 'kubernetes.io/tls', data: { a: 'aMOp\nbGxv\n', b: 'aGk=' }, stringData: { b: 'over' } }))
  expect(object).toEqual({ kind: 'Secret', meta, type: 'kubernetes.io/tls', data: { a: 'héllo', b: 'over' } })
})

test('ConfigMap: an empty value is the empty text', () => {
  expect(only('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: "1"\n  b:\n')).toEqual({ kind: 'ConfigMap', meta, data: { a: '1', b: '' } })
})

test('lists, nested kinds and other kinds', () => {
  const item = { metadata: { name: 'l' }, spec: { backend: { serviceName: 'x', servicePort: '80' } } }
  const { objects, issues } = parse([
    JSON.stringify({ apiVersion: 'extensions/v1beta1', kind: 'IngressList', items: [item] }),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [JSON.parse(manifest('v1', 'ConfigMap', {})), JSON.parse(manifest('apps/v1', 'Deployment', {}))] }),
    manifest('serving.knative.dev/v1', 'Service', { spec: 1 }),
    '# nothing here',
  ].join('\n---\n'))
  expect(issues).toEqual([])
  expect(objects).toMatchObject([{ kind: 'Ingress', defaultBackend: { service: { name: 'x', port: 80 } } }, { kind: 'ConfigMap' }])
})

const ingress = (backend: object, rest: object = { pathType: 'Prefix' }): string =>
  manifest('networking.k8s.io/v1', 'Ingress', { spec: { rules: [{ http: { paths: [{ path: '/', ...rest, backend }] } }] } })
const slice = (endpoints: unknown, labels = { 'kubernetes.io/service-name': 'x' }): string =>
  manifest('discovery.k8s.io/v1', 'EndpointSlice', { metadata: { name: 'x', labels }, addressType: 'IPv4', endpoints })
const service = { service: { name: 's', port: { number: 80 } } }
const backendAt = 'spec.rules[0].http.paths[0].backend'

const rejected: [text: string, object: string, field: string, reason: string][] = [
  [ingress({ service: { name: 's', port: { number: '80' } } }), 'Ingress default/x', `${backendAt}.service.port.number`, 'must be a number but is text: remove the quotes'],
  [ingress({ service: { name: 's', port: { number: 0 } } }), 'Ingress default/x', `${backendAt}.service.port.number`, 'must be 1 to 65535'],
  [ingress({ service: { name: 's' } }), 'Ingress default/x', backendAt, 'has no service.port: give port.number or port.name'],
  [ingress({ serviceName: 's', servicePort: 80 }), 'Ingress default/x', backendAt, '`serviceName` is the v1beta1 shape'],
  [ingress({}), 'Ingress default/x', backendAt, 'has neither `service` nor `resource`'],
  [ingress(service, {}), 'Ingress default/x', 'spec.rules[0].http.paths[0].pathType', 'is missing: it must be one of Exact, Prefix'],
  [ingress(service, { pathType: 'prefix' }), 'Ingress default/x', 'spec.rules[0].http.paths[0].pathType', 'must be one of Exact, Prefix'],
  [manifest('networking.k8s.io/v1', 'Ingress', { spec: { backend: {} } }), 'Ingress default/x', 'spec.backend', 'write defaultBackend'],
  [
    manifest('v1', 'Service', { metadata: { name: 'x', annotations: { 'a/b': true } } }),
    'Service default/x', 'metadata.annotations[a/b]', 'must be text but is `true` or `false`: write it in quotes',
  ],
  [manifest('v1', 'Service', { spec: { type: 'ExternalName' } }), 'Service default/x', 'spec.externalName', 'needs a DNS name'],
  [manifest('v1', 'Secret', { data: { 'tls.key': 'a$b' } }), 'Secret default/x', 'data[tls.key]', 'is not base64'],
  [manifest('v1', 'ConfigMap', { data: { a: 8, b: true } }), 'ConfigMap default/x', 'data.a', 'must be text but is a number: write it in quotes (and 1 more)'],
  [slice([{ addresses: ['tea.example'] }]), 'EndpointSlice default/x', 'endpoints[0].addresses', 'must be IP addresses'],
  [manifest('discovery.k8s.io/v1', 'EndpointSlice', { metadata: { name: 'x', labels: { 'kubernetes.io/service-name': 's' } }, addressType: 'FQDN', endpoints: [{ addresses: ['tea.example'] }] }), 'EndpointSlice default/x', 'addressType', 'use a Service of type ExternalName'],
  [slice([], { 'kubernetes.io/service-name': '' }), 'EndpointSlice default/x', 'metadata.labels[kubernetes.io/service-name]', 'is missing'],
  [manifest('networking.k8s.io/v2', 'Ingress', {}), 'f.yaml', 'line 2', 'is not known: use networking.k8s.io/v1 or networking.k8s.io/v1beta1 or extensions/v1beta1'],
  [manifest('v1', 'Service', { metadata: { name: 'A/b' } }), 'f.yaml', 'line 2', 'Service without a valid name'],
  ['- a', 'f.yaml', 'line 2', 'is not a Kubernetes object'],
  ['a: 1', 'f.yaml', 'line 2', 'apiVersion or kind is missing'],
  ['a: 1\nb: c: d', 'f.yaml', 'line 3', 'Nested mappings are not allowed'],
]

const byReason = rejected.map(([text, object, field, reason]) => [reason, { text, object, field }] as const)

test.each(byReason)('one issue, and the others of its file stay: %s', (reason, { text, object, field }) => {
  const { objects, issues } = parse(`---\n${text}\n---\n${manifest('v1', 'ConfigMap', { metadata: { name: 'good' } })}`)
  expect(issues).toEqual([{ object, field, reason: expect.stringContaining(reason) }])
  expect(objects).toMatchObject([{ kind: 'ConfigMap', meta: { name: 'good' } }])
})

test('the same object twice in one file: the first one is used', () => {
  const { objects, issues } = parse(`${manifest('v1', 'ConfigMap', { data: { a: '1' } })}\n---\n${manifest('v1', 'ConfigMap', { data: { a: '2' } })}`)
  expect(objects).toMatchObject([{ data: { a: '1' } }])
  expect(issues).toEqual([{ object: 'ConfigMap default/x', field: '', reason: expect.stringContaining('(f.yaml line 3)') }])
})

test('no issue shows the value of a Secret', () => {
  const { issues } = parse(manifest('v1', 'Secret', { data: { a: 'hunter2!' }, stringData: { b: { c: 'hunter3' } } }))
  expect(issues).toHaveLength(1)
  expect(JSON.stringify(issues)).not.toMatch(/hunter/)
})

test('an unchanged document of a changed file keeps its objects', () => {
  const one = manifest('v1', 'ConfigMap', { metadata: { name: 'one' } })
  const before = parse(`${one}\n---\n${manifest('v1', 'ConfigMap', { metadata: { name: 'two' } })}`)
  const after = parseManifest(`${one}\n---\n${manifest('v1', 'ConfigMap', { metadata: { name: 'three' } })}`, { file: 'f.yaml', former: before.documents })
  expect<KubeObject | undefined>(after.objects[0]).toBe(before.objects[0])
  expect(after.objects[1]).toMatchObject({ meta: { name: 'three' } })
})
