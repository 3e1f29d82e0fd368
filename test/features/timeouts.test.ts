// Each deadline through the program: the status that the client gets, and the reason in the access log and the metrics, towards upstreams of both
// protocols and clients of both; who sets it; and that nobody is blamed for the slowness of another.
import { beforeAll, describe, expect, test } from 'bun:test'
import type { Socket } from 'node:net'
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { listen } from '../http/support.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { h2Client, head, statusOf } from './http2-client.ts'
import { app, configure, CONFIGURED, metric, requestText, resources, route } from './scene.ts'
import { deafUpstream, fullUpstream } from './silent.ts'
import { openTunnel, tunnelOrigin } from './tunnels.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
/** Long enough that a test which waits for it fails. */
const LONG = { 'proxy-connect-timeout': '60', 'proxy-send-timeout': '60', 'proxy-read-timeout': '60', 'client-body-timeout': '60' }
const SHORT = { 'proxy-connect-timeout': '300ms', 'proxy-send-timeout': '300ms', 'proxy-read-timeout': '300ms' }
const ENDS_MS = 15_000
/** More than kernel buffers and windows hold. */
const UPLOAD = Buffer.alloc(24 << 20)

const keep = resources()
let program: Program
let drip: Echo
const backends: object[] = []
/** A Service `name`, whose Ingress for `name.example` has these annotations; own ones with their prefix. */
const add = (name: string, endpoint: { readonly port: number }, own: Readonly<Record<string, string>> = {}) => {
  const annotations = Object.fromEntries(Object.entries(own).map(([key, value]) => [key.includes('/') ? key : `${PREFIX}/${key}`, value]))
  backends.push(...app(name, endpoint), route({ to: name, host: `${name}.example`, annotations }))
}

/** Over HTTP/2. */
async function h2Upstream(answer: (stream: ServerHttp2Stream) => void): Promise<{ readonly port: number; close(): void }> {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer().on('session', (session) => { sessions.add(session) })
  server.on('stream', (stream) => { answer(stream.on('error', () => undefined)) })
  const close = () => {
    for (const session of sessions) session.destroy()
    server.close()
  }
  return { port: await listen(server), close }
}

/** Begins an answer and never ends it; answers when it has the whole request. */
const halfUpstream = () => h2Upstream((stream) => {
  stream.respond({ ':status': 200 })
  stream.write('half')
})
const wholeUpstream = () => h2Upstream((stream) => { stream.on('end', () => { stream.respond({ ':status': 200 }); stream.end() }).resume() })

const silent = (socket: Socket) => { socket.on('data', () => undefined).on('end', () => { socket.end() }) }

beforeAll(async () => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'
  const [full, deaf] = [await keep(fullUpstream()), await keep(deafUpstream())]
  const halves = { HTTP: await keep(echoUpstream({ respond: () => ({ raw: half }) })), GRPC: await keep(halfUpstream()) }
  drip = await keep(echoUpstream({ respond: () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', tunnel: (socket) => {
    const timer = setInterval(() => { socket.write('.') }, 50)
    socket.on('close', () => { clearInterval(timer) }).on('error', () => undefined)
  } }) }))
  for (const protocol of ['HTTP', 'GRPC'] as const) {
    const [own, suffix] = [{ 'backend-protocol': protocol, 'proxy-body-size': '0' }, `-${protocol.toLowerCase()}`]
    add(`connect${suffix}`, full, { ...own, 'proxy-connect-timeout': '1', 'proxy-next-upstream': 'off' })
    add(`send${suffix}`, deaf, { ...own, 'proxy-send-timeout': '1' })
    add(`header${suffix}`, deaf, { ...own, 'proxy-read-timeout': '1' })
    add(`body${suffix}`, halves[protocol], { ...own, 'proxy-read-timeout': '1' })
    add(`whole${suffix}`, deaf, { ...own, 'lintel.dev/request-timeout': '1s' })
    add(`middle${suffix}`, halves[protocol], { ...own, 'lintel.dev/request-timeout': '1s' })
    add(`plain-connect${suffix}`, full, own)
    add(`plain${suffix}`, deaf, own)
  }
  add('drip', drip, { 'lintel.dev/request-timeout': '600ms' })
  const late = await keep(echoUpstream({ respond: async () => { await Bun.sleep(900); return undefined } }))
  add('late', late, { 'proxy-read-timeout': '60' })
  add('echo', await keep(echoUpstream()))
  add('calls', await keep(wholeUpstream()), { 'backend-protocol': 'GRPC' })
  add('tunnel', await keep(tunnelOrigin({ '/silent/h1': silent, '/silent/h2': silent })))
  backends.push(route({ name: 'tunnels', to: 'tunnel' }))
  program = await keep(start({ flags: [CONFIGURED], manifests: backends }))
  await configure(program, { ...LONG, 'log-format-upstream': FORMAT })
})

/** Of the access log: target, status, reason. */
const FORMAT = 'sent $request_uri: $status for $lintel_reason'
/** What the access log says of the request for this target. */
async function logged(target: string): Promise<string> {
  const line = () => program.stdout.find((text) => text.startsWith(`sent ${target}: `))
  expect(await program.when(() => line() !== undefined)).toBe(true)
  return line()?.slice(`sent ${target}: `.length) ?? ''
}
/** How often a reason has been counted: for answers and cuts of our own, and for tries at endpoints. */
const counted = (reason: string) => Promise.all(['own_answers', 'upstream_errors'].map((name) => metric(program, `lintel_${name}_total`, `reason="${reason}"`)))

let serial = 0
/** Asks over HTTP/1.1, with a large body where the method is PUT. `status`: 0 where none came; `cut`: the answer was not whole. */
async function ask(name: string, method = 'GET') {
  const target = `/${name}/${++serial}`
  const client = await rawClient(program.http)
  const sinceMs = performance.now()
  if (method === 'GET') client.send(requestText({ host: `${name}.example`, target }))
  else {
    client.send(`PUT ${target} HTTP/1.1\r\nHost: ${name}.example\r\nContent-Length: ${UPLOAD.length}\r\n\r\n`)
    client.send(UPLOAD, [])
  }
  const response = await client.response(ENDS_MS)
  const ms = performance.now() - sinceMs
  if (response === undefined) await client.closed()
  client.destroy()
  const [last] = client.responses.slice(-1)
  return { target, status: last?.status ?? 0, cut: last?.complete !== true, ms }
}

/** A deadline is never early, but for what it ran before we looked at the clock. */
const BEFORE_MS = 50

type Case = readonly [what: string, name: string, method: string, seen: { readonly status: number; readonly cut: boolean }, reason: string, afterMs: number]
const REFUSED = { status: 504, cut: false }
const CUT = { status: 200, cut: true }
const cases = (protocol: string): Case[] => [
  ['proxy-connect-timeout', `connect-${protocol}`, 'GET', REFUSED, 'timeout_connect', 1000],
  ['proxy-send-timeout', `send-${protocol}`, 'PUT', REFUSED, 'timeout_send', 1000],
  ['proxy-read-timeout, no answer', `header-${protocol}`, 'GET', REFUSED, 'timeout_header', 1000],
  ['proxy-read-timeout, within an answer', `body-${protocol}`, 'GET', CUT, 'timeout_body', 1000],
  ['lintel.dev/request-timeout, no answer', `whole-${protocol}`, 'GET', REFUSED, 'timeout_request', 1000],
  ['lintel.dev/request-timeout, within an answer', `middle-${protocol}`, 'GET', CUT, 'timeout_request', 1000],
]

describe.each(['http', 'grpc'])('annotations, upstream: %s', (protocol) => {
  test.concurrent.each(cases(protocol))('%s', async (_, name, method, seen, reason, afterMs) => {
    const before = await counted(reason)
    const { target, ms, ...found } = await ask(name, method)
    expect(found).toEqual(seen)
    expect(ms).toBeGreaterThan(afterMs - BEFORE_MS)
    expect(await logged(target)).toBe(`${seen.status} for ${reason}`)
    const after = await counted(reason)
    expect(after.map((count, i) => count > before[i]!)).toEqual([true, true])
  })
})

test('an answer that moves all the time is cut by lintel.dev/request-timeout, and its endpoint hears of it', async () => {
  const { target, ms, ...found } = await ask('drip')
  expect(found).toEqual(CUT)
  expect(ms).toBeGreaterThan(600 - BEFORE_MS)
  expect(await logged(target)).toBe('200 for timeout_request')
  expect(await drip.when(() => drip.connections.every(({ closed }) => closed))).toBe(true)
})

describe('the ConfigMap', () => {
  beforeAll(() => configure(program, { ...LONG, ...SHORT, 'log-format-upstream': FORMAT }))

  test.concurrent.each(['http', 'grpc'].flatMap((protocol) => [
    [`proxy-connect-timeout, upstream: ${protocol}`, `plain-connect-${protocol}`, 'GET', 'timeout_connect'],
    [`proxy-send-timeout, upstream: ${protocol}`, `plain-${protocol}`, 'PUT', 'timeout_send'],
    [`proxy-read-timeout, upstream: ${protocol}`, `plain-${protocol}`, 'GET', 'timeout_header'],
  ] as const))('%s', async (_, name, method, reason) => {
    const { target, ms, ...found } = await ask(name, method)
    expect(found).toEqual(REFUSED)
    expect(ms).toBeGreaterThan(300 - BEFORE_MS)
    expect(await logged(target)).toBe(`504 for ${reason}`)
  })

  test.concurrent('an annotation wins over it', async () => {
    expect(await ask('late')).toMatchObject({ status: 200, cut: false })
  })

  /** Longer than the upstream may take for its answer. */
  const PAUSE_MS = 800
  test.concurrent.each(['echo', 'calls'])('a client that is slow with its body has its own deadline, not that of the upstream: %s', async (name) => {
    const [h1, h2] = [await keep(rawClient(program.http)), await keep(h2Client(program.http))]
    const target = (protocol: string) => `/slow/${name}/${protocol}`
    h1.send(`POST ${target('h1')} HTTP/1.1\r\nHost: ${name}.example\r\nContent-Length: 8\r\n\r\nhalf`)
    const stream = h2.open(head(target('h2'), { ':authority': `${name}.example`, ':method': 'POST' }), { end: false })
    h2.upload(stream, 'half', false)
    await Bun.sleep(PAUSE_MS)
    h1.send('half', [])
    h2.upload(stream, 'half')
    expect([(await h1.response())?.status, statusOf(await h2.done(stream))]).toEqual([200, 200])
    expect(await Promise.all(['h1', 'h2'].map((protocol) => logged(target(protocol))))).toEqual(['200 for -', '200 for -'])
  })
})

test('client-body-timeout: 408, over both protocols; the upstream is not blamed', async () => {
  await configure(program, { ...LONG, 'client-body-timeout': '400ms', 'log-format-upstream': FORMAT })
  const blamed = await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_header"')
  const [h1, h2] = [await keep(rawClient(program.http)), await keep(h2Client(program.http))]
  h1.send('POST /stops/h1 HTTP/1.1\r\nHost: echo.example\r\nContent-Length: 9\r\n\r\nhalf')
  const stream = h2.open(head('/stops/h2', { ':authority': 'echo.example', ':method': 'POST' }), { end: false })
  h2.upload(stream, 'half', false)
  expect([(await h1.response())?.status, statusOf(await h2.done(stream))]).toEqual([408, 408])
  expect(await Promise.all(['/stops/h1', '/stops/h2'].map(logged))).toEqual(['408 for timeout_body', '408 for timeout_body'])
  expect(await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_header"')).toBe(blamed)
})

test('a tunnel without traffic, over both protocols', async () => {
  await configure(program, { ...LONG, 'proxy-read-timeout': '400ms', 'log-format-upstream': FORMAT })
  const tunnels = await Promise.all([openTunnel(program, 'HTTP/1.1', '/silent/h1'), openTunnel(program, 'HTTP/2', '/silent/h2')])
  expect(await Promise.all(tunnels.map((tunnel) => tunnel.when(() => tunnel.ended() || tunnel.cut())))).toEqual([true, true])
  expect(await Promise.all(['/silent/h1', '/silent/h2'].map(logged))).toEqual(['101 for timeout_tunnel', '101 for timeout_tunnel'])
  for (const tunnel of tunnels) tunnel.destroy()
})

test('what the log says is what the metrics count', async () => {
  const reasons = program.stdout.flatMap((line) => / for (timeout_\w+)/.exec(line)?.[1] ?? [])
  expect(new Set(reasons).size).toBe(6)
  for (const reason of new Set(reasons)) expect([reason, (await counted(reason))[0]]).toEqual([reason, reasons.filter((each) => each === reason).length])
})
