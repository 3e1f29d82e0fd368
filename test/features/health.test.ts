// Endpoints that do not do their work: who notices, how soon, who bears it, and how they come back.
import { beforeAll, describe, expect, test } from 'bun:test'
import { start, toYaml, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, configure, CONFIGURED, metric, resources, route } from './scene.ts'
import { Moody, type Mood } from './moody.ts'

const keep = resources()
const EVERY_MS = 5
const READ_TIMEOUT = { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '2' }

let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [] }))
  await configure(program, { 'log-format-upstream': 'sent $request_uri to $upstream_addr: $status', 'upstream-keepalive-connections': '1000' })
})

const moodies = (count: number) => Promise.all(Array.from({ length: count }, () => keep(Moody.listen())))
const serve = (name: string, all: readonly Moody[], annotations: Readonly<Record<string, string>> = READ_TIMEOUT) =>
  applied(program, () => program.write(`${name}.yaml`, toYaml([...app(name, ...all), route({ to: name, host: `${name}.example`, annotations })])))

type Answer = { readonly target: string; readonly status: number; readonly startedMs: number; readonly ms: number }
let serial = 0
async function get(name: string, sinceMs: number): Promise<Answer> {
  const target = `/${name}/${++serial}`
  const startedMs = performance.now()
  const { status } = await ask(program.http, { host: `${name}.example`, target })
  return { target, status, startedMs: startedMs - sinceMs, ms: performance.now() - startedMs }
}

/** A request each 5 ms, whatever becomes of the others, for so long. */
async function load(name: string, forMs: number): Promise<Answer[]> {
  const sinceMs = performance.now()
  const running: Promise<Answer>[] = []
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (performance.now() - sinceMs < forMs) return void running.push(get(name, sinceMs))
      clearInterval(timer)
      resolve()
    }, EVERY_MS)
  })
  return Promise.all(running)
}

/** Targets of requests that were sent to `moody`. */
async function sentTo({ port }: Moody, answers: readonly Answer[]): Promise<Set<string>> {
  const wanted = new Set(answers.map(({ target }) => target))
  const sent = () => program.stdout.map((line) => line.split(' ')).filter(([, target = '']) => wanted.has(target))
  await until('the log', () => sent().length === wanted.size)
  return new Set(sent().filter((words) => words.some((word) => word.includes(`:${port}`))).map(([, target = '']) => target))
}

describe.each<[mood: Mood, reason: string]>([['refuses', 'refused'], ['resets', 'failing'], ['hangs', 'silent'], ['slow', 'slow']])('one of ten endpoints %s', (mood, reason) => {
  test('it is left out within a second, no request fails, and it comes back', async () => {
    const all = await moodies(10)
    const bad = all[3]!
    await serve(mood, all)
    await load(mood, 300)
    const before = await metric(program, 'lintel_upstream_ejections_total', `reason="${reason}"`)
    await bad.become(mood)
    const answers = await load(mood, 3_000)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(await metric(program, 'lintel_upstream_ejections_total', `reason="${reason}"`)).toBeGreaterThan(before)
    const later = answers.filter(({ startedMs }) => startedMs > 1_000)
    const wasted = await sentTo(bad, answers)
    expect(later.filter(({ target }) => wasted.has(target)).length).toBeLessThan(later.length * 0.01 + 1)

    bad.served = 0
    await bad.become('well')
    await until('a trial that succeeds, and its share again', async () => { await load(mood, 100); return bad.served >= 5 }, 12_000)
  })
})

test('eject-on-5xx: answers of 500 and above count; by default they do not', async () => {
  const [good, bad] = [await keep(Moody.listen()), await keep(Moody.listen())]
  await bad.become('fails')
  await serve('plain', [good, bad])
  const plain = await load('plain', 300)
  expect(plain.filter(({ status }) => status === 503).length).toBeGreaterThan(plain.length / 3)
  await serve('strict', [good, bad], { 'lintel.dev/eject-on-5xx': 'true' })
  const strict = await load('strict', 500)
  expect(strict.filter(({ status }) => status === 503).length).toBeLessThanOrEqual(4)
})

describe('active checks', () => {
  const fast = { 'lintel.dev/health-check-interval': '50ms', 'lintel.dev/health-check-timeout': '500ms', 'lintel.dev/health-check-unhealthy-threshold': '2' }
  const unwell = async (name: string) => {
    const { backends } = await program.get('/table') as { backends: { key: string; unwell?: { port: number }[] }[] }
    return backends.find(({ key }) => key.startsWith(`default/${name}:`))?.unwell?.map(({ port }) => port) ?? []
  }

  test.each<[type: string, annotations: Readonly<Record<string, string>>, mood: Mood]>([
    ['http', { 'lintel.dev/health-check-path': '/healthz' }, 'fails'],
    ['http, by statuses', { 'lintel.dev/health-check-path': '/healthz', 'lintel.dev/health-check-expected-status': '503' }, 'well'],
    ['http, in time', { 'lintel.dev/health-check-path': '/healthz', 'lintel.dev/health-check-timeout': '100ms' }, 'slow'],
    ['tcp', { 'lintel.dev/health-check-type': 'tcp' }, 'refuses'],
  ])('%s: who fails gets no requests, before any request fails, and comes back', async (type, annotations, mood) => {
    const name = type.replaceAll(/[^a-z]/g, '')
    const [one, other] = [await keep(Moody.listen()), await keep(Moody.listen())]
    const inverse = mood === 'well' ? 'fails' : 'well'
    await one.become(inverse)
    await other.become(inverse)
    await serve(name, [one, other], { ...fast, ...annotations })
    await other.become(mood)
    await until('the finding', async () => (await unwell(name)).includes(other.port))
    expect(program.stderr.some((line) => line.includes(`port ${other.port} of default/${name}:80`) && line.includes('is unwell'))).toBe(true)
    const answers = await load(name, 100)
    expect((await sentTo(other, answers)).size).toBe(0)
    await other.become(inverse)
    await until('it is well again', async () => (await unwell(name)).length === 0)
    const again = await load(name, 200)
    expect((await sentTo(other, again)).size).toBeGreaterThan(again.length / 4)
  })
})
