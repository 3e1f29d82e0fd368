// Services of type ExternalName and the endpoints that their names stand for, as time passes. The clock and the nameserver are the test's.
import { beforeEach, describe, expect, test } from 'bun:test'
import type { Change, Service, Source, SourceEvents } from '../../src/kube/objects.ts'
import type { Issue } from '../../src/model.ts'
import type { Resolved } from '../../src/watcher/dns.ts'
import { withExternalNames } from '../../src/watcher/external-names.ts'
import { TestClock } from './clock.ts'

const meta = { namespace: 'ns', name: 'ext', uid: '', annotations: {}, labels: {}, creationTimestamp: '' }
const plain: Service = { kind: 'Service', meta, type: 'ClusterIP', clusterIP: '', externalName: '', ipFamily: 'IPv4', ports: [] }
const external = (externalName: string): Service => ({ ...plain, type: 'ExternalName', externalName })
const set = (object: Service): Change => ({ op: 'set', object })

let clock: TestClock
let answers: Map<string, Resolved | Error>
let asked: [name: string, at: number][]
/** Addresses by slice, and issues by origin, as the store and the book would have them. */
let slices: Map<string, readonly string[]>
let issues: Map<string, readonly Issue[]>
let inner: SourceEvents
let source: Source
let first: readonly Change[]
let emitted: number

const receive = (changes: readonly Change[]) => {
  for (const change of changes) {
    if (change.op === 'delete' && change.kind === 'EndpointSlice') slices.delete(change.key)
    if (change.op !== 'set' || change.object.kind !== 'EndpointSlice') continue
    emitted++
    slices.set(`${change.object.meta.namespace}/${change.object.meta.name}`, change.object.endpoints.flatMap(({ addresses }) => addresses))
  }
}
const events: SourceEvents = { emit: receive, report: (origin, present) => { issues.set(origin, present) }, note: () => undefined }
const resolve = async (name: string) => {
  asked.push([name, clock.now()])
  const answer = answers.get(name) ?? Object.assign(new Error('none'), { code: 'ENOTFOUND' })
  if (answer instanceof Error) throw answer
  return answer
}
/** Answers come in turns of the event loop, without time. */
const settle = () => new Promise((done) => { setImmediate(done) })
const pass = async (ms: number) => { clock.advance(ms); await settle() }
const present = () => slices.get('ns/dns:ext')
const reasons = () => (issues.get('dns ns/ext') ?? []).map(({ reason }) => reason)

beforeEach(() => {
  clock = new TestClock()
  answers = new Map([['a.test', { addresses: ['10.0.0.1', '10.0.0.2'], ttlMs: 10_000 }]])
  asked = []
  slices = new Map()
  issues = new Map()
  first = [set(external('a.test'))]
  emitted = 0
  const manifests: Source = { async start(to) { inner = to; to.emit(first) }, close: () => undefined }
  source = withExternalNames(manifests, resolve, clock)
})

describe('the first list', () => {
  test('waits for its names', async () => {
    await source.start(events)
    expect(present()).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  test('waits no longer than half a second', async () => {
    const never = withExternalNames({ async start(to) { to.emit(first) }, close: () => undefined }, () => new Promise<never>(() => undefined), clock)
    const started = never.start(events)
    await settle() // it has begun to wait
    await pass(500)
    await started
    expect(present()).toBeUndefined()
  })

  test('does not wait where there is no such Service', async () => {
    first = [set(plain)]
    await source.start(events)
    expect(asked).toEqual([])
  })
})

describe('as time passes', () => {
  beforeEach(() => source.start(events))

  test('a name is asked for again when its TTL is over, and no sooner', async () => {
    await pass(9_999)
    expect(asked).toHaveLength(1)
    await pass(1)
    expect(asked).toEqual([['a.test', 0], ['a.test', 10_000]])
  })

  test('the same addresses in another order are no change', async () => {
    answers.set('a.test', { addresses: ['10.0.0.2', '10.0.0.1'], ttlMs: 10_000 })
    await pass(10_000)
    expect([asked.length, emitted]).toEqual([2, 1])
  })

  test('others replace them', async () => {
    answers.set('a.test', { addresses: ['10.0.0.3'], ttlMs: 10_000 })
    await pass(10_000)
    expect(present()).toEqual(['10.0.0.3'])
  })

  test.each([[0, 1_000], [86_400_000, 300_000]])('a TTL of %d ms counts as %d ms', async (ttlMs, waitMs) => {
    answers.set('a.test', { addresses: ['10.0.0.1'], ttlMs })
    await pass(10_000)
    await pass(waitMs - 1)
    expect(asked).toHaveLength(2)
    await pass(1)
    expect(asked).toHaveLength(3)
  })

  test('a failure leaves the last addresses in use, is an issue, and is tried again at growing intervals', async () => {
    answers.delete('a.test')
    await pass(10_000)
    expect([present(), reasons()]).toEqual([['10.0.0.1', '10.0.0.2'], [expect.stringMatching(/^a\.test can not be resolved \(ENOTFOUND\): its last addresses are used/)]])
    for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) await pass(waitMs)
    expect(asked.slice(1).map(([, at]) => (at - 10_000) / 1_000)).toEqual([0, 1, 3, 7, 15, 31, 61, 91])
    answers.set('a.test', { addresses: ['10.0.0.9'], ttlMs: 10_000 })
    await pass(30_000)
    expect([present(), reasons()]).toEqual([['10.0.0.9'], []])
  })
})

describe('changes', () => {
  beforeEach(() => source.start(events))
  const change = async (...changes: readonly Change[]) => { inner.emit(changes); await settle() }

  test('another name: its addresses, and nobody asks for the old one again', async () => {
    answers.set('b.test', { addresses: ['10.0.1.1'], ttlMs: 10_000 })
    await change(set(external('b.test')))
    expect(present()).toEqual(['10.0.1.1'])
    await pass(10_000)
    expect(asked.map(([name]) => name)).toEqual(['a.test', 'b.test', 'b.test'])
  })

  test('another name that is not known: the old addresses are not its own', async () => {
    await change(set(external('gone.test')))
    expect([present(), reasons()]).toEqual([[], [expect.stringContaining('it has no endpoints until it can')]])
  })

  test('the same name again changes nothing', async () => {
    await change(set(external('a.test')))
    expect([asked.length, emitted]).toEqual([1, 1])
  })

  test('an IP address for a name is itself', async () => {
    await change(set(external('192.0.2.7')))
    expect([present(), asked.length]).toEqual([['192.0.2.7'], 1])
  })

  test.each<[string, Change]>([['deleted', { op: 'delete', kind: 'Service', key: 'ns/ext' }], ['of another type', set(plain)]])('%s: slice, issue and questions end', async (_, gone) => {
    answers.delete('a.test')
    await pass(10_000)
    await change(gone)
    expect([slices.size, reasons()]).toEqual([0, []])
    await pass(100_000)
    expect(asked).toHaveLength(2)
  })

  test('closed: nobody asks any more', async () => {
    source.close()
    await pass(100_000)
    expect(asked).toHaveLength(1)
  })
})
