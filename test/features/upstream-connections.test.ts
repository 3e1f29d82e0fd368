// Connections to endpoints through the program: which ones are kept, for how long, what ends one that rests, and what /table and /metrics say of them.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { z } from 'zod'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { listen } from '../http/support.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, configure, CONFIGURED, echoed, metric, resources, route } from './scene.ts'

const keep = resources()
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** An origin that answers each read with `ok` and then does as it likes with the connection. */
async function origin(then: (socket: Socket, answered: number) => void) {
  const connections: { requests: string[]; closed: boolean; readonly socket: Socket }[] = []
  const server = createServer((socket) => {
    const connection = { requests: [] as string[], closed: false, socket }
    connections.push(connection)
    socket.on('data', (bytes: Buffer) => {
      connection.requests.push(bytes.toString('latin1'))
      socket.write(OK)
      then(socket, connection.requests.length)
    })
    socket.on('close', () => { connection.closed = true })
    socket.on('error', () => undefined)
  })
  return keep(Promise.resolve({ port: await listen(server), connections, close: () => { server.close(); for (const { socket } of connections) socket.destroy() } }))
}

let program: Program
let echo: Echo
let leaving: Echo
let quiet: Awaited<ReturnType<typeof origin>>
let once: typeof quiet
let thrice: typeof quiet
let announcing: Echo

beforeAll(async () => {
  [echo, leaving] = [await keep(echoUpstream()), await keep(echoUpstream())]
  ;[quiet, once, thrice] = [await origin(() => undefined), await origin((socket) => socket.end()), await origin((socket, answered) => { if (answered === 3) socket.end() })]
  announcing = await keep(echoUpstream({ respond: () => ({ fields: [['Keep-Alive', 'timeout=2']], body: 'ok' }) }))
  const host = (to: string) => route({ name: to, to, host: `${to}.example` })
  program = await keep(start({ flags: [CONFIGURED, '--workers=1'], manifests: [
    ...app('echo', echo), host('echo'), ...app('quiet', quiet), host('quiet'),
    ...app('once', once), host('once'), ...app('thrice', thrice), host('thrice'), ...app('announcing', announcing), host('announcing'),
  ] }))
  await applied(program, () => program.write('leaving.yaml', toYaml([...app('leaving', leaving), host('leaving')])))
})

const get = (name: string) => ask(program.http, { host: `${name}.example` })
const post = (name: string, body: string) => ask(program.http, { host: `${name}.example`, method: 'POST', body })

describe('an origin that ends connections at rest', () => {
  test.each([['behind each answer', () => once, 'once'], ['behind every third answer', () => thrice, 'thrice']] as const)('%s: nobody sees it, no POST is lost or sent twice', async (_, of, name) => {
    for (let i = 0; i < 30; i++) expect(await (i % 2 === 0 ? post(name, `pay ${i}.`) : get(name))).toMatchObject({ status: 200, body: 'ok' })
    const bodies = of().connections.flatMap(({ requests }) => requests).flatMap((text) => /pay \d+\./.exec(text) ?? [])
    expect(bodies).toEqual(Array.from({ length: 15 }, (__, i) => `pay ${2 * i}.`))
  })

  test.each<[string, (socket: Socket) => void]>([
    ['an octet', (socket) => socket.write('x')], ['an answer to nothing', (socket) => socket.write(OK)], ['FIN', (socket) => socket.end()], ['a reset', (socket) => socket.resetAndDestroy()],
  ])('%s: the connection is closed at once, the next request has another', async (_, ends) => {
    await get('quiet')
    const connection = quiet.connections.at(-1)
    ends(connection!.socket)
    await until('it is closed', () => connection!.closed)
    expect(await get('quiet')).toMatchObject({ status: 200, body: 'ok' })
    expect(quiet.connections.at(-1)).not.toBe(connection)
  })

  test('one that says when it will: closed a second before', async () => {
    const asked = performance.now()
    await get('announcing')
    const [connection] = announcing.connections
    await until('it is closed', () => connection!.closed)
    expect(performance.now() - asked).toBeLessThan(2_000)
  })
})

describe('limits of the ConfigMap', () => {
  /** How many requests each of the connections had that so many requests took. */
  const carried = async (requests: number) => {
    const before = echo.connections.length
    for (let i = 0; i < requests; i++) echoed(await get('echo'))
    return echo.connections.slice(before).map((connection) => connection.requests.length)
  }

  test('upstream-keepalive-requests', async () => {
    await configure(program, { 'upstream-keepalive-requests': '3' })
    expect(await carried(9)).toEqual([3, 3, 3])
  })
  test('upstream-keepalive-connections: 0', async () => {
    await configure(program, { 'upstream-keepalive-connections': '0' })
    expect(await carried(3)).toEqual([1, 1, 1])
  })
  test('upstream-keepalive-time: in use or at rest, the connection is replaced', async () => {
    await configure(program, { 'upstream-keepalive-time': '300ms' })
    await carried(1)
    const connection = echo.connections.at(-1)
    await until('it is closed', () => connection!.closed)
    expect(await carried(1)).toEqual([1])
  })
  test('upstream-keepalive-timeout', async () => {
    await configure(program, { 'upstream-keepalive-timeout': '200ms' })
    await carried(1)
    const connection = echo.connections.at(-1)
    await until('it is closed', () => connection!.closed)
  })
  test('upstream-keepalive-connections-per-endpoint', async () => {
    await configure(program, { 'upstream-keepalive-connections-per-endpoint': '2' })
    const before = echo.connections.length
    await Promise.all(Array.from({ length: 8 }, () => get('echo')))
    await until('two are left', () => echo.connections.slice(before).filter(({ closed }) => !closed).length <= 2)
  })
  test('a change of another key closes nothing', async () => {
    await configure(program, {})
    await carried(1)
    await configure(program, { 'keep-alive': '70' })
    expect(await carried(3)).toEqual([])
  })
})

describe('what is said of them', () => {
  const tableBody = z.object({ pools: z.array(z.object({
    service: z.string(), address: z.string(), port: z.number(), protocol: z.string(), tls: z.boolean(),
    open: z.number(), waiting: z.number(), idle: z.number(), hits: z.number(), misses: z.number(), evictions: z.number(),
  })) })
  const poolOf = async ({ port }: Echo) => tableBody.parse(await program.get('/table')).pools.find((pool) => pool.port === port)
  const metricOf = (name: string) => metric(program, `lintel_upstream_${name}`, 'namespace="default",service="leaving",port="80"')

  test('/table by endpoint, /metrics by Service: the same, and what there is', async () => {
    for (let i = 0; i < 5; i++) echoed(await get('leaving'))
    expect(await poolOf(leaving)).toEqual({
      service: 'default/leaving:80', address: '127.0.0.1', port: leaving.port, protocol: 'h1', tls: false, open: 1, waiting: 0, idle: 1, hits: 4, misses: 1, evictions: 0,
    })
    expect([await metricOf('connections_open'), await metricOf('connections_idle'), await metricOf('connections_waiting')]).toEqual([1, 1, 0])
    expect([await metricOf('pool_hits_total'), await metricOf('pool_misses_total'), await metricOf('pool_evictions_total')]).toEqual([4, 1, 0])
    expect(leaving.connections.filter(({ closed }) => !closed)).toHaveLength(1)
  })

  test('an endpoint that leaves: its connections close at once, what was counted stays', async () => {
    await applied(program, () => program.write('leaving.yaml', toYaml([...app('leaving', echo), route({ to: 'leaving', host: 'leaving.example' })])))
    await until('it is closed', () => leaving.connections.every(({ closed }) => closed))
    expect(await poolOf(leaving)).toBeUndefined()
    expect([await metricOf('connections_open'), await metricOf('pool_hits_total')]).toEqual([0, 4])
  })
})
