// Clocks that are wrong: another replica's, as its Lease shows it, and our own. Who leads is a matter of what is seen to change.
import { afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { credentials } from '../../src/cluster/kubeconfig.ts'
import { systemTiming } from '../../src/cluster/reflector.ts'
import { Spokesman } from '../../src/cluster/spokesman.ts'
import { Transport } from '../../src/cluster/transport.ts'
import { Store } from '../../src/kube/store.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let ns: string
const TTL_MS = 2000
const HOURS = 3_600_000

const lease = (name: string, offMs: number) => ({
  apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'default' },
  spec: { holderIdentity: 'another', leaseDurationSeconds: TTL_MS / 1000, leaseTransitions: 3, renewTime: new Date(Date.now() + offMs).toISOString().replace('Z', '000Z') },
})
const holder = async (name: string) => (await kube.get(lease(name, 0)) as { spec: { holderIdentity: string; leaseTransitions: number } }).spec
const electing = (name: string) => [`--election-id=${name}`, `--election-ttl=${TTL_MS}ms`, '--publish-status-address=192.0.2.1']

beforeAll(async () => {
  kube = (await cluster()).kube
  ns = await here.namespace()
})

test('a holder who is silent is replaced in time, though its clock was hours ahead', async () => {
  await kube.apply(lease('ahead', 5 * HOURS))
  await here.lintel(...electing('ahead'))
  await until('we hold it', async () => (await holder('ahead')).holderIdentity !== 'another', 15_000)
  expect((await holder('ahead')).leaseTransitions).toBe(4)
})

test('a holder who renews keeps it, though its clock is hours behind', async () => {
  await kube.apply(lease('behind', -5 * HOURS))
  const program = await here.lintel(...electing('behind'))
  // Each renewal is another time, hours ago.
  for (const end = performance.now() + 3 * TTL_MS; performance.now() < end;) await kube.apply(lease('behind', -5 * HOURS))
  expect(program.stderr.some((line) => line.includes('leads: writes status'))).toBe(false)
  expect(await holder('behind')).toMatchObject({ holderIdentity: 'another', leaseTransitions: 3 })
  await until('we hold it when it is silent', async () => (await holder('behind')).holderIdentity !== 'another', 15_000)
})

describe('our own clock', () => {
  const real = globalThis.Date
  afterEach(() => { globalThis.Date = real })

  test.each([['ahead', 5 * HOURS], ['behind', -5 * HOURS]])('hours %s: status, Events and lease are written', async (name, offMs) => {
    const ours = `own-${name}`
    const object = ingress(ours, ns, { rules: [{ host: `${ours}.example`, to: 'absent' }] })
    await kube.apply(object)
    globalThis.Date = off(real, offMs)
    const key = `${ns}/${ours}`
    const spokesman = await speaking(ours)
    spokesman.ingressSeen(key, await kube.get(object))
    spokesman.found({ ingresses: new Set([key]), issues: [{ object: `Ingress ${key}`, field: '', reason: 'is broken' }], objects: new Store().objects })
    await until('the status is written', async () => JSON.stringify(await kube.get(object)).includes('192.0.2.1'), 15_000)
    const { eventTime } = await until('the Event is there', async () => {
      const { items } = await kube.request('GET', `/apis/events.k8s.io/v1/namespaces/${ns}/events`) as { readonly items: readonly { readonly eventTime: string; readonly note: string; readonly regarding: { readonly name: string } }[] }
      // The programs of the tests before say something of it, too.
      return items.find(({ regarding, note }) => regarding.name === ours && note.includes('is broken'))
    }, 15_000)
    // It was wrong where the time is written, indeed.
    expect(Math.abs(real.parse(eventTime) - real.now() - offMs)).toBeLessThan(HOURS)
    await spokesman.retire()
    expect((await holder(ours)).holderIdentity).toBe('')
  })

  /** As the program does it, in this process: Bun lets nobody change the clock of a program's threads. */
  async function speaking(name: string): Promise<Spokesman> {
    const { kubeconfig } = (await cluster()).plane.files
    const api = new Transport(credentials({ kubeconfig, apiserverHost: '', certificateAuthority: '' }, {}), 'test')
    const spokesman = new Spokesman({
      election: { namespace: 'default', name, identity: 'us', ttlMs: TTL_MS }, writesStatus: true, tellsSyncs: false,
      publisher: { addresses: ['192.0.2.1'], service: null, pod: null, internal: false },
    }, { following: { api, timing: systemTiming, signal: new AbortController().signal, report: () => undefined }, note: () => undefined })
    spokesman.start()
    return spokesman
  }

  function off(of: DateConstructor, ms: number): DateConstructor {
    return new Proxy(of, {
      construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [of.now() + ms] : args, newTarget),
      get: (target, property, receiver) => (property === 'now' ? () => of.now() + ms : Reflect.get(target, property, receiver)),
    })
  }
})
