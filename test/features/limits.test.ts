// lintel.dev/max-requests, max-connections and max-pending through the program: so many are served, so many wait in their order, all others fail at
// once; whatever becomes of a request, it gives its place back; and no Service is touched by the queue of another.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { listen } from '../http/support.ts'
import { echoUpstream } from '../support/echo.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { type HoldingEcho, holdingEcho } from './held.ts'
import { h2Client, head } from './http2-client.ts'
import { app, applied, ask, configure, CONFIGURED, metric, requestText, resources, route, server } from './scene.ts'

const keep = resources()
let program: Program
let pair: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [] }))
  pair = await keep(start({ flags: ['--workers=2'], manifests: [] }))
  await configure(program, { 'proxy-connect-timeout': '60', 'log-format-upstream': 'sent $request_uri: $status for $lintel_reason' })
})

type Limits = Readonly<Record<string, string>>
const annotated = (limits: Limits) => Object.fromEntries(Object.entries(limits).map(([name, value]) => [name.includes('/') ? name : `lintel.dev/${name}`, value]))
type Endpoints = readonly { readonly port: number }[]
/** The Service `name` has these endpoints, behind `name.example`. Other annotations come with their prefix. */
const serveBy = (at: Program, name: string, { endpoints, limits }: { endpoints: Endpoints; limits: Limits }) =>
  applied(at, () => at.write(`${name}.yaml`, toYaml([...app(name, ...endpoints), route({ to: name, host: `${name}.example`, annotations: annotated(limits) })])))
const serve = (name: string, endpoints: Endpoints, limits: Limits) => serveBy(program, name, { endpoints, limits })

async function holding(): Promise<HoldingEcho> {
  const held = await holdingEcho()
  await keep(held.echo)
  return held
}
/** A request on a connection of its own, on its way. */
async function send(name: string, target: string, { at = program, ...more }: { readonly at?: Program; readonly method?: string; readonly body?: string } = {}): Promise<RawClient> {
  const client = await keep(rawClient(at.http))
  client.send(requestText({ host: `${name}.example`, target, ...more }))
  return client
}
/** As `send`; it has come when this resolves, as the same worker has had a turn since. */
async function queue(...args: Parameters<typeof send>): Promise<RawClient> {
  const client = await send(...args)
  await ask(program.http)
  return client
}
const targets = ({ echo }: HoldingEcho) => echo.requests.map(({ target }) => target)
const logged = async (target: string): Promise<string> => {
  const line = () => program.stdout.find((text) => text.startsWith(`sent ${target}: `))
  expect(await program.when(() => line() !== undefined)).toBe(true)
  return line()?.slice(`sent ${target}: `.length) ?? ''
}
/** What becomes of a request that finds no place, and none to wait. */
const refused = async (name: string, target: string) => {
  const sinceMs = performance.now()
  const { status } = await ask(program.http, { host: `${name}.example`, target })
  return { status, why: await logged(target), soon: performance.now() - sinceMs < 1_000 }
}
const FULL = { status: 503, why: '503 for limit_pending', soon: true }

describe('a queue', () => {
  test('two at once, two wait, the others fail at once; whoever waits goes in the order in which it came', async () => {
    const held = await holding()
    await serve('order', [held.echo], { 'max-requests': '2', 'max-pending': '2' })
    const clients: RawClient[] = []
    for (const target of ['/held/1', '/held/2']) {
      clients.push(await send('order', target))
      expect(await held.echo.when(() => targets(held).includes(target))).toBe(true)
    }
    const before = await metric(program, 'lintel_own_answers_total', 'reason="limit_pending"')
    for (const target of ['/held/3', '/held/4']) clients.push(await queue('order', target))
    expect(await refused('order', '/order/5')).toEqual(FULL)
    expect(await metric(program, 'lintel_own_answers_total', 'reason="limit_pending"')).toBe(before + 1)
    expect(targets(held)).toEqual(['/held/1', '/held/2'])
    held.finish('/held/2')
    expect(await held.echo.when(() => targets(held).length === 3)).toBe(true)
    held.finish('/held/1')
    expect(await held.echo.when(() => targets(held).length === 4)).toBe(true)
    expect(targets(held)).toEqual(['/held/1', '/held/2', '/held/3', '/held/4'])
    for (const target of ['/held/3', '/held/4']) held.finish(target)
    expect(await Promise.all(clients.map(async (client) => (await client.response())?.status))).toEqual([200, 200, 200, 200])
  })

  test('who waits keeps what it has sent; its body comes whole, when there is room', async () => {
    const held = await holding()
    await serve('bodies', [held.echo], { 'max-requests': '1', 'max-pending': '1' })
    await send('bodies', '/held/1')
    expect(await held.echo.when(() => targets(held).length === 1)).toBe(true)
    const body = 'x'.repeat(300_000)
    const client = await queue('bodies', '/post', { method: 'POST', body })
    expect(await refused('bodies', '/bodies/2')).toEqual(FULL)
    held.finish('/held/1')
    expect((await client.response())?.status).toBe(200)
    expect(held.echo.requests.map((request) => request.body.length)).toEqual([0, body.length])
  })

  test('a client that leaves gives its place in the queue back, over both protocols', async () => {
    const held = await holding()
    await serve('leaves', [held.echo], { 'max-requests': '1', 'max-pending': '1' })
    await send('leaves', '/held/1')
    expect(await held.echo.when(() => targets(held).length === 1)).toBe(true)
    const h1 = await queue('leaves', '/leaves/h1')
    expect(await refused('leaves', '/leaves/2')).toEqual(FULL)
    h1.socket.resetAndDestroy()
    expect(await logged('/leaves/h1')).toBe('499 for client_gone')
    const h2 = await keep(h2Client(program.http))
    const stream = h2.open(head('/leaves/h2', { ':authority': 'leaves.example' }))
    await ask(program.http)
    expect(await refused('leaves', '/leaves/3')).toEqual(FULL)
    h2.cancel(stream)
    expect(await logged('/leaves/h2')).toBe('499 for client_gone')
    const next = await queue('leaves', '/leaves/4')
    held.finish('/held/1')
    expect((await next.response())?.status).toBe(200)
    expect(targets(held)).toEqual(['/held/1', '/leaves/4'])
  })

  test('nobody waits longer than proxy-connect-timeout', async () => {
    const held = await holding()
    await serve('patience', [held.echo], { 'max-requests': '1', 'max-pending': '5', 'nginx.ingress.kubernetes.io/proxy-connect-timeout': '1' })
    const first = await send('patience', '/held/1')
    expect(await held.echo.when(() => targets(held).length === 1)).toBe(true)
    const sinceMs = performance.now()
    const { status } = await ask(program.http, { host: 'patience.example', target: '/patience/2' })
    expect(performance.now() - sinceMs).toBeGreaterThan(950)
    expect([status, await logged('/patience/2')]).toEqual([503, '503 for timeout_pending'])
    held.finish('/held/1')
    expect((await first.response())?.status).toBe(200)
    expect(targets(held)).toEqual(['/held/1'])
  })

  test('an endpoint that comes takes those who wait', async () => {
    const [held, other] = [await holding(), await holding()]
    await serve('comes', [held.echo], { 'max-connections': '1', 'max-pending': '1' })
    await send('comes', '/held/1')
    expect(await held.echo.when(() => targets(held).length === 1)).toBe(true)
    const client = await queue('comes', '/comes/2')
    expect(await refused('comes', '/comes/3')).toEqual(FULL)
    await serve('comes', [held.echo, other.echo], { 'max-connections': '1', 'max-pending': '1' })
    expect((await client.response())?.status).toBe(200)
    expect(targets(other)).toEqual(['/comes/2'])
  })
})

test('max-connections: so many to each endpoint, wherever the balancer would go; the next one goes to whom has room first', async () => {
  const all = [await holding(), await holding()] as const
  await serve('each', all.map(({ echo }) => echo), { 'max-connections': '1', 'max-pending': '1' })
  const clients = [await send('each', '/held/1'), await send('each', '/held/2')]
  await until('both have one', () => all.every((held) => targets(held).length === 1))
  clients.push(await queue('each', '/held/3'))
  expect(await refused('each', '/each/4')).toEqual(FULL)
  const [, second] = all
  held(second, 0)
  expect(await second.echo.when(() => targets(second).length === 2)).toBe(true)
  held(second, 1)
  held(all[0], 0)
  expect(await Promise.all(clients.map(async (client) => (await client.response())?.status))).toEqual([200, 200, 200])
})
/** Lets the i-th request of an origin go. */
const held = (from: HoldingEcho, i: number) => from.finish(targets(from)[i] ?? '')

test('without max-pending nobody waits, and the reason is another', async () => {
  const held = await holding()
  await serve('none', [held.echo], { 'max-requests': '1' })
  const client = await send('none', '/held/1')
  expect(await held.echo.when(() => targets(held).length === 1)).toBe(true)
  expect(await refused('none', '/none/2')).toEqual({ status: 503, why: '503 for limit_requests', soon: true })
  held.finish('/held/1')
  expect((await client.response())?.status).toBe(200)
  expect((await ask(program.http, { host: 'none.example', target: '/none/3' })).status).toBe(200)
})

test('a full queue of one Service touches no other', async () => {
  const [held, free] = [await holding(), await keep(echoUpstream({ name: 'free' }))]
  await serve('full', [held.echo], { 'max-requests': '1', 'max-pending': '1' })
  await serve('free', [free], { 'max-requests': '1', 'max-pending': '1' })
  for (const target of ['/held/1', '/held/2']) await queue('full', target)
  expect(await refused('full', '/full/3')).toEqual(FULL)
  for (let i = 0; i < 20; i++) expect(server(await ask(program.http, { host: 'free.example', target: `/free/${i}` }))).toBe('free')
})

describe('a place comes back', () => {
  const ONE = { 'max-requests': '1' }
  const twenty = async (name: string, asked: () => Promise<number>, times = 20) => {
    const seen = new Set<number>()
    for (let i = 0; i < times; i++) seen.add(await asked())
    return { name, seen: [...seen] }
  }
  const get = (name: string) => async () => (await ask(program.http, { host: `${name}.example` })).status

  test('from an endpoint that refuses, resets, or answers nonsense', async () => {
    const gone = createServer()
    const port = await listen(gone)
    await new Promise((resolve) => { gone.close(resolve) })
    await serve('refuses', [{ port }], ONE)
    await serve('resets', [await keep(echoUpstream({ respond: () => 'reset' }))], ONE)
    await serve('nonsense', [await keep(echoUpstream({ respond: () => ({ raw: 'nonsense\r\n\r\n' }) }))], ONE)
    for (const name of ['resets', 'nonsense']) expect(await twenty(name, get(name))).toEqual({ name, seen: [502] })
    // After the third it is left alone for a while (Ward.allDead).
    expect(await twenty('refuses', get('refuses'), 3)).toEqual({ name: 'refuses', seen: [502] })
  })

  test('from a client that leaves before its answer', async () => {
    const held = await holding()
    await serve('gone', [held.echo], ONE)
    for (let i = 0; i < 3; i++) {
      const client = await send('gone', `/held/gone/${i}`)
      expect(await held.echo.when(() => targets(held).length === i + 1)).toBe(true)
      client.socket.resetAndDestroy()
      expect(await logged(`/held/gone/${i}`)).toBe('499 for client_gone')
    }
  })

  test('from a tunnel, when it ends', async () => {
    const origin = await keep(echoUpstream({ respond: ({ target }) => target !== '/tunnel' ? undefined
      : { raw: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n', tunnel: (socket) => { socket.on('data', () => undefined).on('end', () => { socket.end() }) } } }))
    await serve('tunnel', [origin], ONE)
    const client = await keep(rawClient(program.http))
    client.send(requestText({ host: 'tunnel.example', target: '/tunnel', fields: [['Connection', 'Upgrade'], ['Upgrade', 'own']] }))
    expect((await client.response())?.status).toBe(101)
    expect((await refused('tunnel', '/tunnel/2')).why).toBe('503 for limit_requests')
    client.end()
    expect(await logged('/tunnel')).toBe('101 for -')
    expect(await get('tunnel')()).toBe(200)
  })
})

test.each([['4', 4], ['3', 4]])('two workers: each has its even part of max-requests: %s, rounded up', async (limit, most) => {
  const [held, name] = [await holding(), `shared-${limit}`]
  await serveBy(pair, name, { endpoints: [held.echo], limits: { 'max-requests': limit } })
  const CLIENTS = 40
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => send(name, `/held/${i}`, { at: pair })))
  const refusals = () => clients.filter(({ responses }) => responses[0]?.status === 503).length
  await until('all but those that are held are refused', () => refusals() === CLIENTS - most && targets(held).length === most)
  for (const target of targets(held)) held.finish(target)
  expect((await Promise.all(clients.map(async (client) => (await client.response())?.status))).filter((status) => status === 200)).toHaveLength(most)
})
