// WebSocket through the tunnel with the ws package at both ends: every size and shape of message, compression, close codes, and life.
import { afterAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:http'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { certificate } from '../support/certificate.ts'
import { backend, ingress, service, tlsSecret } from '../support/manifests.ts'
import { start, toYaml } from '../support/program.ts'
import { changes } from '../support/until.ts'
import { applied } from './scene.ts'

const origin = createServer()
const sockets = new WebSocketServer({ server: origin, perMessageDeflate: true, handleProtocols: (offered) => offered.has('chat') ? 'chat' : false })
const seen = changes()
const closes: { code: number; reason: string }[] = []
sockets.on('connection', (socket, request) => {
  if (request.url === '/first') socket.send('I speak first')
  if (request.url === '/leave') socket.close(4001, 'leave')
  if (request.url === '/crash') socket.terminate()
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
  socket.on('close', (code, reason) => { closes.push({ code, reason: String(reason) }); seen.notify() })
})
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
const address = origin.address()
const port = typeof address === 'object' && address !== null ? address.port : 0

const pair = await certificate({ names: ['ws.test'] })
const rules = [{ host: 'ws.test', paths: [{ backend: backend('origin:80') }] }]
const site = (annotations: Record<string, string>) => ingress({ metadata: { name: 'site', annotations: { 'nginx.ingress.kubernetes.io/ssl-redirect': 'false', ...annotations } }, tls: [{ hosts: ['ws.test'], secretName: 'pair' }], rules })
const manifests = (annotations: Record<string, string> = {}) =>
  [...service({ metadata: { name: 'origin' }, ports: [{ name: 'http', port: 80 }], endpoints: [port] }), tlsSecret({ name: 'pair' }, pair), site(annotations)]
const program = await start({ manifests: manifests() })
afterAll(async () => {
  for (const socket of sockets.clients) socket.terminate()
  await program.stop()
  origin.close()
})

const urls = { ws: `ws://127.0.0.1:${program.http}`, wss: `wss://127.0.0.1:${program.https}` }
const open = (scheme: 'ws' | 'wss', path = '/', protocols: string[] = []) =>
  new WebSocket(`${urls[scheme]}${path}`, protocols, { headers: { host: 'ws.test' }, rejectUnauthorized: false })
const opened = (socket: WebSocket) => new Promise<void>((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject) })
const closed = (socket: WebSocket) => new Promise<{ code: number; reason: string }>((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })))
const next = (socket: WebSocket) => new Promise<{ data: RawData; isBinary: boolean }>((resolve) => socket.once('message', (data, isBinary) => resolve({ data, isBinary })))
const octetsOf = (data: RawData): Buffer => Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)

describe.each(['ws', 'wss'] as const)('%s', (scheme) => {
  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000, 5_000_000])('a binary message of %d octets comes back as it was', async (size) => {
    const socket = open(scheme)
    await opened(socket)
    const message = Buffer.alloc(size, 'Lintel')
    socket.send(message)
    const { data, isBinary } = await next(socket)
    expect([isBinary, octetsOf(data).equals(message)]).toEqual([true, true])
    socket.close()
    await closed(socket)
  })

  test('text, fragments, and a ping that is answered', async () => {
    const socket = open(scheme)
    await opened(socket)
    const answer = next(socket)
    for (const [index, part] of ['frag', 'mént', 's ✓'].entries()) socket.send(part, { fin: index === 2, binary: false })
    expect(String(octetsOf((await answer).data))).toBe('fragménts ✓')
    const pong = new Promise((resolve) => socket.once('pong', resolve))
    socket.ping('?')
    expect(String(await pong)).toBe('?')
    socket.close()
    await closed(socket)
  })

  test('compression and a subprotocol are between the two ends', async () => {
    const socket = open(scheme, '/', ['chat', 'other'])
    await opened(socket)
    expect([socket.protocol, socket.extensions]).toEqual(['chat', 'permessage-deflate'])
    socket.close()
    await closed(socket)
  })

  test('an origin that speaks before the client', async () => {
    const socket = open(scheme, '/first')
    const [message] = await Promise.all([next(socket), opened(socket)])
    expect(String(octetsOf(message.data))).toBe('I speak first')
    socket.close()
    await closed(socket)
  })

  test('close codes pass both ways, and a crash is seen as one', async () => {
    expect(await closed(open(scheme, '/leave'))).toEqual({ code: 4001, reason: 'leave' })
    expect((await closed(open(scheme, '/crash'))).code).toBe(1006)
    const socket = open(scheme)
    await opened(socket)
    const before = closes.length
    socket.close(4002, 'bye')
    expect(await closed(socket)).toEqual({ code: 4002, reason: 'bye' })
    expect(await seen.when(() => closes.length > before)).toBe(true)
    expect(closes.at(-1)).toEqual({ code: 4002, reason: 'bye' })
    const cut = open(scheme)
    await opened(cut)
    cut.terminate()
    expect(await seen.when(() => closes.at(-1)?.code === 1006)).toBe(true)
  })

  test('20,000 messages in a row keep their order', async () => {
    const socket = open(scheme)
    await opened(socket)
    let received = 0
    let wrong = 0
    const all = new Promise<void>((resolve) => socket.on('message', (data) => { if (String(octetsOf(data)) !== String(received++)) wrong++; if (received === 20_000) resolve() }))
    for (let i = 0; i < 20_000; i++) socket.send(String(i))
    await all
    expect(wrong).toBe(0)
    socket.close()
    await closed(socket)
  })
})

test('a change of the route does not touch a tunnel that stands', async () => {
  const socket = open('ws')
  await opened(socket)
  await applied(program, () => program.write('manifests.yaml', toYaml(manifests({ 'nginx.ingress.kubernetes.io/proxy-read-timeout': '55' }))))
  socket.send('still here')
  expect(String(octetsOf((await next(socket)).data))).toBe('still here')
  socket.close()
  await closed(socket)
})
