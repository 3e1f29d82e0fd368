// 1,000 Ingresses, each with a Service and an EndpointSlice. Prints what it measured; fails far above the promise, because test
// machines are shared: test/bench/scale.ts measures the promise itself.
import { beforeAll, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { changeTimes, crowd, percentile, servedWithin, type Crowd } from './crowd.ts'
import { ask, issues, resources, server } from './scene.ts'

const INGRESSES = 1_000
const CHANGES = 100
/** The promises are 1 s, 50 ms and 150 MB; of changes of endpoints, 99 of 100 in 20 ms. */
const READY_MS = 3_000
const CHANGE_P99_MS = 150
const RESIDENT_MB = 185
const ENDPOINTS_SECONDS = 0.25
const ENDPOINTS_SHARE = 0.9

const keep = resources()
let echo: Echo
let many: Crowd
beforeAll(async () => {
  echo = await keep(echoUpstream())
  many = await crowd(INGRESSES, echo.port)
  await keep(many.program)
})

const megabytes = () => many.residentBytes() / 1e6

test('are ready in time, all of them, without an issue', async () => {
  console.log(`ready with ${INGRESSES} Ingresses in ${many.readyMs.toFixed(0)} ms, ${megabytes().toFixed(0)} MB`)
  expect(many.program.ready).toMatchObject({ routes: String(2 * INGRESSES), issues: '0' })
  for (const i of [0, 499, INGRESSES - 1]) expect(server(await ask(many.program.http, { host: `host-${i}.example`, target: '/api/x' }))).toBe('echo')
  expect(await issues(many.program)).toEqual([])
  expect(many.readyMs).toBeLessThan(READY_MS)
})

test('a change is live in time, and memory stays', async () => {
  const times = await changeTimes(many, CHANGES, echo.port)
  const [p50, p99, most] = [percentile(times, 0.5), percentile(times, 0.99), Math.max(...times)]
  console.log(`${CHANGES} changes live in p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, at most ${most.toFixed(1)} ms; ${megabytes().toFixed(0)} MB`)
  expect(p99).toBeLessThan(CHANGE_P99_MS)
  expect(megabytes()).toBeLessThan(RESIDENT_MB)
})

test('a change of endpoints is served in time, at 50 a second, and the histogram says so', async () => {
  const { share, observed } = await servedWithin(many, CHANGES, ENDPOINTS_SECONDS)
  console.log(`${CHANGES} changes of endpoints, ${observed} tables: ${(share * 100).toFixed(1)} % served within ${ENDPOINTS_SECONDS} s`)
  expect(observed).toBeGreaterThan(CHANGES / 2)
  expect(share).toBeGreaterThanOrEqual(ENDPOINTS_SHARE)
})
