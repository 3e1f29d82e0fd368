// The Lease that elects a leader, against a scripted API server and replicas whose time the test owns: never two leaders, a silent one is
// replaced after its time, one that retires at once, and one that can't renew gives up before.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { ApiError } from '../../src/cluster/api-error.ts'
import { Elector } from '../../src/cluster/elector.ts'
import type { Api, Send } from '../../src/cluster/transport.ts'
import { until } from '../support/until.ts'

const TTL_MS = 400
type Lease = { readonly metadata: { readonly resourceVersion: string }; readonly spec: { readonly holderIdentity?: string; readonly leaseTransitions?: number } }

/** One Lease, with the API server's rule for writes that are based on an old version. */
class LeaseServer implements Api {
  lease: Lease | null = null
  /** Replicas that do not reach it. */
  readonly cutOff = new Set<string>()
  writes = 0

  for(identity: string): Api {
    const request = (path: string, send: Send = {}) => {
      if (this.cutOff.has(identity)) return Promise.reject(new Error('ECONNREFUSED'))
      return this.request(path, send)
    }
    return { request, watch: this.watch }
  }
  async request(_path: string, { method = 'GET', body }: Send = {}): Promise<unknown> {
    if (method === 'GET') {
      if (this.lease === null) throw new ApiError({ code: 404, reason: 'NotFound', message: 'no such Lease' })
      return this.lease
    }
    const given = body as Partial<Lease>
    const version = this.lease?.metadata.resourceVersion
    if (method === 'POST' ? this.lease !== null : method === 'PUT' && given.metadata?.resourceVersion !== version) throw new ApiError({ code: 409, reason: 'Conflict', message: 'changed meanwhile' })
    this.lease = { metadata: { resourceVersion: String(++this.writes) }, spec: { ...method === 'PATCH' && this.lease?.spec, ...given.spec } }
    return this.lease
  }
  async *watch() { yield* [] }
}

let server: LeaseServer
let leaders: Set<string>
/** Every moment at which somebody came to lead, with who led then. */
let reigns: string[]
const stops = new Map<string, AbortController>()
const runs: Promise<void>[] = []

function replica(identity: string): void {
  const stop = new AbortController()
  stops.set(identity, stop)
  const turned = (leads: boolean) => {
    if (leads) leaders.add(identity)
    else leaders.delete(identity)
    if (leads) reigns.push([...leaders].join('+'))
  }
  const elector = new Elector(server.for(identity), { namespace: 'ns', name: 'lease', identity, ttlMs: TTL_MS }, { events: { turned, failed: () => undefined, held: () => undefined }, wait: (ms) => Bun.sleep(ms) })
  runs.push(elector.run(stop.signal))
}
const soleLeader = (identity: string, withinMs?: number) => until(`${identity} leads`, () => leaders.has(identity) && leaders.size === 1, withinMs)

beforeEach(() => {
  server = new LeaseServer()
  leaders = new Set()
  reigns = []
})
afterEach(async () => {
  for (const stop of stops.values()) stop.abort()
  await Promise.all(runs)
  stops.clear()
})

test('of three that start at once one leads, and the Lease names it', async () => {
  for (const identity of ['a', 'b', 'c']) replica(identity)
  await until('one leads', () => leaders.size === 1)
  expect(server.lease?.spec.holderIdentity).toBe([...leaders][0])
  const before = server.writes
  await until('it has renewed a few times', () => server.writes > before + 2)
  expect(reigns).toHaveLength(1)
})

test('one that retires gives the Lease back, and the next leads at once', async () => {
  replica('a')
  await soleLeader('a')
  replica('b')
  const since = performance.now()
  stops.get('a')?.abort()
  await soleLeader('b')
  expect(performance.now() - since).toBeLessThan(TTL_MS)
  expect(server.lease?.spec.leaseTransitions).toBe(1)
})

test('one that is cut off gives up before another leads: never two', async () => {
  replica('a')
  await soleLeader('a')
  replica('b')
  server.cutOff.add('a')
  await until('a gives up', () => !leaders.has('a'))
  expect(leaders.has('b')).toBe(false)
  await soleLeader('b')
  server.cutOff.delete('a')
  const before = server.writes
  await until('b has renewed', () => server.writes > before + 2)
  expect(reigns).toEqual(['a', 'b'])
})
