// Many Ingresses, and how long the program takes with them: start, change, memory. Shared by the guard in scale.test.ts and by the
// measurement in test/bench/scale.ts.
import { stringify } from 'yaml'
import { backend, ingress } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, metric, requestText } from './scene.ts'

export type Crowd = {
  readonly program: Program
  /** From the start of the process to the ready line. */
  readonly readyMs: number
  readonly residentBytes: () => number
}

/** As `kubectl get -o yaml` prints it, not as JSON. */
const toBlockYaml = (objects: readonly object[]) => objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n')

/** The i-th of them: an Ingress with a host and two paths, its Service and its EndpointSlice. */
function trio(i: number, port: number): object[] {
  const to = backend(`app-${i}`)
  const rules = [{ host: `host-${i}.example`, paths: [{ path: '/', backend: to }, { path: '/api', backend: to }] }]
  const annotations = { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' }
  return [ingress({ metadata: { name: `ingress-${i}`, annotations }, rules }), ...app(`app-${i}`, { port })]
}

/** port: of the origin behind all of them. */
export async function crowd(ingresses: number, port: number, workers = 1): Promise<Crowd> {
  const manifests = toBlockYaml(Array.from({ length: ingresses }, (_, i) => trio(i, port)).flat())
  const from = performance.now()
  const program = await start({ manifests, flags: [`--workers=${workers}`] })
  const readyMs = performance.now() - from
  return { program, readyMs, residentBytes: () => residentBytes(program) }
}

const POLL_MS = 1
const GIVE_UP_MS = 5_000

/**
 * From just before a file is renamed into the folder to the first answer by what it says, in ms, for each of `changes` changes of one
 * Ingress. Rejects when one is not live in 5 s.
 */
export async function changeTimes({ program }: Crowd, changes: number, port: number): Promise<number[]> {
  const times: number[] = []
  let client = await rawClient(program.http)
  for (let i = 0; i < changes; i++) {
    const rules = [{ host: 'change.example', paths: [{ path: `/v${i}`, backend: backend('change') }] }]
    const text = toBlockYaml([ingress({ metadata: { name: 'change' }, rules }), ...app('change', { port })])
    const from = performance.now()
    program.write('change.yaml', text)
    for (;;) {
      client.send(requestText({ host: 'change.example', target: `/v${i}` }))
      const response = await client.response()
      if (response?.status === 200) break
      if (performance.now() - from > GIVE_UP_MS) throw new Error(`change ${i} is not live: ${response?.status}`)
      if (await client.closed(0)) client = await rawClient(program.http)
      await Bun.sleep(POLL_MS)
    }
    times.push(performance.now() - from)
  }
  client.destroy()
  return times
}

/** Of EndpointSlices: what a cluster with thousands of Ingresses does while some of its applications are rolled. */
const UPDATES_A_SECOND = 50
/** Services whose endpoints change in turn. */
const MOVING = 50

/**
 * Changes EndpointSlices, 50 a second. Resolves to the share of these changes that each worker served within `seconds` of their arrival in the
 * watcher, by the program's own histogram; seconds is one of its bounds.
 */
export async function servedWithin({ program }: Crowd, updates: number, seconds: number): Promise<{ readonly share: number; readonly observed: number }> {
  const counts = async () => ({
    all: await metric(program, 'lintel_table_propagation_seconds_count'),
    soon: await metric(program, 'lintel_table_propagation_seconds_bucket', `le="${seconds}"`),
  })
  for (let i = 0; i < MOVING; i++) program.write(`slice-${i}.yaml`, toBlockYaml([slice(i, 0)]))
  await stalled(() => program.stderr.length)
  const before = await counts()
  for (let i = 0; i < updates; i++) {
    program.write(`slice-${i % MOVING}.yaml`, toBlockYaml([slice(i % MOVING, i + 1)]))
    await Bun.sleep(1000 / UPDATES_A_SECOND)
  }
  await stalled(() => program.stderr.length)
  const after = await counts()
  const observed = after.all - before.all
  return { share: (after.soon - before.soon) / observed, observed }
}

/** One more slice of the i-th Service, with one endpoint that nobody listens at: no request comes. */
const slice = (i: number, turn: number): object => ({
  apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4',
  metadata: { name: `moving-${i}`, labels: { 'kubernetes.io/service-name': `app-${i}` } },
  ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  endpoints: [{ addresses: [`127.2.${turn >> 8 & 255}.${turn & 255}`], conditions: { ready: true } }],
})

/** Nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN
}
