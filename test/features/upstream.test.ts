// Which endpoint a request goes to, and what a client sees when endpoints refuse, reset, fall silent or close an idle connection.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { echoUpstream, type Echo, type Respond } from '../support/echo.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, configure, CONFIGURED, echoed, metric, requestText, resources, route, server } from './scene.ts'

const keep = resources()

/** A port of loopback that refuses connections. */
async function deadPort(): Promise<{ readonly port: number }> {
  const holder = createServer()
  await new Promise<void>((resolve) => { holder.listen(0, '127.0.0.1', resolve) })
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  await new Promise((resolve) => { holder.close(resolve) })
  return { port: address.port }
}

let program: Program
const echoes = new Map<string, Echo>()
async function origin(name: string, respond?: Respond): Promise<Echo> {
  const echo = await keep(echoUpstream({ name, ...respond && { respond } }))
  echoes.set(name, echo)
  return echo
}
const received = (name: string) => echoes.get(name)?.requests ?? []

beforeAll(async () => {
  const [one, two, three] = [await origin('one'), await origin('two'), await origin('three')]
  const [resets, healthy] = [await origin('resets', () => 'reset'), await origin('healthy')]
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const closing = await origin('closing', () => ({ raw: ok, close: true }))
  const crossing = await origin('crossing', ({ connection }) => connection.requests.length > 1 ? 'reset' : undefined)
  const talkative = await origin('talkative', () => ({ raw: `${ok}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray` }))
  const host = (to: string, name = to) => route({ name, to, host: `${name}.example` })
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('three', one, two, three), host('three'),
    ...app('half-dead', await deadPort(), healthy), host('half-dead'),
    ...app('dead', await deadPort()), host('dead'),
    ...app('half-resets', resets, healthy), host('half-resets'), ...app('post-resets', resets, healthy), host('post-resets'),
    ...app('resets', resets), host('resets'),
    ...app('empty'), host('empty'), host('missing'),
    ...app('silent', await origin('silent', () => new Promise(() => undefined))), host('silent'),
    ...app('closing', closing), host('closing'), ...app('crossing', crossing), host('crossing'), ...app('talkative', talkative), host('talkative'),
  ] }))
  await configure(program, { 'proxy-read-timeout': '500ms' })
})

const get = (host: string, method = 'GET') => ask(program.http, { host: `${host}.example`, method, ...method === 'POST' && { body: 'pay' } })
const reasons = (reason: string) => metric(program, 'lintel_upstream_errors_total', `reason="${reason}"`)

describe('spread', () => {
  test('any window over three endpoints is equal within one', async () => {
    for (const requests of [30, 31, 7]) {
      const before = ['one', 'two', 'three'].map((name) => received(name).length)
      for (let i = 0; i < requests; i++) expect((await get('three')).status).toBe(200)
      const shares = ['one', 'two', 'three'].map((name, i) => received(name).length - (before[i] ?? 0))
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }
  })

  test('an endpoint that leaves gets nothing more, one that comes gets its share', async () => {
    const four = await origin('four')
    const change = (...endpoints: Echo[]) => applied(program, () => program.write('changing.yaml', toYaml([...app('changing', ...endpoints), route({ to: 'changing', host: 'changing.example' })])))
    const [one, two] = [echoes.get('one'), echoes.get('two')]
    if (!one || !two) throw new Error('no echoes')
    await change(one, two)
    for (let i = 0; i < 4; i++) await get('changing')
    await change(two, four)
    const before = one.requests.length
    for (let i = 0; i < 10; i++) expect((await get('changing')).status).toBe(200)
    expect([one.requests.length - before, four.requests.length]).toEqual([0, 5])
  })
})

describe('a rolling deploy', () => {
  /** Asks on one connection, GET and POST in turn, until told to stop; the statuses that it saw. */
  function asking(client: RawClient) {
    let going = true
    const loop = async (): Promise<(number | undefined)[]> => {
      const seen: (number | undefined)[] = []
      for (let i = 0; going; i++) {
        client.send(requestText({ host: 'rolling.example', ...i % 2 === 0 && { method: 'POST', body: 'pay' } }))
        seen.push((await client.response())?.status)
      }
      return seen
    }
    const ended = loop()
    return { stop: () => { going = false; return ended } }
  }

  test('each endpoint is replaced and dies at once: nothing of it is seen', async () => {
    const show = (...endpoints: Echo[]) => applied(program, () => program.write('rolling.yaml', toYaml([...app('rolling', ...endpoints), route({ to: 'rolling', host: 'rolling.example' })])))
    let pods = [await origin('pod-0'), await origin('pod-1'), await origin('pod-2')]
    await configure(program, { 'keep-alive-requests': '1000000', 'proxy-read-timeout': '500ms' })
    await show(...pods)
    const clients = await Promise.all(Array.from({ length: 4 }, async () => asking(await keep(rawClient(program.http)))))
    for (let i = 3; i < 9; i++) {
      const [oldest, ...others] = pods
      pods = [...others, await origin(`pod-${i}`)]
      await show(...pods)
      const answered = pods[2]?.requests.length ?? 0
      await until('the new one serves, the old one has nothing left', () => (pods[2]?.requests.length ?? 0) > answered + 3)
      await oldest?.close()
    }
    const statuses = await Promise.all(clients.map(({ stop }) => stop()))
    expect(new Set(statuses.flat())).toEqual(new Set([200]))
    expect(statuses.flat().length).toBeGreaterThan(50)
  })
})

describe('endpoints that fail before they answer', () => {
  test('a refused connection is tried elsewhere, whatever the method', async () => {
    const before = await reasons('connect_failed')
    for (const method of ['GET', 'POST', 'GET', 'POST']) expect(echoed(await get('half-dead', method))).toMatchObject({ served_by: 'healthy', method })
    expect(await reasons('connect_failed') - before).toBeGreaterThanOrEqual(2)
  })

  test('a reset: GET is tried elsewhere', async () => {
    for (let i = 0; i < 4; i++) expect(server(await get('half-resets'))).toBe('healthy')
    expect(await reasons('upstream_reset')).toBeGreaterThanOrEqual(2)
  })

  test('a reset: POST is sent once, and 502', async () => {
    const sent = () => received('resets').length + received('healthy').length
    const statuses: number[] = []
    // A backend of its own: where failures were seen before, the endpoint may be ejected and answer nothing here. One turn of the balancer.
    for (let i = 0; i < 2; i++) {
      const before = sent()
      statuses.push((await get('post-resets', 'POST')).status)
      expect(sent() - before).toBe(1)
    }
    expect(statuses.toSorted()).toEqual([200, 502])
  })

  test.each([
    ['nobody accepts', 'dead', 502],
    ['everybody resets', 'resets', 502],
    ['no endpoint is ready', 'empty', 503],
    ['the Service does not exist', 'missing', 503],
    ['nobody answers in time', 'silent', 504],
  ])('%s: %s %i', async (_, host, status) => { expect(await get(host)).toMatchObject({ status, complete: true }) })

  test('the client\'s connection outlives all of them', async () => {
    const client = await keep(rawClient(program.http))
    for (const [host, status] of [['dead', 502], ['empty', 503], ['three', 200]] as const) {
      client.send(requestText({ host: `${host}.example` }))
      expect((await client.response())?.status).toBe(status)
    }
  })
})

describe('idle connections that an endpoint closes', () => {
  test('behind its answer: no client sees it, and each POST is sent exactly once', async () => {
    const client = await keep(rawClient(program.http))
    for (let i = 0; i < 60; i++) {
      const method = i % 2 === 0 ? 'POST' : 'GET'
      client.send(requestText({ host: 'closing.example', method, ...method === 'POST' && { body: `pay ${i}` } }))
      expect(await client.response()).toMatchObject({ status: 200, body: 'ok' })
    }
    expect(received('closing').filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual(Array.from({ length: 30 }, (_, i) => `pay ${2 * i}`))
  })

  test('just when the next request is on its way: GET goes out again on a new connection', async () => {
    for (let i = 0; i < 10; i++) expect(server(await get('crossing'))).toBe('crossing')
    const again = received('crossing').filter(({ connection: { requests } }) => requests.length > 1)
    expect(again.length).toBeGreaterThan(0)
  })

  test('octets that nobody asked for end a connection instead of answering the next request', async () => {
    for (let i = 0; i < 5; i++) expect(await get('talkative')).toMatchObject({ status: 200, body: 'ok' })
    expect(new Set(received('talkative').map(({ connection }) => connection)).size).toBe(5)
  })
})
