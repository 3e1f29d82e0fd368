// One bad object costs itself only: fifty broken Ingresses among many others, which keep changing, and their last good versions serve.
import { beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube, KubeObject } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string
const GOOD = 200
const EACH = 10
const PREFIX = 'nginx.ingress.kubernetes.io'

const good = (name: string, host = `${name}.example`) => ingress(name, ns, { rules: [{ host, to: 'echo' }] })
/** Ways to be broken that the API server lets pass. */
const faults: Readonly<Record<string, (name: string) => KubeObject>> = {
  'regex': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, path: '/(', to: 'echo' }], annotations: { [`${PREFIX}/use-regex`]: 'true' } }),
  'absent-service': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'absent' }] }),
  'absent-secret': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'echo' }], tls: [{ hosts: [`${name}.example`], secretName: 'absent' }] }),
  'huge-annotation': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'echo' }], annotations: { [`${PREFIX}/configuration-snippet`]: 'x'.repeat(200_000) } }),
  'conflict': (name) => ingress(name, ns, { rules: [{ host: 'aaa.example', to: 'echo' }] }),
}
let broken: readonly KubeObject[]
const makeBroken = () => Object.entries(faults).flatMap(([fault, make]) => Array.from({ length: EACH }, (_, i) => make(`${fault}-${i}`)))

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  broken = makeBroken()
  // Older than all, and first by name where the API server's seconds are equal: it owns its host.
  await kube.apply(...app('echo', ns), good('aaa'))
  // Their first versions are good.
  await Promise.all([...Array.from({ length: GOOD }, (_, i) => good(`good-${i}`)), ...broken.map(({ metadata: { name } }) => good(name))].map((object) => kube.apply(object)))
  program = await here.lintel('--publish-status-address=192.0.2.1', '--election-id=broken-test', '--election-ttl=2s')
  await until('served', async () => (await ask(program, `good-${GOOD - 1}.example`)).status === 200, 20_000)
})

test('they are reported each, and the others go on changing', async () => {
  for (const object of broken) await kube.apply(object)
  await kube.apply(good('good-1', 'changed.example'))
  await until('the change is live', async () => (await ask(program, 'changed.example')).status === 200)
  const { issues } = await program.get('/issues') as { issues: readonly { object: string }[] }
  const named = new Set(issues.map(({ object }) => object))
  expect(broken.map(({ metadata: { name } }) => name).filter((name) => !named.has(`Ingress ${ns}/${name}`))).toEqual([])
})

test('a broken regex leaves its last good version serving', async () => {
  expect((await ask(program, 'regex-0.example', '/anything')).status).toBe(200)
})

test('each has its Event', async () => {
  const about = async () => new Set((await kube.request('GET', `/apis/events.k8s.io/v1/namespaces/${ns}/events`) as { items: { regarding: { name: string } }[] }).items.map(({ regarding }) => regarding.name))
  await until('all are there', async () => {
    const names = await about()
    return broken.every(({ metadata: { name } }) => names.has(name))
  }, 30_000)
})

test('after a restart the good ones serve', async () => {
  await program.stop()
  program = await here.lintel()
  const statuses = await Promise.all(Array.from({ length: GOOD }, async (_, i) => (await ask(program, i === 1 ? 'changed.example' : `good-${i}.example`)).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
})
