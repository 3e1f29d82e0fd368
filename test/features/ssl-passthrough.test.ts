// ssl-passthrough: TLS of a host goes to its Service unopened, beside hosts whose TLS is ended on the same port.
import { beforeAll, expect, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { configMap, ingress, backend, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, applied, ask, CONFIGURED, issues, metric, resources } from './scene.ts'

const FLAG = '--enable-ssl-passthrough'
const keep = resources()
const PASSED = ['pass.example', 'a.wild.example']
let echo: Echo
let inner: TestCertificate
let outer: TestCertificate
let origin: { readonly port: number; readonly sockets: TLSSocket[]; stop(): void }

/** Ends TLS itself, asks for client certificates, and says what it saw. */
async function tlsOrigin({ cert, key }: TestCertificate) {
  const sockets: TLSSocket[] = []
  const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['private/1'] }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    const client = socket.getPeerCertificate()
    socket.on('data', (bytes: Buffer) => socket.write(`${String(socket.servername)} ${String(socket.alpnProtocol)} ${client.subject?.CN ?? 'nobody'} ${bytes.length}`))
    socket.on('end', () => { socket.end() })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, sockets, stop: () => { server.close(); for (const socket of sockets) socket.destroy() } }
}

const passthrough = (name: string, host: string, { to = 'secure', path = '/' } = {}): object => ingress({
  metadata: { name, annotations: { 'nginx.ingress.kubernetes.io/ssl-passthrough': 'true' } }, rules: [{ host, paths: [{ path, backend: backend(`${to}:80`) }] }],
})
const ended = (host: string): object => ingress({ metadata: { name: 'ended' }, tls: [{ hosts: [host], secretName: 'pair' }], rules: [{ host, paths: [{ backend: backend('web:80') }] }] })
const world = (...more: readonly object[]): object[] => [...app('secure', origin), ...app('web', echo), tlsSecret({ name: 'pair' }, outer), ended('ended.example'), ...more]
const run = (manifests: readonly object[], flags: readonly string[] = [FLAG]): Promise<Program> => keep(start({ manifests, flags: [CONFIGURED, ...flags] }))

beforeAll(async () => {
  echo = await keep(echoUpstream())
  inner = await certificate({ names: ['inner.example'] })
  outer = await certificate({ names: ['ended.example'] })
  origin = await keep(await tlsOrigin(inner))
})

const subjectSeen = async (program: Program, servername: string) => {
  const { socket } = await keep(rawClient(program.https, { tls: { servername } }))
  return 'getPeerCertificate' in socket ? socket.getPeerCertificate().subject.CN : undefined
}

test('the Service ends TLS: its certificate, its ALPN, its client certificates; others are ended here', async () => {
  const program = await run(world(passthrough('pass', 'pass.example'), passthrough('wild', '*.wild.example')))
  const mine = await certificate({ names: ['me.example'] })
  for (const servername of PASSED) {
    const client = await keep(rawClient(program.https, { tls: { servername, cert: mine.cert, key: mine.key, alpn: ['private/1'] } }))
    if ('getPeerCertificate' in client.socket) expect(client.socket.getPeerCertificate().subject.CN).toBe('inner.example')
    client.send('hello')
    expect(await client.when(() => client.rest().toString() === `${servername} private/1 me.example 5`)).toBe(true)
  }
  expect(await subjectSeen(program, 'ended.example')).toBe('ended.example')
  expect((await ask(program.https, { host: 'ended.example', tls: { servername: 'ended.example' } })).status).toBe(200)
  expect(await metric(program, 'lintel_stream_sessions_total', `protocol="tls",port="${program.https}"`)).toBe(PASSED.length)
})

test('behind PROXY protocol: the header is taken off, the client that it names is logged, and the Service gets the hello as it came', async () => {
  const settings = configMap({ name: 'settings' }, { 'use-proxy-protocol': 'true', 'log-format-stream': '$remote_addr $remote_port $proxy_protocol_addr $realip_remote_addr $status' })
  const program = await run(world(passthrough('pass', 'pass.example'), settings))
  const header = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n')
  for (const cut of [header.length, 20]) {
    const raw = connectTcp({ port: program.https, host: '127.0.0.1' })
    raw.write(header.subarray(0, cut))
    if (cut < header.length) await once(raw, 'connect')
    raw.write(header.subarray(cut))
    const secured = connectTls({ socket: raw, servername: 'pass.example', ALPNProtocols: ['private/1'], rejectUnauthorized: false })
    secured.write('hello')
    expect(String((await once(secured, 'data'))[0])).toBe('pass.example private/1 nobody 5')
    secured.end()
    raw.end()
  }
  const line = '192.0.2.1 56324 192.0.2.1 127.0.0.1 200'
  expect(await program.when(() => program.stdout.filter((text) => text === line).length === 2)).toBe(true)
})

test('openssl s_client gets the chain of the Service', async () => {
  const program = await run(world(passthrough('pass', 'pass.example')))
  const child = Bun.spawn(['openssl', 's_client', '-connect', `127.0.0.1:${program.https}`, '-servername', 'pass.example', '-alpn', 'private/1'], { stdin: new Blob([]), stdout: 'pipe', stderr: 'ignore' })
  const output = await new Response(child.stdout).text()
  expect(output).toContain('CN = inner.example')
  expect(output).toContain('ALPN protocol: private/1')
})

test('such a host is not asked for on a connection whose TLS was ended here', async () => {
  const program = await run(world(passthrough('pass', 'pass.example')))
  expect((await ask(program.https, { host: 'pass.example', tls: { servername: 'ended.example' } })).status).toBe(421)
})

test('without the flag: TLS is ended here, and an issue says so', async () => {
  const program = await run(world(passthrough('pass', 'pass.example')), [])
  expect(await subjectSeen(program, 'pass.example')).not.toBe('inner.example')
  expect((await issues(program)).find(({ object }) => object === 'Ingress default/pass')).toMatchObject({ field: 'nginx.ingress.kubernetes.io/ssl-passthrough', reason: expect.stringContaining(FLAG) })
})

test('without a path / there is no Service for it: an issue', async () => {
  const program = await run(world(passthrough('pass', 'pass.example', { path: '/api' })))
  expect((await issues(program)).find(({ object }) => object === 'Ingress default/pass')?.reason).toContain('no path /')
  expect(await subjectSeen(program, 'pass.example')).not.toBe('inner.example')
})

test('without endpoints the connection is closed and counted', async () => {
  const program = await run(world(...app('empty'), passthrough('pass', 'pass.example', { to: 'empty' })))
  expect(await rawClient(program.https, { tls: { servername: 'pass.example' } }).then(() => 'connected', () => 'closed')).toBe('closed')
  await program.waitFor('counted', async () => await metric(program, 'lintel_stream_failures_total', 'protocol="tls"') === 1)
})

test('it comes and goes live; what is open lives on', async () => {
  const program = await run(world())
  expect(await subjectSeen(program, 'pass.example')).not.toBe('inner.example')
  await applied(program, () => program.write('more.yaml', toYaml([passthrough('pass', 'pass.example')])))
  const client = await keep(rawClient(program.https, { tls: { servername: 'pass.example' } }))
  await applied(program, () => program.remove('more.yaml'))
  expect(await subjectSeen(program, 'pass.example')).not.toBe('inner.example')
  client.send('still')
  expect(await client.when(() => client.rest().toString() === 'pass.example false nobody 5')).toBe(true)
})

test('an idle limit, and the drain', async () => {
  const settings = configMap({ name: 'settings' }, { 'proxy-stream-timeout': '1s', 'worker-shutdown-timeout': '2s' })
  const program = await run(world(passthrough('pass', 'pass.example'), settings))
  const idle = await keep(rawClient(program.https, { tls: { servername: 'pass.example' } }))
  expect(await idle.closed()).toBe(true)
  const last = await keep(rawClient(program.https, { tls: { servername: 'pass.example' } }))
  program.signal('SIGTERM')
  expect(await last.closed()).toBe(true)
  expect(await program.exited).toBe(0)
})
