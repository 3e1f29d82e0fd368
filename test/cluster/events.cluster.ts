// `kubectl describe ingress` answers why something does not work: an Event on the object for each issue, once.
import { beforeAll, expect, test } from 'bun:test'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { cluster, ingress, scene } from './scene.ts'

type Event = { readonly note: string; readonly type: string; readonly regarding: { readonly kind: string; readonly name: string; readonly uid: string }; readonly reportingController: string }
const here = scene()
let kube: Kube
let ns: string
const events = async (): Promise<readonly Event[]> => (await kube.request('GET', `/apis/events.k8s.io/v1/namespaces/${ns}/events`) as { items: Event[] }).items
  .filter(({ reportingController }) => reportingController === 'lintel.dev/ingress-controller')

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
})

test('each issue of an Ingress is an Event on it, and a restart says none again', async () => {
  const flags = ['--publish-status-address=192.0.2.1', '--election-id=events-test', '--election-ttl=2s']
  const first = await here.lintel(...flags)
  const broken = ingress('broken', ns, { rules: [{ host: 'broken.example', to: 'absent' }], annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': 'huge' } })
  await kube.apply(broken)
  await until('both are said', async () => (await events()).length === 2, 10_000)
  const { metadata: { uid } } = await kube.get(broken) as { metadata: { uid: string } }
  for (const event of await events()) expect(event).toMatchObject({ type: 'Warning', regarding: { kind: 'Ingress', name: 'broken', uid } })
  expect((await events()).map(({ note }) => note).toSorted()).toEqual([
    expect.stringContaining('nginx.ingress.kubernetes.io/proxy-body-size'),
    expect.stringContaining('absent'),
  ])
  await first.stop()
  const second = await here.lintel(...flags)
  await until('the second leads', () => second.stderr.some((line) => line.includes('leads: writes status')), 10_000)
  await kube.apply(ingress('marker', ns, { rules: [{ host: 'marker.example', to: 'absent-too' }] }))
  await until('the second says what is new', async () => (await events()).some(({ regarding }) => regarding.name === 'marker'), 10_000)
  expect((await events()).filter(({ regarding }) => regarding.name === 'broken')).toHaveLength(2)
})
