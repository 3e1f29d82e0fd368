// Which Ingresses of a cluster are served: by class, by namespace, by the life of their namespace.
import { beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube

/** An echo and an Ingress for HOST in each namespace. */
const web = (namespace: string, host: string, spec: object = {}) => [...app('echo', namespace), ingress('web', namespace, { rules: [{ host, to: 'echo' }], ...spec })]
const serves = (program: Program, host: string) => until(`${host} is served`, async () => (await ask(program, host)).status === 200, 15_000)
const status = async (program: Program, host: string) => (await ask(program, host)).status

beforeAll(async () => {
  kube = (await cluster()).kube
})

test('classes: by controller, by name, by the old annotation, by default', async () => {
  const ns = await here.namespace()
  const ingressClass = (name: string, controller: string, annotations = {}) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name, annotations }, spec: { controller } })
  await kube.apply(ingressClass('theirs', 'k8s.io/ingress-nginx'), ingressClass('foreign', 'example.com/other'))
  const rules = (host: string) => ({ rules: [{ host, to: 'echo' }] })
  await kube.apply(...app('echo', ns),
    ingress('a', ns, { ...rules('by-class.example'), ingressClassName: 'theirs' }),
    ingress('b', ns, { ...rules('foreign.example'), ingressClassName: 'foreign' }),
    ingress('c', ns, { ...rules('by-annotation.example'), ingressClassName: undefined, annotations: { 'kubernetes.io/ingress.class': 'nginx' } }),
    ingress('d', ns, { ...rules('unclassed.example'), ingressClassName: undefined }))
  const program = await here.lintel('--controller-class=k8s.io/ingress-nginx')
  await serves(program, 'by-class.example')
  await serves(program, 'by-annotation.example')
  expect([await status(program, 'foreign.example'), await status(program, 'unclassed.example')]).toEqual([404, 404])
  await kube.apply(ingressClass('theirs', 'k8s.io/ingress-nginx', { 'ingressclass.kubernetes.io/is-default-class': 'true' }))
  await serves(program, 'unclassed.example')
  for (const name of ['theirs', 'foreign']) await kube.delete(ingressClass(name, ''))
})

test('the ConfigMap that the class names as its parameters holds the settings, and is followed', async () => {
  const ns = await here.namespace()
  const settings = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: ns }, data })
  const fields = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fields', namespace: ns }, data: { 'X-Class': 'parameters' } }
  const parameters = { kind: 'ConfigMap', name: 'settings', namespace: ns, scope: 'Namespace' }
  await kube.apply({ apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'with-parameters' }, spec: { controller: 'test.example/parameters', parameters } })
  await kube.apply(...app('echo', ns), ingress('web', ns, { rules: [{ host: 'parameters.example', to: 'echo' }], ingressClassName: 'with-parameters' }))
  const program = await here.lintel('--controller-class=test.example/parameters')
  await serves(program, 'parameters.example')
  expect(JSON.stringify(await program.get('/issues'))).toContain(`ConfigMap ${ns}/settings`)
  await kube.apply(fields, settings({ 'add-headers': `${ns}/fields` }))
  await until('its fields are on answers', async () => (await fetch(program.url, { headers: { Host: 'parameters.example' } })).headers.get('X-Class') === 'parameters')
  expect(JSON.stringify(await program.get('/issues'))).not.toContain(`ConfigMap ${ns}/settings`)
})

test('--watch-namespace serves one or several, and what flags name elsewhere', async () => {
  const [one, two, three] = [await here.namespace(), await here.namespace(), await here.namespace()]
  await kube.apply(...web(one, 'one.example'), ...web(two, 'two.example'), ...app('fallback', three), ...web(three, 'three.example'))
  const program = await here.lintel(`--watch-namespace=${one},${two}`, `--default-backend-service=${three}/fallback`)
  await serves(program, 'one.example')
  await serves(program, 'two.example')
  await until('the default backend answers', async () => (await ask(program, 'three.example')).pod.startsWith('fallback'), 15_000)
})

test('--watch-namespace-selector follows labels', async () => {
  const [chosen, other] = [await here.namespace({ edge: 'yes' }), await here.namespace()]
  await kube.apply(...web(chosen, 'chosen.example'), ...web(other, 'unchosen.example'))
  const program = await here.lintel('--watch-namespace-selector=edge=yes')
  await serves(program, 'chosen.example')
  expect(await status(program, 'unchosen.example')).toBe(404)
  const namespace = (name: string, edge: string | null) => kube.patch({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { metadata: { labels: { edge } } })
  await namespace(other, 'yes')
  await serves(program, 'unchosen.example')
  await namespace(chosen, null)
  await until('the one that lost its label is gone', async () => await status(program, 'chosen.example') === 404)
})

test('an Ingress of a namespace that is being deleted is gone at once, and a new one for its host serves', async () => {
  const [dying, next] = [await here.namespace(), await here.namespace()]
  // A finalizer keeps the Ingress there, as slow deletion does.
  const old = ingress('web', dying, { rules: [{ host: 'moving.example', to: 'echo' }] })
  await kube.apply(...app('echo', dying), { ...old, metadata: { ...old.metadata, finalizers: ['test.example/hold'] } })
  const program = await here.lintel()
  await serves(program, 'moving.example')
  await kube.apply(...app('successor', next))
  await kube.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: dying } })
  await until('it is gone', async () => await status(program, 'moving.example') === 404)
  await kube.apply(ingress('web', next, { rules: [{ host: 'moving.example', to: 'successor' }] }))
  await until('the new one serves', async () => (await ask(program, 'moving.example')).pod.startsWith('successor'), 15_000)
  expect(await kube.get(old)).toMatchObject({ metadata: { finalizers: ['test.example/hold'] } })
  await kube.patch(old, { metadata: { finalizers: null } })
})
