// One bad object costs itself only: fifty broken Ingresses among many others, which keep changing, and their last good versions serve.
// BROKEN_AMONG=5000 for the large form.
import { beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube, KubeObject } from './kube.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string
const GOOD = Number(process.env['BROKEN_AMONG'] ?? 500)
const BROKEN = 50
/** Good ones that change while there are broken ones: from the first to the last. */
const CHANGING = 50
/** Of the API server's own limit for all annotations of an object, octets. */
const HUGE = 250_000
const MANY_PATHS = 500
const AT_ONCE = 40
const PREFIX = 'nginx.ingress.kubernetes.io'

const good = (name: string, host = `${name}.example`) => ingress(name, ns, { rules: [{ host, to: 'echo' }] })
/** Ways to be broken that the API server lets pass. */
const faults: Readonly<Record<string, (name: string) => KubeObject>> = {
  'regex': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, path: '/(', to: 'echo' }], annotations: { [`${PREFIX}/use-regex`]: 'true' } }),
  'absent-service': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'absent' }] }),
  'absent-secret': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'echo' }], tls: [{ hosts: [`${name}.example`], secretName: 'absent' }] }),
  'huge-annotation': (name) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'echo' }], annotations: { [`${PREFIX}/configuration-snippet`]: 'x'.repeat(HUGE) } }),
  'absent-port': (name) => ingress(name, ns, { rules: [], defaultBackend: { service: { name: 'echo', port: { number: 81 } } } }),
  // Not a fault of its own: the last of its paths is.
  'many-paths': (name) => ingress(name, ns, {
    rules: Array.from({ length: MANY_PATHS }, (_, i) => ({ host: `${name}.example`, path: i === MANY_PATHS - 1 ? '/(' : `/p${i}`, to: 'echo' })), annotations: { [`${PREFIX}/use-regex`]: 'true' },
  }),
  'conflict': (name) => ingress(name, ns, { rules: [{ host: 'aaa.example', to: 'echo' }] }),
}
let broken: readonly KubeObject[]
const makeBroken = () => Array.from({ length: BROKEN }, (_, i) => {
  const [fault = '', make = good] = Object.entries(faults)[i % Object.keys(faults).length] ?? []
  return make(`${fault}-${Math.floor(i / Object.keys(faults).length)}`)
})
const changing = Array.from({ length: CHANGING }, (_, i) => Math.floor(i * (GOOD - 1) / (CHANGING - 1)))

async function applyAll(objects: readonly KubeObject[]): Promise<void> {
  const rest = [...objects]
  await Promise.all(Array.from({ length: AT_ONCE }, async () => { for (let next = rest.pop(); next !== undefined; next = rest.pop()) await kube.apply(next) }))
}

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  broken = makeBroken()
  // Older than all, and first by name where the API server's seconds are equal: it owns its host.
  await kube.apply(...app('echo', ns), good('aaa'))
  // Their first versions are good.
  await applyAll([...Array.from({ length: GOOD }, (_, i) => good(`good-${i}`)), ...broken.map(({ metadata: { name } }) => good(name))])
  program = await here.lintel('--publish-status-address=192.0.2.1', '--election-id=broken-test', '--election-ttl=2s')
  await until('served', async () => (await ask(program, `good-${GOOD - 1}.example`)).status === 200, 20_000)
}, 240_000)

test('they are reported each, and the others go on changing', async () => {
  for (const object of broken) await kube.apply(object)
  for (const i of changing) {
    await kube.apply(good(`good-${i}`, `changed-${i}.example`))
    await until('the change is live', async () => (await ask(program, `changed-${i}.example`)).status === 200, 20_000)
  }
  const { issues } = await program.get('/issues') as { issues: readonly { object: string }[] }
  const named = new Set(issues.map(({ object }) => object))
  expect(broken.map(({ metadata: { name } }) => name).filter((name) => !named.has(`Ingress ${ns}/${name}`))).toEqual([])
})

test.each(['regex-0', 'many-paths-0'])('%s: its last good version serves', async (name) => {
  expect((await ask(program, `${name}.example`, '/anything')).status).toBe(200)
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
  const isChanged = new Set(changing)
  const statuses = await Promise.all(Array.from({ length: GOOD }, async (_, i) => (await ask(program, `${isChanged.has(i) ? 'changed' : 'good'}-${i}.example`)).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
  // Of a broken one there is no good version any more: closed, not open.
  expect((await ask(program, 'regex-0.example', '/anything')).status).toBe(503)
})
