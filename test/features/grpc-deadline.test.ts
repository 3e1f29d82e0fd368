// grpc-timeout through the program, from a client that has no timer of its own to a server that does not look at it: whoever is late, the client hears
// DEADLINE_EXCEEDED from the proxy, and the server that nobody waits any more.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2'
import { grpcTimeoutMs } from '../../src/http/grpc.ts'
import { listen } from '../http/support.ts'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { changes } from '../support/until.ts'
import { h2Client, head, statusOf, type Stream } from './http2-client.ts'
import { app, configure, CONFIGURED, metric, resources, route } from './scene.ts'

const DEADLINE_EXCEEDED = '4'
const UNAVAILABLE = '14'
const keep = resources()

type Call = { readonly headers: IncomingHttpHeaders; cancelled: boolean }
/** A server that hangs, answers by half, or answers, as the path says, and hears when a call is cancelled. */
async function origin() {
  const { notify, when } = changes()
  const calls: Call[] = []
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer().on('session', (session) => { sessions.add(session) })
  server.on('stream', (stream, headers) => {
    const call = { headers, cancelled: false }
    calls.push(call)
    stream.on('error', () => undefined).on('aborted', () => { call.cancelled = true; notify() }).resume()
    const path = headers[':path'] ?? ''
    if (!path.startsWith('/hang')) stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    if (path.startsWith('/half')) stream.write('half')
    stream.on('wantTrailers', () => { stream.sendTrailers({ 'grpc-status': '0' }) })
    if (path.startsWith('/whole')) stream.end('whole')
    notify()
  })
  const close = () => {
    for (const session of sessions) session.destroy()
    server.close()
  }
  const of = (path: string) => calls.find(({ headers }) => headers[':path'] === path)
  return { port: await listen(server), of, when, close }
}

let program: Program
let server: Awaited<ReturnType<typeof origin>>
beforeAll(async () => {
  server = await keep(origin())
  const late = await keep(echoUpstream({ respond: async () => { await Bun.sleep(600); return { body: 'late' } } }))
  const grpc = (name: string, own: Readonly<Record<string, string>> = {}) =>
    route({ name, to: name, host: `${name}.example`, annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC', ...own } })
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('calls', server), grpc('calls'),
    ...app('bounded', server), grpc('bounded', { 'lintel.dev/request-timeout': '300ms' }),
    ...app('read', server), grpc('read', { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '1' }),
    ...app('queue', server), grpc('queue', { 'lintel.dev/max-requests': '1', 'lintel.dev/max-pending': '1' }),
    ...app('plain', late), route({ to: 'plain', host: 'plain.example' }),
  ] }))
  await configure(program, { 'proxy-connect-timeout': '60', 'log-format-upstream': 'sent $request_uri: $status for $lintel_reason' })
})

const logged = async (path: string) => {
  const line = () => program.stdout.find((text) => text.startsWith(`sent ${path}: `))
  expect(await program.when(() => line() !== undefined)).toBe(true)
  return line()?.slice(`sent ${path}: `.length)
}
type Asked = { readonly name?: string; readonly timeout: string }
const callHead = (path: string, { name = 'calls', timeout }: Asked) =>
  head(path, { ':authority': `${name}.example`, ':method': 'POST' }, [['content-type', 'application/grpc'], ['te', 'trailers'], ['grpc-timeout', timeout]])

/** Calls, with a message, and waits for the end. `ms`: how long that took. */
async function call(path: string, asked: Asked) {
  const client = await keep(h2Client(program.http))
  const sinceMs = performance.now()
  const stream = client.open(callHead(path, asked), { end: false })
  client.upload(stream, 'message')
  await client.done(stream)
  return { stream, ms: performance.now() - sinceMs }
}
const grpcStatus = ({ heads, trailers }: Stream) => [...values(trailers ?? [], 'grpc-status'), ...values(heads.at(-1)?.fields ?? [], 'grpc-status')]

describe('a server that hangs', () => {
  test.concurrent.each([['200m', 200], ['200000u', 200], ['99999999n', 100], ['1S', 1000], ['0m', 0]])('%s', async (timeout, afterMs) => {
    const path = `/hang/${timeout}`
    const { stream, ms } = await call(path, { timeout })
    expect([statusOf(stream), grpcStatus(stream), stream.reset]).toEqual([200, [DEADLINE_EXCEEDED], -1])
    expect(ms).toBeGreaterThan(afterMs - 20)
    expect(ms).toBeLessThan(afterMs + 2_500)
    expect(await server.when(() => server.of(path)?.cancelled === true)).toBe(true)
    expect(server.of(path)?.headers['grpc-timeout']).toBe(timeout)
    expect(await logged(path)).toBe('504 for timeout_request')
  })

  test('it is counted as its own reason', async () => {
    const reason = () => metric(program, 'lintel_own_answers_total', 'reason="timeout_request"')
    const before = await reason()
    await call('/hang/counted', { timeout: '1m' })
    expect(await reason()).toBe(before + 1)
  })

  test('a client that still sends is not waited for either', async () => {
    const client = await keep(h2Client(program.http))
    const stream = client.open(callHead('/hang/open', { timeout: '200m' }), { end: false })
    client.upload(stream, 'message', false)
    await client.done(stream)
    expect(grpcStatus(stream)).toEqual([DEADLINE_EXCEEDED])
    expect(await server.when(() => server.of('/hang/open')?.cancelled === true)).toBe(true)
  })

  test('nor is a place at the server', async () => {
    const client = await keep(h2Client(program.http))
    const first = client.open(callHead('/hang/first', { name: 'queue', timeout: '1H' }))
    expect(await server.when(() => server.of('/hang/first') !== undefined)).toBe(true)
    const { stream } = await call('/hang/second', { name: 'queue', timeout: '200m' })
    expect([grpcStatus(stream), await logged('/hang/second'), server.of('/hang/second')]).toEqual([[DEADLINE_EXCEEDED], '504 for timeout_request', undefined])
    client.cancel(first)
  })
})

test('in the middle of an answer: the stream is reset, the server hears of it', async () => {
  const { stream } = await call('/half', { timeout: '300m' })
  expect([statusOf(stream), stream.ended, stream.reset >= 0]).toEqual([200, false, true])
  expect(await server.when(() => server.of('/half')?.cancelled === true)).toBe(true)
  expect(await logged('/half')).toBe('200 for timeout_request')
})

describe('other deadlines beside it', () => {
  test.each([['1H', 'bounded', DEADLINE_EXCEEDED, 'timeout_request'], ['1H', 'read', UNAVAILABLE, 'timeout_header'], ['200m', 'read', DEADLINE_EXCEEDED, 'timeout_request']])(
    '%s, %s: the shorter one', async (timeout, name, status, reason) => {
      const path = `/hang/${name}/${timeout}`
      const { stream } = await call(path, { name, timeout })
      expect([grpcStatus(stream), await logged(path)]).toEqual([[status], `504 for ${reason}`])
      expect(await server.when(() => server.of(path)?.cancelled === true)).toBe(true)
    })
})

test('an answer in time is not touched', async () => {
  const { stream } = await call('/whole', { timeout: '5S' })
  expect([statusOf(stream), grpcStatus(stream), await logged('/whole')]).toEqual([200, ['0'], '200 for -'])
})

test('what is no gRPC has no such deadline', async () => {
  const { stream } = await call('/plain', { name: 'plain', timeout: '50m' })
  expect([statusOf(stream), await logged('/plain')]).toEqual([200, '200 for -'])
})

describe('values', () => {
  test.each([
    ['1H', 3_600_000], ['2M', 120_000], ['3S', 3000], ['4m', 4], ['5u', 0.005], ['6n', 0.000_006], ['99999999H', 99_999_999 * 3_600_000], ['0S', 0], ['007m', 7],
  ])('%s', (text, ms) => { expect(grpcTimeoutMs(text)).toBeCloseTo(ms, 9) })

  const BAD = ['', '1', 'S', '1s', '1h', '-1S', '+1S', '1.5S', '1 S', '123456789m', '1S1', '0x1S', 'soon']
  test.each(BAD)('%p sets no deadline', (text) => { expect(grpcTimeoutMs(text)).toBe(Infinity) })
  test('they go to the server as they came: it is its to refuse them', async () => {
    const found = await Promise.all(BAD.filter((text) => text !== '').map(async (timeout, i) => {
      const { stream } = await call(`/whole/${i}`, { timeout })
      return [timeout, grpcStatus(stream), server.of(`/whole/${i}`)?.headers['grpc-timeout']]
    }))
    expect(found).toEqual(BAD.filter((text) => text !== '').map((timeout) => [timeout, ['0'], timeout]))
  })
})
