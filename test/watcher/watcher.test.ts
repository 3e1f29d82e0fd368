// From a source's changes to a worker's table. Source, builder and port are the test's; time is real, but nothing waits for it.
import { beforeEach, expect, test } from 'bun:test'
import type { FromWatcher, ToProxy, Unwell } from '../../src/channel.ts'
import type { Change, ConfigMap, EndpointSlice, Objects, Source, SourceEvents } from '../../src/kube/objects.ts'
import type { Backend } from '../../src/model.ts'
import { StartError } from '../../src/kube/start-error.ts'
import type { Build, Builder } from '../../src/table/build.ts'
import { emptyTable } from '../../src/update.ts'
import { Watcher } from '../../src/watcher/watcher.ts'
import { defaultBackendOptions as options } from '../../src/table/backend-options.ts'

const meta = { namespace: 'ns', name: 'a', uid: '', annotations: {}, labels: {}, creationTimestamp: '' }
const slice = (port: number): EndpointSlice => ({ kind: 'EndpointSlice', meta, service: 's', ports: [{ name: '', port, protocol: 'TCP' }], endpoints: [] })
const config = (name: string): ConfigMap => ({ kind: 'ConfigMap', meta: { ...meta, name }, data: {} })
const set = (object: EndpointSlice | ConfigMap): Change => ({ op: 'set', object })

const backend = (port: number): Backend => ({ protocol: 'http', options: { ...options, check: port === CHECKED_PORT ? check : null }, endpoints: [{ address: '::1', port }] })

const CHECKED_PORT = 99
const check = { type: 'tcp', path: '/', intervalMs: 1, timeoutMs: 1, healthyThreshold: 1, unhealthyThreshold: 1, statuses: [] } as const

/** One backend for each slice, one issue for each ConfigMap; the same table while the slices are the same. */
class TestBuilder implements Builder {
  readonly builds: string[] = []
  #table = emptyTable
  full = (objects: Objects): Build => this.#build('full', objects)
  change = (objects: Objects): Build => this.#build('change', objects)

  #build(scope: string, objects: Objects): Build {
    this.builds.push(scope)
    const backends = new Map([...objects.EndpointSlice].map(([key, { ports }]) => [key, backend(ports[0]?.port ?? 0)]))
    const changed = { hosts: new Set<string>(), backends: new Set([...this.#table.backends.keys(), ...backends.keys()]) }
    if (!Bun.deepEquals(backends, this.#table.backends)) this.#table = { ...emptyTable, version: this.#table.version + 1, backends }
    return { table: this.#table, changed, ingresses: new Set(objects.Ingress.keys()), issues: [...objects.ConfigMap.keys()].map((key) => ({ object: `ConfigMap ${key}`, field: '', reason: 'r' })) }
  }
}

let source: Source & { to: SourceEvents | undefined }
let builder: TestBuilder
let posted: FromWatcher[]
/** Messages of the table, and of active checks. */
let sent: Exclude<ToProxy, { type: 'unwell' }>[]
let unwell: Unwell[]
let listeners: Set<() => void>
let watcher: Watcher
/** What an active check finds. */
let finding: string

const until = (condition: () => boolean): Promise<void> => new Promise((resolve) => {
  const check = (): void => { if (condition() && listeners.delete(check)) resolve() }
  listeners.add(check)
  check()
})
const tell = (): void => { for (const listener of listeners) listener() }
const types = (): string[] => posted.map(({ type }) => type)

beforeEach(() => {
  const first = [set(slice(80))]
  source = { to: undefined, async start(to) { this.to = to; to.emit(first) }, close: () => {} }
  builder = new TestBuilder()
  posted = []
  sent = []
  unwell = []
  listeners = new Set()
  finding = ''
  watcher = new Watcher(builder, (message) => { posted.push(message); tell() }, { check: async () => finding })
})

const receive = (message: ToProxy): void => { message.type === 'unwell' ? unwell.push(message.endpoints) : sent.push(message) }
const join = (): void => {
  watcher.attach(1, { postMessage: (json) => { receive(JSON.parse(json)); tell() }, close: () => {} })
  watcher.receive(1, { type: 'snapshot' })
}

test('the first list is built once, as a whole, and then said to be synced', async () => {
  join()
  await watcher.start(source)
  expect(builder.builds).toEqual(['full'])
  const run = { shutdownTimeoutMs: 240_000, workers: null }
  expect(posted).toMatchObject([{ type: 'built', version: 1, routes: 0, issues: 0, run }, { type: 'synced', version: 1 }])
  expect(sent).toMatchObject([{ type: 'chunk', last: true, update: { version: 1, backends: [['ns/a', {}]] } }])
})

test('a change of endpoints takes the short way and reaches the worker as a delta', async () => {
  await watcher.start(source)
  join()
  watcher.receive(1, { type: 'ack' })
  const before = performance.timeOrigin + performance.now()
  source.to?.emit([set(slice(81))])
  await until(() => sent.length === 2)
  expect(builder.builds).toEqual(['full', 'change'])
  expect(sent[1]).toMatchObject({ type: 'delta', update: { base: 1, version: 2, backends: [['ns/a', { endpoints: [{ port: 81 }] }]] } })
  expect(sent[1]?.update.at).toBeGreaterThanOrEqual(before)
})

test('a burst of batches is one full build', async () => {
  await watcher.start(source)
  for (let at = 0; at < 100; at++) source.to?.emit([set(config(`c${at}`)), set(slice(at + 1))])
  await until(() => builder.builds.length === 2)
  expect(builder.builds).toEqual(['full', 'full'])
  expect(posted.find(({ type }) => type === 'issues')).toHaveProperty('fresh.length', 100)
})

test('changes that change nothing build nothing', async () => {
  await watcher.start(source)
  source.to?.emit([{ op: 'delete', kind: 'Ingress', key: 'ns/none' }])
  source.to?.emit([set(config('a'))])
  await until(() => builder.builds.length === 2)
  expect(posted.filter(({ type }) => type === 'built')).toHaveLength(2)
})

test('a build that leaves the table as it is sends nothing to workers', async () => {
  await watcher.start(source)
  join()
  watcher.receive(1, { type: 'ack' })
  source.to?.emit([set(config('a'))])
  await until(() => builder.builds.length === 2)
  expect(sent).toHaveLength(1)
  expect(posted.at(-1)).toMatchObject({ type: 'built', version: 1, issues: 1 })
})

test('issues of source and table are posted once and listed together; notes are passed on', async () => {
  await watcher.start(source)
  const issue = { object: 'a.yaml', field: 'line 1', reason: 'r' }
  source.to?.report('a.yaml', [issue])
  source.to?.report('a.yaml', [issue])
  source.to?.note('a.yaml: ConfigMap ns/a added')
  source.to?.emit([set(config('a'))])
  await until(() => builder.builds.length === 2)
  expect(types()).toEqual(['built', 'synced', 'issues', 'changed', 'issues', 'built'])
  expect(JSON.parse(watcher.answer('issues'))).toEqual({ issues: [issue, { object: 'ConfigMap ns/a', field: '', reason: 'r' }] })
})

test('a source that can not start says why, and nothing is told to main', async () => {
  source.start = async () => { throw new StartError('--manifests: folder /x does not exist') }
  await expect(watcher.start(source)).rejects.toThrow(new StartError('--manifests: folder /x does not exist'))
  expect(posted).toEqual([])
})

test('a worker that is gone gets nothing, and one of the same number starts afresh', async () => {
  let closed = 0
  await watcher.start(source)
  watcher.attach(1, { postMessage: () => { throw new Error('sent to the dead') }, close: () => { closed++ } })
  join()
  expect(closed).toBe(1)
  expect(sent).toHaveLength(1)
  watcher.detach(1)
  source.to?.emit([set(slice(81))])
  await until(() => builder.builds.length === 2)
  expect(sent).toHaveLength(1)
})

test('active checks: what they find is told as it changes, to a worker that joins, and when it is gone', async () => {
  finding = 'it answered 500'
  await watcher.start(source)
  join()
  expect(unwell).toEqual([[]])
  source.to?.emit([set(slice(CHECKED_PORT))])
  await until(() => unwell.length === 2)
  expect(unwell[1]).toEqual([['ns/a', [{ address: '::1', port: CHECKED_PORT }]]])
  expect(posted.at(-1)).toEqual({ type: 'changed', line: 'endpoint ::1 port 99 of ns/a is unwell: it answered 500' })
  watcher.receive(1, { type: 'snapshot' })
  expect(unwell[2]).toEqual(unwell[1]!)
  expect(JSON.parse(watcher.answer('table')).backends[0].unwell).toEqual([{ address: '::1', port: CHECKED_PORT }])
  finding = ''
  await until(() => unwell.length === 4)
  expect(unwell[3]).toEqual([])
  finding = 'it takes no connection'
  await until(() => unwell.length === 5)
  source.to?.emit([set(slice(81))])
  await until(() => unwell.length === 6)
  expect(unwell[5]).toEqual([])
})
