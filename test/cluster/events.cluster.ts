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
  .filter(({ reportingController, type }) => reportingController === 'lintel.dev/ingress-controller' && type === 'Warning')
const syncs = async (name: string): Promise<number> => (await kube.request('GET', `/apis/events.k8s.io/v1/namespaces/${ns}/events`) as { items: (Event & { reason: string })[] }).items
  .filter(({ reason, type, regarding, note }) => reason === 'Sync' && type === 'Normal' && regarding.name === name && note === 'Scheduled for sync').length

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
  await second.stop()
})

test('an Ingress that is new or changed has a Sync Event, one that was there before or only has a new status none', async () => {
  const flags = ['--publish-status-address=192.0.2.1', '--election-id=sync-test', '--election-ttl=2s']
  const web = (name: string, annotations = {}) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'absent' }], annotations })
  await kube.apply(web('before'))
  const first = await here.lintel(...flags)
  await until('it leads', () => first.stderr.some((line) => line.includes('leads: writes status')), 10_000)
  await kube.apply(web('fresh'))
  await until('it is said', async () => await syncs('fresh') === 1, 10_000)
  await kube.apply(web('fresh', { 'nginx.ingress.kubernetes.io/proxy-body-size': '1m' }))
  await until('the change is said', async () => await syncs('fresh') === 2, 10_000)
  expect(await syncs('before')).toBe(0)
  await until('the status is written', async () => JSON.stringify(await kube.get(web('fresh'))).includes('192.0.2.1'), 10_000)
  await first.stop()
  const silent = await here.lintel('--disable-sync-events', ...flags)
  await until('the second leads', () => silent.stderr.some((line) => line.includes('leads: writes status')), 10_000)
  await kube.apply(web('unsaid'))
  // Its issue is said after what else was to be said of it.
  await until('something is said of it', async () => (await events()).some(({ regarding }) => regarding.name === 'unsaid'), 10_000)
  expect([await syncs('fresh'), await syncs('unsaid')]).toEqual([2, 0])
})
