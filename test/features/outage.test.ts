// All endpoints of a Service fail at once: its clients hear so at once and why, retries are few and cost little, and when they are back all is well at once.
import { beforeAll, describe, expect, test } from 'bun:test'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { percentile } from './crowd.ts'
import { Moody, type Mood } from './moody.ts'
import { app, applied, configure, CONFIGURED, metric, requestText, resources, route } from './scene.ts'

const ENDPOINTS = 5
const CLIENTS = 4
const [BEFORE, REQUESTS] = [2_000, 2_000]
/** Ticks of the clock by which CPU is counted, and what else the machine has to do. */
const CPU_ALLOWANCE = 0.1
/** A fifth of all requests, those before the outage too, beside what may be tried again in any case within ten seconds (RetryBudget). */
const MOST_TRIES = (BEFORE + REQUESTS) * 1.2 + 100
const SOON_MS = 50
const BACK_MS = 1_000
/** A request that opens two connections in vain takes about 0.2 ms. */
const CPU_SECONDS = REQUESTS * 0.001

const keep = resources()
let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [] }))
  await configure(program, { 'log-format-upstream': 'sent $request_uri: $status for $lintel_reason after $upstream_addr', 'keep-alive-requests': '1000000' })
})

const serve = (name: string, endpoints: readonly { readonly port: number }[]) => applied(program, () => program.write(`${name}.yaml`, toYaml([...app(name, ...endpoints),
  route({ to: name, host: `${name}.example`, annotations: { 'nginx.ingress.kubernetes.io/proxy-next-upstream': 'error timeout http_503', 'nginx.ingress.kubernetes.io/proxy-next-upstream-tries': '0' } })])))

type Answer = { readonly status: number; readonly ms: number }
/** So many requests, on a few connections, each when the one before it is answered. */
async function load(name: string, requests: number): Promise<Answer[]> {
  const one = async () => {
    const client = await rawClient(program.http)
    const seen: Answer[] = []
    for (let i = 0; i < requests / CLIENTS; i++) {
      const sinceMs = performance.now()
      client.send(requestText({ host: `${name}.example`, target: `/${name}` }))
      const response = await client.response()
      seen.push({ status: response?.status ?? 0, ms: performance.now() - sinceMs })
    }
    client.destroy()
    return seen
  }
  return (await Promise.all(Array.from({ length: CLIENTS }, one))).flat()
}
const statuses = (answers: readonly Answer[]) => new Set(answers.map(({ status }) => status))
const cpuSeconds = () => metric(program, 'process_cpu_seconds_total')
/** Log lines of the requests for `name`, once there are so many. */
async function lines(name: string, count: number): Promise<string[]> {
  const found = () => program.stdout.filter((line) => line.startsWith(`sent /${name}: `))
  expect(await program.when(() => found().length >= count)).toBe(true)
  return found()
}

// An endpoint that takes connections and fails is used again, as far as more than half do: one that is well could not bear the load of five (Ward).
// One that refuses them is left alone: where all do, a try is made now and then.
describe.each<[Mood, { readonly failed: readonly number[]; readonly reasons: readonly string[]; readonly back: number; readonly cpu: number }]>([
  ['refuses', { failed: [502, 503], reasons: ['connect_failed', 'no_endpoints'], back: 1, cpu: 1 }],
  ['resets', { failed: [502], reasons: ['upstream_reset', 'retry_budget'], back: ENDPOINTS, cpu: Infinity }],
  ['fails', { failed: [503], reasons: ['-'], back: ENDPOINTS, cpu: Infinity }],
])('each endpoint %s', (mood, { failed, reasons, back, cpu }) => {
  test(`${failed.join(' or ')} at once with its reason, less than a fifth more tries; all is well a second after ${back} of them are`, async () => {
    const all = await Promise.all(Array.from({ length: ENDPOINTS }, () => keep(Moody.listen())))
    await serve(mood, all)
    const cpuAtStart = await cpuSeconds()
    expect(statuses(await load(mood, BEFORE))).toEqual(new Set([200]))
    const normalCpu = await cpuSeconds() - cpuAtStart
    for (const moody of all) await moody.become(mood)
    const cpuBefore = await cpuSeconds()

    const dead = await load(mood, REQUESTS)
    expect(await cpuSeconds() - cpuBefore).toBeLessThan(Math.min(CPU_SECONDS, normalCpu * cpu + CPU_ALLOWANCE))
    expect([...statuses(dead)].filter((status) => !failed.includes(status))).toEqual([])
    expect(percentile(dead.map(({ ms }) => ms), 0.9)).toBeLessThan(SOON_MS)
    const told = (await lines(mood, BEFORE + REQUESTS)).slice(BEFORE)
    expect(new Set(told.map((line) => / for (\S+) after /.exec(line)?.[1]))).toEqual(new Set(reasons))
    const tries = told.reduce((sum, line) => sum + line.split(',').length, 0)
    expect(tries).toBeGreaterThanOrEqual(REQUESTS)
    expect(tries).toBeLessThanOrEqual(MOST_TRIES)

    const backMs = performance.now()
    for (const moody of all.slice(-back)) await moody.become('well')
    await until('answers', async () => [...statuses(await load(mood, 10 * CLIENTS))].join() === '200')
    expect(performance.now() - backMs).toBeLessThan(BACK_MS)
    expect(statuses(await load(mood, 400))).toEqual(new Set([200]))
  })
})
