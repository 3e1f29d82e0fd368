// What people may set of HTTP/2 connections, and what holds for their streams: how many at once and in all, what they may expect, and that an upload
// that nobody reads stands in nobody's way.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { SETTING } from '../../src/http/h2/frames.ts'
import { listen } from '../http/support.ts'
import { start, type Program } from '../support/program.ts'
import { h2Client, head, statusOf, textOf, type H2Client } from './http2-client.ts'
import { holdingEcho, type HoldingEcho } from './held.ts'
import { pair, TRANSPORTS, WITH_PAIR, type Transport } from './http2-session.ts'
import { residentBytes, stalled } from './observe.ts'
import { app, configure, CONFIGURED, metric, resources, route } from './scene.ts'

const NO_ERROR = 0, REFUSED_STREAM = 7, CANCEL = 8, HIGHEST_STREAM = 2 ** 31 - 1
const keep = resources()
let program: Program
let echo: HoldingEcho['echo']
let finish: HoldingEcho['finish']
beforeAll(async () => {
  ({ echo, finish } = await holdingEcho())
  await keep(echo)
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('app', echo), route({ to: 'app' }), ...app('unread', await unread()),
    route({ name: 'unread', to: 'unread', path: '/unread' }), await pair(),
  ] }))
})
/** An origin that reads no more than fits into the kernel. */
const unread = async () => {
  const server = createServer((socket) => { socket.on('error', () => undefined).pause() })
  const port = await listen(server)
  await keep({ close: () => { server.close() } })
  return { port }
}
const connected = async (transport: Transport = 'TLS'): Promise<H2Client> => {
  const client = await keep(transport === 'TLS' ? h2Client(program.https, { tls: { servername: 'app.example' } }) : h2Client(program.http))
  expect(await client.when(() => client.settings.size > 0)).toBe(true)
  return client
}
const isAsked = async (count: number, target: string) => {
  expect(await echo.when(() => echo.requests.filter((request) => request.target === target).length === count)).toBe(true)
}

describe('http2-max-concurrent-streams', () => {
  test('128 unless it is set; new connections get it, those that stand keep theirs', async () => {
    const before = await connected()
    await configure(program, { 'http2-max-concurrent-streams': '2' })
    const after = await connected('clear')
    expect([before, after].map(({ settings }) => settings.get(SETTING.MAX_CONCURRENT_STREAMS))).toEqual([128, 2])
    const many = Array.from({ length: 3 }, () => before.open(head('/')))
    for (const stream of many) expect(statusOf(await before.done(stream))).toBe(200)
  })

  test.each(TRANSPORTS)('a stream beyond it is refused, the others are served (%s)', async (transport) => {
    await configure(program, { 'http2-max-concurrent-streams': transport === 'TLS' ? '3' : '4' })
    const client = await connected(transport)
    const target = `/held-most-${transport}`
    const most = client.settings.get(SETTING.MAX_CONCURRENT_STREAMS) ?? 0
    const held = Array.from({ length: most }, () => client.open(head(target)))
    await isAsked(most, target)
    const beyond = await client.ask(head('/'))
    expect([beyond.reset, beyond.heads]).toEqual([REFUSED_STREAM, []])
    finish(target)
    for (const stream of held) expect(textOf(await client.done(stream))).toBe('held')
    expect(statusOf(await client.ask(head('/')))).toBe(200)
  })

  test('more than 128: as many as it says at once, and a client may leave all of them', async () => {
    await configure(program, { 'http2-max-concurrent-streams': '300' })
    const client = await connected()
    const target = '/held-many'
    const streams = Array.from({ length: 300 }, () => client.open(head(target)))
    await isAsked(300, target)
    for (const stream of streams) client.cancel(stream)
    expect(statusOf(await client.ask(head('/')))).toBe(200)
    finish(target)
  })
})

describe.each(TRANSPORTS)('keep-alive-requests, over %s', (transport) => {
  test('the last request brings GOAWAY; what is in flight, and what crosses it, is served; then the connection is closed', async () => {
    await configure(program, { 'keep-alive-requests': transport === 'TLS' ? '3' : '4' })
    const client = await connected(transport)
    const target = `/held-last-${transport}`
    const held = client.open(head(target))
    await isAsked(1, target)
    for (let n = transport === 'TLS' ? 3 : 4; n > 2; n--) expect(statusOf(await client.ask(head('/')))).toBe(200)
    expect(client.goaways).toEqual([])
    const [last, crossing] = [client.open(head('/last')), client.open(head('/crossing'))]
    expect([statusOf(await client.done(last)), statusOf(await client.done(crossing))]).toEqual([200, 200])
    expect(await client.when(() => client.goaways.length === 2)).toBe(true)
    expect(client.goaways).toEqual([{ lastId: HIGHEST_STREAM, code: NO_ERROR, message: '' }, { lastId: crossing.id, code: NO_ERROR, message: '' }])
    expect(client.closed).toBe(false)
    finish(target)
    expect(textOf(await client.done(held))).toBe('held')
    expect(await client.when(() => client.closed)).toBe(true)
  })
})

test('keep-alive-requests: a client that never hears of GOAWAY is not served for ever', async () => {
  await configure(program, { 'keep-alive-requests': '2', 'http2-max-concurrent-streams': '5' })
  const client = await connected()
  client.answersPing = false
  const streams = []
  for (let n = 0; n < 20 && !client.goaways.some(({ lastId }) => lastId < HIGHEST_STREAM); n++) {
    const stream = client.open(head('/'))
    streams.push(stream)
    await client.when(() => stream.ended || client.goaways.length > 1)
  }
  for (const stream of streams) expect(statusOf(await client.done(stream))).toBe(200)
  expect(streams.length).toBe(7)
  expect(client.goaways.map(({ code }) => code)).toEqual([NO_ERROR, NO_ERROR])
})

describe.each(TRANSPORTS)('Expect, over %s', (transport) => {
  test('100-continue is answered, anything else is 417 and goes nowhere', async () => {
    const client = await connected(transport)
    const before = echo.requests.length
    const refused = await client.ask(head('/', {}, [['expect', 'a-miracle']]))
    expect([statusOf(refused), textOf(refused)]).toEqual([417, '417 Expectation Failed: Expect is not 100-continue\n'])
    expect(echo.requests.length).toBe(before)
    const stream = client.open(head('/', { ':method': 'POST' }, [['expect', '100-Continue']]), { end: false })
    expect(await client.when(() => stream.heads.length > 0)).toBe(true)
    client.upload(stream, 'body')
    expect([stream.heads[0]?.status, statusOf(await client.done(stream))]).toEqual([100, 200])
  })
})

describe.each(TRANSPORTS)('uploads that nobody reads, over %s', (transport) => {
  const BODY = Buffer.alloc(8 << 20)
  /** What kernels and the program leave of one, on average. */
  const LEFT_BYTES = 1 << 20
  const UPLOADS = 20
  /** What the program may grow by meanwhile: 64 KiB for each, and garbage of a first large upload. They bring 160 MiB. */
  const HELD_BYTES = 32 << 20
  test(`${UPLOADS} of them: another request is served, with a body and without; what they hold is bounded, and comes back when they go`, async () => {
    await configure(program, { 'proxy-body-size': transport === 'TLS' ? '0' : '100m' })
    const client = await connected(transport)
    const before = residentBytes(program)
    const uploads = Array.from({ length: UPLOADS }, () => client.open(head('/unread', { ':method': 'POST' }), { end: false }))
    for (const stream of uploads) client.upload(stream, BODY)
    expect(await stalled(() => client.waiting)).toBeGreaterThan(UPLOADS * LEFT_BYTES)
    expect(statusOf(await client.ask(head('/')))).toBe(200)
    const body = 'x'.repeat(300_000)
    const upload = client.open(head('/', { ':method': 'POST' }), { end: false })
    client.upload(upload, body)
    expect(textOf(await client.done(upload))).toContain(`"body_bytes":${body.length}`)
    expect(residentBytes(program) - before).toBeLessThan(HELD_BYTES)
    for (const stream of uploads) client.cancel(stream)
    const last = client.open(head('/', { ':method': 'POST' }), { end: false })
    client.upload(last, body)
    expect(textOf(await client.done(last))).toContain(`"body_bytes":${body.length}`)
    expect(uploads.every(({ reset }) => reset === CANCEL)).toBe(true)
    expect(await metric(program, 'lintel_own_answers_total', 'reason="flow_control_error"')).toBe(0)
  })
})
