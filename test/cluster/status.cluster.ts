// The status of Ingresses: written by one replica, at once, only where it differs, and never lost by what happens to us.
import { beforeAll, expect, test } from 'bun:test'
import { type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let program: Program
let ns: string
const ADDRESSES = ['192.0.2.10', 'edge.example']

const object = (name: string) => ingress(name, ns, {})
const raw = (name: string) => kube.get(object(name)) as Promise<{ readonly metadata: { readonly resourceVersion: string }; readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] } } }>
const addresses = async (name: string) => ((await raw(name)).status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname)
const web = (name: string, spec: object = {}) => ingress(name, ns, { rules: [{ host: `${name}.example`, to: 'echo' }], ...spec })
const ELECTION = ['--election-id=status-test', '--election-ttl=2s']
const flags = [`--publish-status-address=${ADDRESSES.join()}`, ...ELECTION]

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
  program = await here.lintel(...flags)
  await kube.apply(...app('echo', ns), web('one'))
})

test('an Ingress of ours has our addresses, soon after it came', async () => {
  await until('written', async () => (await addresses('one')).length === 2, 10_000)
  expect(await addresses('one')).toEqual(ADDRESSES)
})

test('one of another class has none, and one that leaves ours loses them', async () => {
  await kube.apply(web('other', { ingressClassName: 'other' }), web('leaving'))
  await until('the one of ours is written', async () => (await addresses('leaving')).length === 2)
  expect(await addresses('other')).toEqual([])
  await kube.apply(web('leaving', { ingressClassName: 'other' }))
  await until('cleared', async () => (await addresses('leaving')).length === 0)
})

test('an address that another controller wrote into an Ingress of its class stays', async () => {
  await kube.patch(object('other'), { status: { loadBalancer: { ingress: [{ ip: '192.0.2.99' }] } } }, 'status')
  await kube.apply(web('later'))
  await until('we wrote meanwhile', async () => (await addresses('later')).length === 2)
  expect(await addresses('other')).toEqual(['192.0.2.99'])
})

test('a right status is not written again, neither by a restart nor by the next leader, and never cleared by them', async () => {
  const { resourceVersion } = (await raw('one')).metadata
  const second = await here.lintel(...flags)
  await program.stop()
  await until('the second leads', () => second.stderr.some((line) => line.includes('leads: writes status')), 10_000)
  await kube.apply(web('after'))
  await until('it writes', async () => (await addresses('after')).length === 2)
  expect((await raw('one')).metadata.resourceVersion).toBe(resourceVersion)
  program = second
})

test('addresses of --publish-service follow the Service', async () => {
  const lb = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'lb', namespace: ns } }
  await kube.apply({ ...lb, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } })
  await program.stop()
  const third = await here.lintel(`--publish-service=${ns}/lb`, ...ELECTION)
  await until('it says that there is none yet', () => third.stderr.some((line) => line.includes(`Service ${ns}/lb`) && line.includes('has no address yet')), 10_000)
  expect(await addresses('one')).toEqual(ADDRESSES)
  await kube.patch(lb, { status: { loadBalancer: { ingress: [{ ip: '203.0.113.5' }] } } }, 'status')
  await until('the new address is written', async () => (await addresses('one')).join() === '203.0.113.5')
})
