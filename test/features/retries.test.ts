// proxy-next-upstream and its companions through the program: which failure makes another endpoint be tried, how often, for how long, and that
// nobody gets twice what may not be repeated.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Answer, type Echo, type Respond } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, ask, configure, CONFIGURED, echoed, metric, requestText, resources, route, server } from './scene.ts'
import { refusingPort } from './silent.ts'

const keep = resources()
const PREFIX = 'nginx.ingress.kubernetes.io/proxy-next-upstream'
const GARBAGE: Answer = { raw: 'HTTP/1.1 twohundred OK\r\n\r\n' }
const STATUSES = ['500', '502', '503', '504', '403', '404', '429']

let program: Program
/** By what they do. */
const origins = new Map<string, Echo[]>()
async function several(count: number, does: string, respond: Respond = () => undefined): Promise<Echo[]> {
  const echoes = await Promise.all(Array.from({ length: count }, () => keep(echoUpstream({ name: does, respond }))))
  origins.set(does, echoes)
  return echoes
}
const received = (does: string) => (origins.get(does) ?? []).flatMap(({ requests }) => requests)

beforeAll(async () => {
  const good = await several(1, 'good')
  const manifests: object[] = []
  const add = (name: string, endpoints: readonly { port: number }[], annotations: Readonly<Record<string, string>> = {}) => manifests.push(
    ...app(name, ...endpoints),
    route({ name, to: name, host: `${name}.example`, annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [PREFIX + key, value])) }),
  )
  for (const status of STATUSES) {
    const bad = await several(1, `answers-${status}`, () => ({ status: Number(status), body: `page ${status}` }))
    add(`on-${status}`, [...bad, ...good], { '': `error http_${status}` })
    add(`past-${status}`, bad)
  }
  add('all-503', await several(3, 'all-503', () => ({ status: 503, body: 'their own page' })), { '': 'http_503' })
  add('off', [await refusingPort(), await refusingPort()], { '': 'off' })
  const garbage = await several(1, 'garbage', () => GARBAGE)
  add('garbage', [...garbage, ...good], { '': 'invalid_header' })
  add('garbage-passes', [...garbage, ...good])
  const resets = (does: string) => several(4, does, () => 'reset')
  add('twice', await resets('twice'), { '-tries': '2' })
  add('thrice', await resets('thrice'))
  add('each', await resets('each'), { '-tries': '0' })
  add('posts', [...await resets('posts'), ...good], { '': 'error non_idempotent', '-tries': '0' })
  add('slow', await several(3, 'slow', () => new Promise(() => undefined)), { '-timeout': '1' })
  add('half-dead', [await refusingPort(), ...good])
  add('outage', await resets('outage'))
  program = await keep(start({ flags: [CONFIGURED], manifests }))
})

const get = (name: string, more: Parameters<typeof ask>[1] = {}) => ask(program.http, { host: `${name}.example`, ...more })

describe('what makes another endpoint be tried', () => {
  test.each(STATUSES)('http_%s', async (status) => {
    for (let i = 0; i < 4; i++) expect(server(await get(`on-${status}`))).toBe('good')
    expect(received(`answers-${status}`).length).toBeGreaterThanOrEqual(2)
  })
  test.each(STATUSES)('without it, %s goes to the client', async (status) => {
    expect(await get(`past-${status}`)).toMatchObject({ status: Number(status), body: `page ${status}` })
  })
  test('invalid_header, and not without it', async () => {
    for (let i = 0; i < 4; i++) expect(server(await get('garbage'))).toBe('good')
    expect(new Set([server(await get('garbage-passes')), server(await get('garbage-passes'))])).toEqual(new Set(['good', 502]))
  })
  test('off: nothing', async () => {
    expect((await get('off')).status).toBe(502)
    expect(await metric(program, 'lintel_upstream_errors_total', 'reason="connect_failed"')).toBe(1)
  })
  test('when all answer so, the last answer is passed on as it is', async () => {
    expect(await get('all-503')).toMatchObject({ status: 503, body: 'their own page', complete: true })
    expect(received('all-503')).toHaveLength(3)
  })
  test('POST only with non_idempotent, and then with its whole body, wherever its octets came', async () => {
    expect((await get('twice', { method: 'POST', body: 'pay' })).status).toBe(502)
    expect(received('twice')).toHaveLength(1)
    for (let i = 0; i < 5; i++) {
      const client = await keep(rawClient(program.http))
      client.send('POST / HTTP/1.1\r\nHost: posts.example\r\nContent-Length: 8\r\n\r\npay ')
      await until('an endpoint has its beginning', () => [...origins.values()].flat().some(({ connections }) => connections.some(({ pending }) => pending.length > 0)))
      client.send(`me ${i}`)
      expect(echoed(await client.response())).toMatchObject({ served_by: 'good', body: `pay me ${i}` })
    }
    expect(received('posts').length).toBeGreaterThanOrEqual(4)
    expect(new Set(received('posts').map(({ body }) => body.slice(0, 7)))).toEqual(new Set(['pay me ']))
  })
})

describe('how often and how long', () => {
  test.each([['twice', 2], ['thrice', 3], ['each', 4]] as const)('%s', async (name, times) => {
    const before = received(name).length
    expect((await get(name)).status).toBe(502)
    expect(received(name).length - before).toBe(times)
    const each = origins.get(name)!.map(({ requests }) => requests.length)
    if (name !== 'twice') expect(Math.max(...each)).toBe(1)
  })
  test('no further try after proxy-next-upstream-timeout', async () => {
    await configure(program, { 'proxy-read-timeout': '1' })
    expect((await get('slow')).status).toBe(504)
    expect(received('slow')).toHaveLength(1)
  })
})

describe('the ConfigMap', () => {
  test('sets all of it where an Ingress does not', async () => {
    await configure(program, { 'proxy-next-upstream': 'http_503 error', 'retry-non-idempotent': 'true', 'proxy-next-upstream-tries': '2' })
    const before = received('thrice').length
    expect((await get('thrice', { method: 'POST', body: 'pay' })).status).toBe(502)
    expect(received('thrice').length - before).toBe(2)
  })
  test('off: not even after a refused connection', async () => {
    await configure(program, { 'proxy-next-upstream': 'off', 'retry-non-idempotent': 'true' })
    expect(new Set([server(await get('half-dead')), server(await get('half-dead'))])).toEqual(new Set(['good', 502]))
    await configure(program, {})
  })
})

test('a large body goes whole to the endpoint that takes the connection', async () => {
  const body = 'x'.repeat(1_000_000)
  for (let i = 0; i < 4; i++) expect(echoed(await get('half-dead', { method: 'POST', body }))).toMatchObject({ served_by: 'good', body_bytes: body.length })
})

test('an outage is not amplified: less than a fifth more load, and the reason is told', async () => {
  const before = received('outage').length
  const client = await keep(rawClient(program.http))
  const REQUESTS = 900
  for (let i = 0; i < REQUESTS; i++) {
    client.send(requestText({ host: 'outage.example' }))
    expect((await client.response())?.status).toBe(502)
  }
  const load = received('outage').length - before
  expect(load).toBeGreaterThan(REQUESTS)
  expect(load).toBeLessThanOrEqual(REQUESTS * 1.2)
  expect(await metric(program, 'lintel_own_answers_total', 'reason="retry_budget"')).toBeGreaterThan(0)
})
