// Arbitrary sets of objects for the properties: few names, so that they meet each other. Names that start with `bad` stand for
// objects that are always bad, the others never are: a last good version would make history matter.
import fc from 'fast-check'
import type { Ingress, IngressPath, KubeObject } from '../../src/kube/objects.ts'
import { certificate } from '../support/certificate.ts'
import { annotated, configMap, ingress, path, secret, service, slice } from './objects.ts'

const { cert, key } = await certificate({ names: ['a.test', '*.w.test'] })
const services = ['s1', 's2', 's3']

type PathType = IngressPath['pathType']

const host = fc.constantFrom('', 'a.test', 'A.test.', 'b.w.test', 'c.w.test', '*.w.test', 'not a host')
const paths = fc.array(
  fc.tuple(fc.constantFrom('/', '/a', '/a/', '/a/b', '/b.*'), fc.constantFrom(...services, 'gone'), fc.constantFrom<PathType>('Exact', 'Prefix'))
    .map(([at, to, type]) => path(at, to, type)),
  { maxLength: 3 })
const annotations = fc.dictionary(
  fc.constantFrom('use-regex', 'rewrite-target', 'ssl-redirect', 'app-root', 'service-upstream', 'auth-url', 'nonsense'),
  fc.constantFrom('true', 'false', '/x', 'word'), { maxKeys: 2 })
const balance = fc.constantFrom<Record<string, string>>(
  { 'load-balance': 'ewma' }, { 'upstream-hash-by': '$host' }, { affinity: 'cookie' }, { affinity: 'cookie', 'affinity-mode': 'persistent', 'use-regex': 'true' })
const canary = fc.dictionary(fc.constantFrom('canary-weight', 'canary-weight-total', 'canary-by-header', 'affinity-canary-behavior'), fc.constantFrom('20', '90', '150', 'x y', 'legacy'), { maxKeys: 2 })
  .map((rules) => ({ canary: 'true', ...rules }))
const tlsBlock = fc.record({ hosts: fc.array(host, { maxLength: 2 }), secretName: fc.constantFrom('', 'tls', 'bad-tls', 'gone') })
const tls = fc.array(tlsBlock, { maxLength: 1 })

const anyIngress: fc.Arbitrary<Ingress> = fc.record({
  name: fc.constantFrom('i1', 'i2', 'i3', 'i4'),
  rules: fc.array(fc.record({ host, paths }), { maxLength: 2 }),
  backend: fc.option(fc.constantFrom(...services), { nil: undefined }),
  tls,
  annotations: fc.oneof({ weight: 2, arbitrary: annotations }, { weight: 1, arbitrary: balance }, { weight: 1, arbitrary: canary }),
  created: fc.constantFrom('', '2024-01-01T00:00:00Z'),
  className: fc.constantFrom(undefined, undefined, 'nginx', 'class', 'theirs'),
}).map(({ name, rules, backend, tls: blocks, annotations: notes, created, className }) => {
  const plain = annotated(ingress(name, '', []), notes)
  const defaultBackend = backend === undefined ? undefined : { service: { name: backend, port: 80 } }
  return { ...plain, meta: { ...plain.meta, creationTimestamp: created }, rules, defaultBackend, tls: blocks, className }
})

const anyClass = fc.constantFrom('k8s.io/ingress-nginx', 'example.com/other').map((controller): KubeObject => ({
  kind: 'IngressClass',
  meta: { namespace: '', name: 'class', uid: '', annotations: {}, labels: {}, creationTimestamp: '' },
  controller,
  isDefault: false, parameters: '',
}))

const anySettings = fc.dictionary(
  fc.constantFrom('ssl-redirect', 'proxy-body-size', 'load-balance', 'add-headers', 'annotation-value-word-blocklist', 'global-auth-url', 'service-upstream'),
  fc.constantFrom('true', 'false', '2m', 'default/fields', 'word', 'least_conn'), { maxKeys: 2 }).map((data) => configMap('settings', data))

const anyService = fc.record({
  name: fc.constantFrom(...services),
  clusterIP: fc.constantFrom('None', '10.0.0.1'),
  port: fc.constantFrom(80, 80, 81),
  uid: fc.constantFrom('', 'one', 'another'),
}).map(({ name, clusterIP, port, uid }) => ({ ...service(name), meta: { ...service(name).meta, uid }, clusterIP, ports: [{ name: '', port, targetPort: 8080, protocol: 'TCP' }] }))

export const anySlice = fc.record({
  of: fc.constantFrom(...services),
  name: fc.constantFrom('e1', 'e2', 'e3', 'e4'),
  addresses: fc.array(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'), { maxLength: 3 }),
}).map(({ of, name, addresses }) => slice(of, addresses, name))

export const anyObject: fc.Arbitrary<KubeObject> = fc.oneof(
  { weight: 6, arbitrary: anyIngress },
  { weight: 3, arbitrary: anyService },
  { weight: 3, arbitrary: anySlice },
  { weight: 1, arbitrary: anySettings },
  { weight: 1, arbitrary: anyClass },
  { weight: 1, arbitrary: fc.constantFrom('1', '2').map((value) => configMap('fields', { 'X-Field': value })) },
  { weight: 1, arbitrary: fc.constant(null).map(() => ingress('bad-path', 'a.test', [path('/has a space')])) },
  { weight: 1, arbitrary: fc.constant(null).map(() => secret('tls', { 'tls.crt': cert, 'tls.key': key })) },
  { weight: 1, arbitrary: fc.constant(null).map(() => secret('bad-tls', { 'tls.crt': 'junk', 'tls.key': key })) },
)
