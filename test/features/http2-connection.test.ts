// HTTP/2 connections from first to last: how they are agreed on, that changes of the table leave them alone, how they end.
import { beforeAll, describe, expect, test } from 'bun:test'
import { TLSSocket } from 'node:tls'
import { ping } from '../http/h2/wire.ts'
import type { Echo } from '../support/echo.ts'
import { configMap } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { h2Client, head, statusOf, textOf, type H2Client } from './http2-client.ts'
import { pair, TRANSPORTS, WITH_PAIR, type Transport } from './http2-session.ts'
import { type HoldingEcho, holdingEcho } from './held.ts'
import { app, applied, configure, CONFIGURED, metric, requestText, resources, route } from './scene.ts'

const HIGHEST_STREAM = 2 ** 31 - 1
const NO_ERROR = 0
const keep = resources()
let echo: Echo
let finish: HoldingEcho['finish']
beforeAll(async () => {
  ({ echo, finish } = await holdingEcho())
  await keep(echo)
})

const run = async (settings?: Readonly<Record<string, string>>): Promise<Program> => keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
  ...app('app', echo), route({ to: 'app' }), await pair(), ...settings ? [configMap({ name: 'settings' }, settings)] : [],
] }))
const connected = (program: Program, transport: Transport): Promise<H2Client> =>
  keep(transport === 'TLS' ? h2Client(program.https, { tls: { servername: 'app.example' } }) : h2Client(program.http))
const isHeld = async (target: string) => { expect(await echo.when(() => echo.requests.some((request) => request.target === target))).toBe(true) }

describe('ALPN', () => {
  let program: Program
  beforeAll(async () => { program = await run() })
  const agreed = async (alpn?: readonly string[]) => {
    const { socket } = await keep(rawClient(program.https, { tls: { servername: 'app.example', ...alpn && { alpn } } }))
    if (!(socket instanceof TLSSocket)) throw new Error('not TLS')
    return socket.alpnProtocol
  }

  test('the client has the choice, h2 goes first', async () => {
    expect([await agreed(['http/1.1', 'h2']), await agreed(['http/1.1']), await agreed()]).toEqual(['h2', 'http/1.1', false])
  })

  test('use-http2: "false" → http/1.1 from now on; what is open goes on; "true" brings it back', async () => {
    const open = await connected(program, 'TLS')
    await configure(program, { 'use-http2': 'false' })
    expect(await agreed(['h2', 'http/1.1'])).toBe('http/1.1')
    expect(statusOf(await open.ask(head('/')))).toBe(200)
    await configure(program, { 'use-http2': 'true' })
    expect(await agreed(['h2', 'http/1.1'])).toBe('h2')
  })

  test('in clear, what only begins like the preface of HTTP/2 is HTTP/1.1', async () => {
    const client = await keep(rawClient(program.http))
    client.send('PRI ')
    client.send('* HTTP/1.1\r\nHost: app.example\r\n\r\n', ['PRI'])
    expect((await client.response())?.status).toBe(400)
    expect(await client.closed()).toBe(true)
  })

  test('a preface that comes octet by octet, in clear', async () => {
    const client = await keep(rawClient(program.http))
    for (const octet of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      client.send(octet, [])
      await new Promise(setImmediate)
    }
    client.send(Buffer.concat([Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), ping('octets!!')]), [])
    expect(await client.when(() => client.rest().includes('octets!!'))).toBe(true)
  })
})

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a change of the table leaves connections and requests alone, and holds for the next request', async () => {
    const program = await run()
    const client = await connected(program, transport)
    const target = `/held-change-${transport}`
    const stream = client.open(head(target))
    await isHeld(target)
    expect(statusOf(await client.ask(head('/', { ':authority': 'new.example' })))).toBe(404)
    await applied(program, () => program.write('new.yaml', toYaml([route({ name: 'new', to: 'app', host: 'new.example' })])))
    expect(statusOf(await client.ask(head('/', { ':authority': 'new.example' })))).toBe(200)
    await applied(program, () => program.remove('manifests.yaml'))
    finish(target)
    expect(textOf(await client.done(stream))).toBe('held')
    expect([client.closed, client.goaways]).toEqual([false, []])
  })

  test('an idle connection is closed after keep-alive, with GOAWAY; a busy one is not', async () => {
    const program = await run({ 'keep-alive': '1' })
    const busy = await connected(program, transport)
    const idle = await connected(program, transport)
    const target = `/held-idle-${transport}`
    const stream = busy.open(head(target))
    await isHeld(target)
    const from = performance.now()
    expect(statusOf(await idle.ask(head('/')))).toBe(200)
    expect(await idle.when(() => idle.closed)).toBe(true)
    expect(performance.now() - from).toBeGreaterThan(900)
    expect(idle.goaways).toEqual([{ lastId: 1, code: NO_ERROR, message: '' }])
    finish(target)
    expect(textOf(await busy.done(stream))).toBe('held')
    expect(await busy.when(() => busy.closed)).toBe(true)
    await until('nobody is connected', async () => await metric(program, 'lintel_connections_open') === 0)
  })

  test('SIGTERM: GOAWAY twice, what is in flight finishes, exit 0', async () => {
    const program = await run({ 'worker-shutdown-timeout': '20s' })
    const client = await connected(program, transport)
    const idle = await connected(program, transport)
    expect(statusOf(await idle.ask(head('/')))).toBe(200)
    const target = `/held-drain-${transport}`
    const stream = client.open(head(target))
    await isHeld(target)
    program.signal('SIGTERM')
    expect(await client.when(() => client.goaways.length === 2)).toBe(true)
    expect(client.goaways.map(({ lastId, code }) => [lastId, code])).toEqual([[HIGHEST_STREAM, NO_ERROR], [stream.id, NO_ERROR]])
    expect(await idle.when(() => idle.closed)).toBe(true)
    expect([stream.heads, client.closed]).toEqual([[], false])
    finish(target)
    expect(textOf(await client.done(stream))).toBe('held')
    expect(await client.when(() => client.closed)).toBe(true)
    expect(await program.exited).toBe(0)
  })

  test('a request that crosses the signal is served', async () => {
    const program = await run({ 'worker-shutdown-timeout': '20s' })
    const clients = await Promise.all(Array.from({ length: 10 }, () => connected(program, transport)))
    for (const client of clients) expect(statusOf(await client.ask(head('/')))).toBe(200)
    program.signal('SIGTERM')
    const streams = clients.map((client) => client.open(head('/crossing')))
    for (const [n, stream] of streams.entries()) expect(statusOf(await clients[n]?.done(stream) ?? stream)).toBe(200)
    expect(await program.exited).toBe(0)
  })

  test('a drain that takes too long is cut, and exits 0', async () => {
    const program = await run({ 'worker-shutdown-timeout': '500ms' })
    const client = await connected(program, transport)
    const target = `/held-for-good-${transport}`
    const stream = client.open(head(target))
    await isHeld(target)
    program.signal('SIGTERM')
    expect(await client.when(() => client.closed)).toBe(true)
    expect([stream.ended, stream.heads]).toEqual([false, []])
    expect(await program.exited).toBe(0)
  })

  test('a client that is gone while its answer comes, again and again: nothing is left open', async () => {
    const program = await run()
    for (let n = 0; n < 20; n++) {
      const client = await connected(program, transport)
      client.open(head('/held-leaver'))
      await client.when(() => client.settings.size > 0)
      client.socket.resetAndDestroy()
    }
    await until('nobody is connected', async () => await metric(program, 'lintel_connections_open') === 0)
    const client = await connected(program, transport)
    expect(statusOf(await client.ask(head('/')))).toBe(200)
    finish('/held-leaver')
  })
})

test('HTTP/1.1 and HTTP/2 share a port', async () => {
  const program = await run()
  const [one, two] = [await keep(rawClient(program.http)), await connected(program, 'clear')]
  for (let n = 0; n < 3; n++) {
    one.send(requestText())
    expect([(await one.response())?.status, statusOf(await two.ask(head('/')))]).toEqual([200, 200])
  }
})
