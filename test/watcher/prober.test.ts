// Active checks as time passes: thresholds, spread, bound, and what is known of endpoints that stay. The looks are the test's.
import { expect, test } from 'bun:test'
import type { Backend, Endpoint, HealthCheck } from '../../src/model.ts'
import { defaultBackendOptions } from '../../src/table/backend-options.ts'
import { Prober } from '../../src/watcher/probes/prober.ts'

const check: HealthCheck = { type: 'http', path: '/', intervalMs: 1, timeoutMs: 1, healthyThreshold: 2, unhealthyThreshold: 3, statuses: [[200, 399]] }
const backends = (ports: readonly number[], options: Partial<HealthCheck> | null = {}): ReadonlyMap<string, Backend> => new Map([['ns/a:80', {
  protocol: 'http',
  options: { ...defaultBackendOptions, check: options && { ...check, ...options } },
  endpoints: ports.map((port) => ({ address: '10.0.0.1', port })),
}]])

function scene() {
  const looks: number[] = []
  const turns: string[] = []
  let running = 0
  let most = 0
  let listener = () => {}
  const answers = new Map<number, string>()
  const release: (() => void)[] = []
  const at = { hang: false }
  const look = async ({ port }: Endpoint) => {
    looks.push(port)
    most = Math.max(most, ++running)
    if (at.hang) await new Promise<void>((resolve) => { release.push(resolve) })
    running--
    queueMicrotask(() => listener())
    return answers.get(port) ?? ''
  }
  const prober = new Prober({ check: look, random: () => 0.5, turned: (_, { port }, reason) => { turns.push(`look ${looks.length}: ${port} ${reason === '' ? 'well' : reason}`) } })
  const until = (condition: () => boolean) => new Promise<void>((resolve) => {
    listener = () => { if (condition()) resolve() }
    listener()
  })
  return { prober, looks, turns, answers, release, at, until, most: () => most }
}

test('three bad looks in a row take an endpoint out, two good ones bring it back', async () => {
  const { prober, looks, turns, answers, until } = scene()
  answers.set(1, 'it answered 500')
  prober.set(backends([1]))
  await until(() => turns.length === 1)
  expect([turns, prober.unwell()]).toEqual([['look 3: 1 it answered 500'], new Map([['ns/a:80', [{ address: '10.0.0.1', port: 1 }]]])])
  answers.delete(1)
  const before = looks.length
  await until(() => turns.length === 2)
  expect([turns[1], prober.unwell()]).toEqual([`look ${before + 2}: 1 well`, new Map()])
  prober.close()
})

test('who stays keeps what is known of it; who leaves is forgotten', async () => {
  const { prober, turns, answers, until } = scene()
  answers.set(1, 'bad').set(2, 'bad')
  prober.set(backends([1, 2]))
  await until(() => turns.length === 2)
  expect(prober.set(backends([1]))).toBe(true)
  expect(prober.unwell().get('ns/a:80')).toEqual([{ address: '10.0.0.1', port: 1 }])
  expect(prober.set(backends([1, 3]))).toBe(false)
  expect(prober.set(backends([1, 3], null))).toBe(true)
  expect(prober.unwell().size).toBe(0)
})

test('not more than 64 at once, and the others come when there is room', async () => {
  const { prober, looks, release, at, until, most } = scene()
  at.hang = true
  prober.set(backends(Array.from({ length: 100 }, (_, n) => n + 1), { intervalMs: 2 }))
  await new Promise<void>((resolve) => { const wait = () => (looks.length === 64 ? resolve() : setImmediate(wait)); wait() })
  at.hang = false
  for (const go of release) go()
  await until(() => new Set(looks).size === 100)
  expect(most()).toBe(64)
  prober.close()
})
