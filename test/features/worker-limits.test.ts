// What a worker takes on at once: connections, requests, tunnels. At each limit all are served; beyond it new work is refused with its reason, what
// runs goes on, and there is room again when something has ended.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { type HoldingEcho, holdingEcho } from './held.ts'
import { h2Client, head, statusOf } from './http2-client.ts'
import { app, ask, configure, CONFIGURED, metric, requestText, resources, route } from './scene.ts'
import { pair, WITH_PAIR } from './http2-session.ts'

const keep = resources()
let program: Program
let held: HoldingEcho
beforeAll(async () => {
  held = await holdingEcho()
  await keep(held.echo)
  const switching = await keep(echoUpstream({ respond: () => ({ raw: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n', tunnel: (socket) => { socket.pipe(socket) } }) }))
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('app', held.echo), route({ to: 'app' }), ...app('switching', switching), route({ to: 'switching', path: '/tunnel' }), await pair(),
  ] }))
})
const open = () => metric(program, 'lintel_connections_open')
/** Those of former tests have gone. */
const alone = () => until('no client is connected', async () => await open() === 0)
const asked = async (client: RawClient, target = '/'): Promise<number | undefined> => {
  client.send(requestText({ target }))
  return (await client.response())?.status
}
/** A request on a connection of its own that the origin holds. */
const holdOne = async (target: string) => {
  const client = await keep(rawClient(program.http))
  client.send(requestText({ target }))
  expect(await held.echo.when(() => held.echo.requests.some((request) => request.target === target))).toBe(true)
  return client
}
/** Whether the program reset a connection as it came, and for what reason. */
const isReset = async (port: number, reason: string) => {
  const before = await metric(program, 'lintel_connections_refused_total', `reason="${reason}"`)
  const client = await rawClient(port).catch(() => null)
  const reset = client === null || await client.closed()
  client?.destroy()
  await until('it is counted', async () => await metric(program, 'lintel_connections_refused_total', `reason="${reason}"`) === before + 1)
  return reset
}

describe('max-worker-connections', () => {
  test('at it all are served; one more is reset where none is idle; those that are served go on, and one that ends makes room', async () => {
    await configure(program, { 'max-worker-connections': '3' })
    await alone()
    const targets = ['/held/1', '/held/2', '/held/3']
    const clients: RawClient[] = []
    for (const target of targets) clients.push(await holdOne(target))
    for (const port of [program.http, program.https]) expect(await isReset(port, 'connections')).toBe(true)
    for (const target of targets) held.finish(target)
    for (const client of clients) expect((await client.response())?.status).toBe(200)
    for (const client of clients) client.destroy()
    await alone()
    expect((await ask(program.http)).status).toBe(200)
  })

  test('a handshake that does not end takes a place, and gives it back', async () => {
    await configure(program, { 'max-worker-connections': '1' })
    await alone()
    const silent = await keep(rawClient(program.https))
    expect(await isReset(program.http, 'connections')).toBe(true)
    silent.destroy()
    await until('its place is free', async () => (await ask(program.http)).status === 200)
  })

  test('idle ones make room, the longest idle first, over both protocols', async () => {
    await configure(program, { 'max-worker-connections': '3' })
    await alone()
    const first = await keep(rawClient(program.http))
    expect(await asked(first)).toBe(200)
    const second = await keep(h2Client(program.http))
    expect(statusOf(await second.ask(head('/')))).toBe(200)
    const busy = await holdOne('/held/busy')
    const before = await metric(program, 'lintel_connections_evicted_total')
    const third = await keep(rawClient(program.http))
    expect(await asked(third)).toBe(200)
    expect([await first.closed(), second.closed]).toEqual([true, false])
    const fourth = await keep(rawClient(program.http))
    expect(await asked(fourth)).toBe(200)
    expect(await second.when(() => second.closed)).toBe(true)
    expect(second.goaways).toHaveLength(1)
    await until('both are counted', async () => await metric(program, 'lintel_connections_evicted_total') === before + 2)
    held.finish('/held/busy')
    expect((await busy.response())?.status).toBe(200)
  })
})

describe('max-worker-requests', () => {
  test('at it all are served; one more gets 503, over both protocols; those before it are answered, and then there is room', async () => {
    await configure(program, { 'max-worker-requests': '2' })
    const clients = [await holdOne('/held/r1'), await holdOne('/held/r2')]
    const before = await metric(program, 'lintel_own_answers_total', 'reason="limit_worker_requests"')
    const over = await ask(program.http)
    expect([over.status, over.body]).toEqual([503, '503 Service Temporarily Unavailable: too many requests at once\n'])
    const h2 = await keep(h2Client(program.http))
    expect(statusOf(await h2.ask(head('/')))).toBe(503)
    expect(await metric(program, 'lintel_own_answers_total', 'reason="limit_worker_requests"')).toBe(before + 2)
    held.finish('/held/r1')
    expect((await clients[0]?.response())?.status).toBe(200)
    expect((await ask(program.http)).status).toBe(200)
    expect(statusOf(await h2.ask(head('/')))).toBe(200)
    held.finish('/held/r2')
    expect((await clients[1]?.response())?.status).toBe(200)
  })

  test('whatever becomes of a request, its place comes back', async () => {
    await configure(program, { 'max-worker-requests': '1' })
    for (let i = 0; i < 5; i++) {
      const gone = await holdOne(`/held/gone/${i}`)
      gone.socket.resetAndDestroy()
      const broken = await keep(rawClient(program.http))
      broken.send('GET / HTTP/1.1\r\nbroken\r\n\r\n')
      expect((await broken.response())?.status).toBe(400)
      expect((await ask(program.http, { host: 'nobody.example' })).status).toBe(404)
      await until('there is room', async () => (await ask(program.http)).status === 200)
    }
  })
})

test('max-worker-tunnels: at it all work, one more gets 503, requests are served beside them; one that ends makes room', async () => {
  await configure(program, { 'max-worker-tunnels': '2' })
  const upgrade = requestText({ target: '/tunnel', fields: [['Connection', 'Upgrade'], ['Upgrade', 'own']] })
  const tunnel = async () => {
    const client = await keep(rawClient(program.http))
    client.send(upgrade)
    return { client, status: (await client.response())?.status }
  }
  const [first, second, third] = [await tunnel(), await tunnel(), await tunnel()]
  expect([first, second, third].map(({ status }) => status)).toEqual([101, 101, 503])
  expect(await metric(program, 'lintel_own_answers_total', 'reason="limit_worker_tunnels"')).toBe(1)
  expect((await ask(program.http)).status).toBe(200)
  second.client.send('still here')
  expect(await second.client.when(() => second.client.rest().toString() === 'still here')).toBe(true)
  first.client.destroy()
  await until('there is room', async () => (await tunnel()).status === 101)
})
