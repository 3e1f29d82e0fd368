// WebSocket on HTTP/2 streams (RFC 8441) to HTTP/1.1 origins: the handshake is translated, then a tunnel, each direction ending by itself.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { SETTING } from '../../src/http/h2/frames.ts'
import type { Pairs } from '../http/h2/wire.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { configMap } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { h2Client, head, statusOf, textOf, type H2Client, type Stream } from './http2-client.ts'
import { pair, TRANSPORTS, WITH_PAIR, type Transport } from './http2-session.ts'
import { app, CONFIGURED, metric, resources, route } from './scene.ts'

/** What RFC 6455 §4.2.2 answers a key with. */
const acceptOf = (key: string) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
/** A masked frame of a client (RFC 6455 §5.2), short or of 16 bits of length. */
const message = (text: string, opcode = 1): Buffer => {
  const mask = randomBytes(4)
  const body = Buffer.from(text).map((octet, n) => octet ^ (mask[n % 4] ?? 0))
  const length = body.length < 126 ? [0x80 | body.length] : [0x80 | 126, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length]), mask, body])
}
/** The same from a server. */
const reply = (text: string): Buffer => Buffer.concat([Buffer.from(text.length < 126 ? [0x81, text.length] : [0x81, 126, text.length >> 8, text.length & 255]), Buffer.from(text)])
const CLOSE = 8
/** Longer than client-body-timeout, shorter than proxy-read-timeout. */
const SLOW_MS = 1_500

/** What the scripted origin does with a tunnel, by path. */
const TUNNELS: Readonly<Record<string, (socket: Socket) => void>> = {
  '/raw': (socket) => { socket.on('data', (bytes: Buffer) => socket.write(bytes)).on('end', () => { socket.end() }) },
  '/last-word': (socket) => { socket.on('data', () => undefined).on('end', () => { socket.end('goodbye') }) },
  '/first-word': (socket) => {
    const heard: Buffer[] = []
    socket.end('hello')
    socket.on('data', (bytes: Buffer) => heard.push(bytes)).on('end', () => said.push(Buffer.concat(heard).toString()))
  },
  '/slow-word': (socket) => { socket.once('data', () => setTimeout(() => socket.end('at last'), SLOW_MS)).on('end', () => { socket.end() }) },
  '/reset': (socket) => { socket.once('data', () => socket.resetAndDestroy()) },
  '/silent': (socket) => { socket.on('data', () => undefined).on('end', () => { socket.end() }) },
}
const said: string[] = []

const keep = resources()
let scripted: Echo
let program: Program
beforeAll(async () => {
  scripted = await keep(echoUpstream({ respond: ({ target, fields }) => {
    const tunnel = TUNNELS[target]
    const accept = acceptOf(values(fields, 'sec-websocket-key')[0] ?? '')
    return tunnel && { raw: `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`, tunnel }
  } }))
  const real = await keep(Bun.serve({
    port: 0, hostname: '127.0.0.1', fetch: (request, server) => server.upgrade(request) ? undefined : new Response('not a handshake', { status: 400 }),
    websocket: { message: (socket, text) => { socket.send(text) } },
  }))
  if (real.port === undefined) throw new Error('not listening on a port')
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('real', { port: real.port }), route({ to: 'real' }), ...app('scripted', scripted), route({ to: 'scripted', host: 'scripted.example' }),
    await pair(), configMap({ name: 'settings' }, { 'proxy-read-timeout': '3s', 'client-body-timeout': '1' }),
  ] }))
})
const connected = (transport: Transport): Promise<H2Client> =>
  keep(transport === 'TLS' ? h2Client(program.https, { tls: { servername: 'app.example' } }) : h2Client(program.http))
const handshake = (path: string, host: string, fields: Pairs = []) =>
  head(path, { ':method': 'CONNECT', ':protocol': 'websocket', ':authority': host }, [['sec-websocket-version', '13'], ['sec-websocket-protocol', 'chat'], ...fields])

describe.each(TRANSPORTS)('over %s', (transport) => {
  let client: H2Client
  beforeAll(async () => { client = await connected(transport) })
  const opened = async (path: string, host = 'scripted.example'): Promise<Stream> => {
    const stream = client.open(handshake(path, host), { end: false })
    expect(await client.when(() => stream.heads.length > 0)).toBe(true)
    expect(statusOf(stream)).toBe(200)
    return stream
  }
  const hears = async (stream: Stream, text: string) => { expect(await client.when(() => textOf(stream) === text)).toBe(true) }

  test('SETTINGS offers it', async () => {
    expect(await client.when(() => client.settings.get(SETTING.ENABLE_CONNECT_PROTOCOL) === 1)).toBe(true)
  })

  test('messages to a WebSocket server and back, then a close', async () => {
    const stream = await opened('/chat', 'app.example')
    const texts = ['hello', 'x'.repeat(125), 'y'.repeat(20_000)]
    for (const text of texts) client.upload(stream, message(text), false)
    await hears(stream, texts.map((text) => reply(text).toString('latin1')).join(''))
    client.upload(stream, message('', CLOSE))
    await client.done(stream)
    expect(stream.ended).toBe(true)
  })

  test('twenty at once on one connection, beside requests', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => opened('/chat', 'app.example')))
    for (const [n, stream] of streams.entries()) client.upload(stream, message(`number ${n}`), false)
    expect(statusOf(await client.ask(head('/', { ':authority': 'scripted.example' })))).toBe(200)
    for (const [n, stream] of streams.entries()) await hears(stream, reply(`number ${n}`).toString('latin1'))
    for (const stream of streams) client.cancel(stream)
  })

  test('the origin sees a handshake of HTTP/1.1, the client none of it', async () => {
    const stream = await opened('/raw')
    const { method, fields } = scripted.requests.findLast(({ target }) => target === '/raw') ?? { method: '', fields: [] }
    expect(method).toBe('GET')
    expect(['connection', 'upgrade', 'host', 'sec-websocket-version', 'sec-websocket-protocol', 'content-length', 'transfer-encoding'].map((name) => values(fields, name).join().toLowerCase()))
      .toEqual(['upgrade', 'websocket', 'scripted.example', '13', 'chat', '', ''])
    expect(Buffer.from(values(fields, 'sec-websocket-key').join(), 'base64').length).toBe(16)
    const answered = stream.heads[0]?.fields ?? []
    expect([values(answered, 'sec-websocket-protocol'), values(answered, 'sec-websocket-accept'), values(answered, 'upgrade')]).toEqual([['chat'], [], []])
    client.cancel(stream)
  })

  test('octets go both ways as they come', async () => {
    const stream = await opened('/raw')
    const all = Buffer.from(Array.from({ length: 256 }, (_, n) => n)).toString('latin1')
    for (let n = 1; n <= 3; n++) {
      client.upload(stream, Buffer.from(all, 'latin1'), false)
      await hears(stream, all.repeat(n))
    }
    client.upload(stream, '')
    expect((await client.done(stream)).ended).toBe(true)
  })

  test('octets right behind the handshake are the tunnel\'s', async () => {
    const stream = client.open(handshake('/raw', 'scripted.example'), { end: false })
    client.upload(stream, 'early', false)
    await hears(stream, 'early')
    client.cancel(stream)
  })

  test('three MiB each way: proxy-body-size is not for tunnels', async () => {
    const stream = await opened('/raw')
    const sent = randomBytes(3 << 20)
    client.upload(stream, sent)
    await client.done(stream)
    expect(Buffer.concat(stream.body).equals(sent)).toBe(true)
  })

  test('a client that is done speaking still hears the rest', async () => {
    const stream = await opened('/last-word')
    client.upload(stream, 'bye')
    expect(textOf(await client.done(stream))).toBe('goodbye')
  })

  test('an origin that is done speaking still hears the rest', async () => {
    const stream = await opened('/first-word')
    expect(await client.when(() => stream.ended)).toBe(true)
    expect(textOf(stream)).toBe('hello')
    client.upload(stream, `I am not done, ${transport}`)
    expect(await scripted.when(() => said.includes(`I am not done, ${transport}`))).toBe(true)
  })

  test('a client that resets the stream ends the origin\'s side', async () => {
    const stream = await opened('/silent')
    const connection = scripted.requests.findLast(({ target }) => target === '/silent')?.connection
    client.cancel(stream)
    expect(await scripted.when(() => connection?.closed === true)).toBe(true)
  })

  test('an origin that is cut: RST_STREAM, never an end', async () => {
    const stream = await opened('/reset')
    client.upload(stream, 'now', false)
    await client.done(stream)
    expect([stream.ended, stream.reset]).toEqual([false, 2])
  })

  test('idle for proxy-read-timeout: it ends, and the metrics say so', async () => {
    const before = await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_tunnel"')
    const stream = await opened('/silent')
    await client.done(stream)
    expect([stream.ended, stream.reset]).toEqual([false, 2])
    expect(await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_tunnel"')).toBe(before + 1)
  })

  test('a client that listens for longer than client-body-timeout', async () => {
    const stream = await opened('/slow-word')
    client.upload(stream, 'now', false)
    expect(textOf(await client.done(stream))).toBe('at last')
    client.upload(stream, '')
  })

  test('an origin that does not upgrade: its answer, and it never sees what was meant for the tunnel', async () => {
    const path = `/plain-${transport}`
    const stream = client.open(handshake(path, 'scripted.example'), { end: false })
    client.upload(stream, 'GET /smuggled HTTP/1.1\r\nHost: scripted.example\r\n\r\n', false)
    expect(await client.when(() => stream.ended)).toBe(true)
    expect([statusOf(stream), textOf(stream)]).toEqual([200, expect.stringContaining(`"path":"${path}"`)])
    expect(scripted.requests.filter(({ target }) => target === '/smuggled')).toEqual([])
    expect(scripted.connections.filter(({ chunks }) => Buffer.concat(chunks).includes('smuggled'))).toEqual([])
    client.cancel(stream)
  })

  test('no route: 404', async () => {
    const stream = client.open(handshake('/', 'nobody.example'), { end: false })
    expect(await client.when(() => stream.ended)).toBe(true)
    expect(statusOf(stream)).toBe(404)
    client.cancel(stream)
  })

  test('the connection goes on behind all of it', async () => {
    expect(statusOf(await client.ask(head('/', { ':authority': 'scripted.example' })))).toBe(200)
    expect(client.goaways).toEqual([])
  })
})
