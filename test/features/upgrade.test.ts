// Upgraded connections: after 101 a tunnel, octets both ways as they come, each direction ending by itself.
import { beforeAll, expect, test } from 'bun:test'
import type { Socket } from 'node:net'
import { certificate } from '../support/certificate.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { configMap, tlsSecret } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, CONFIGURED, metric, resources, route } from './scene.ts'

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
const ASK = 'Host: app.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

function echoes(socket: Socket) {
  socket.on('data', (bytes: Buffer) => socket.write(bytes))
  socket.on('end', () => { socket.end() })
}
/** What the origin does with the tunnel, by path. */
const TUNNELS: Readonly<Record<string, (socket: Socket) => void>> = {
  '/echo': echoes,
  '/last-word': (socket) => {
    socket.on('data', () => undefined)
    socket.on('end', () => { socket.end('goodbye') })
  },
  '/first-word': (socket) => {
    const heard: Buffer[] = []
    socket.end('hello')
    socket.on('data', (bytes: Buffer) => heard.push(bytes))
    socket.on('end', () => said.push(Buffer.concat(heard).toString()))
  },
  '/silent': (socket) => { socket.on('data', () => undefined).on('end', () => { socket.end() }) },
}
const said: string[] = []

const keep = resources()
let echo: Echo
let program: Program
beforeAll(async () => {
  echo = await keep(echoUpstream({ name: 'echo', respond: ({ target }) => {
    const tunnel = TUNNELS[target]
    if (target === '/spdy') return { raw: SWITCH.replace('websocket', 'SPDY/3.1'), tunnel: echoes }
    return tunnel && { raw: target === '/echo' ? `${SWITCH}early` : SWITCH, tunnel }
  } }))
  program = await keep(start({ flags: [CONFIGURED, '--default-ssl-certificate=default/pair'], manifests: [
    ...app('app', echo), route({ to: 'app' }), configMap({ name: 'settings' }, { 'proxy-read-timeout': '1s' }),
    tlsSecret({ name: 'pair' }, await certificate({ names: ['app.example'] })),
  ] }))
})

async function upgraded(path: string, tls = false) {
  const client = await keep(rawClient(tls ? program.https : program.http, tls ? { tls: { servername: 'app.example' } } : { halfOpen: true }))
  client.send(`GET ${path} HTTP/1.1\r\n${ASK}`)
  const response = await client.response()
  expect(response?.status).toBe(101)
  return { ...client, response }
}

test.each([['HTTP', false], ['HTTPS', true]])('octets go both ways as they come over %s', async (_, tls) => {
  const client = await upgraded('/echo', tls)
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  expect(await client.when(() => client.rest().toString() === 'early')).toBe(true)
  for (let i = 1; i <= 3; i++) {
    client.send(all, [])
    expect(await client.when(() => client.rest().length === 5 + i * all.length)).toBe(true)
  }
  expect(client.rest().subarray(5).equals(Buffer.concat([all, all, all]))).toBe(true)
})

test('the head of the upgrade passes, and no other hop-by-hop field', async () => {
  const { response } = await upgraded('/echo')
  expect(response?.fields.map(([name, value]) => `${name}: ${value}`.toLowerCase())).toEqual(expect.arrayContaining([
    'connection: upgrade', 'upgrade: websocket', 'sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=',
  ]))
  const { fields } = echo.requests.findLast(({ target }) => target === '/echo') ?? { fields: [] }
  expect([values(fields, 'connection').join().toLowerCase(), values(fields, 'upgrade'), values(fields, 'sec-websocket-key')])
    .toEqual(['upgrade', ['websocket'], ['dGhlIHNhbXBsZSBub25jZQ==']])
})

test('any other protocol, such as that of kubectl exec, with its name as it came', async () => {
  const client = await keep(rawClient(program.http))
  client.send('POST /spdy HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n')
  const response = await client.response()
  expect([response?.status, values(response?.fields ?? [], 'upgrade')]).toEqual([101, ['SPDY/3.1']])
  const { method, fields } = echo.requests.findLast(({ target }) => target === '/spdy') ?? { method: '', fields: [] }
  expect([method, values(fields, 'upgrade')]).toEqual(['POST', ['SPDY/3.1']])
  client.send('\x80\x03\x00\x01', [])
  expect(await client.when(() => client.rest().toString('latin1') === '\x80\x03\x00\x01')).toBe(true)
})

test('octets sent right behind the upgrade are the tunnel\'s', async () => {
  const client = await keep(rawClient(program.http))
  client.send(`GET /echo HTTP/1.1\r\n${ASK}GET / not a request`)
  expect(await client.when(() => client.rest().toString() === 'earlyGET / not a request')).toBe(true)
})

test('a client that is done speaking still hears the rest', async () => {
  const client = await upgraded('/last-word')
  client.end()
  expect(await client.closed()).toBe(true)
  expect(client.rest().toString()).toBe('goodbye')
})

test('an origin that is done speaking still hears the rest', async () => {
  const client = await upgraded('/first-word')
  expect(await client.when(() => client.rest().toString() === 'hello')).toBe(true)
  client.send('I am not done', [])
  client.end()
  expect(await echo.when(() => said.includes('I am not done'))).toBe(true)
})

test('a client that is gone ends the origin\'s side', async () => {
  const client = await upgraded('/silent')
  const connection = echo.requests.findLast(({ target }) => target === '/silent')?.connection
  client.destroy()
  expect(await echo.when(() => connection?.closed === true)).toBe(true)
})

test('a tunnel that is idle for proxy-read-timeout ends, and the metrics say so', async () => {
  const client = await upgraded('/silent')
  expect(await client.closed()).toBe(true)
  expect(await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_tunnel"')).toBeGreaterThan(0)
})

test('an origin that does not upgrade answers as ever', async () => {
  const client = await keep(rawClient(program.http))
  client.send(`GET /plain HTTP/1.1\r\n${ASK}`)
  expect(await client.response()).toMatchObject({ status: 200 })
  client.send('GET /plain HTTP/1.1\r\nHost: app.example\r\n\r\n')
  expect(await client.response()).toMatchObject({ status: 200 })
})

test('101 that nobody asked for is 502', async () => {
  expect(await ask(program.http, { target: '/echo' })).toMatchObject({ status: 502 })
})
