// ConfigMap keys that bound a request in time and size: proxy-*-timeout, proxy-body-size, client-*-timeout, keep-alive*.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, configure, CONFIGURED, metric, requestText, resources, route, server } from './scene.ts'
import { deafUpstream, fullUpstream } from './silent.ts'

const keep = resources()
let echo: Echo
let program: Program
beforeAll(async () => {
  echo = await keep(echoUpstream())
  const stalled = await keep(echoUpstream({ name: 'stalled', respond: () => ({ raw: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf' }) }))
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('echo', echo), route({ to: 'echo' }),
    ...app('stalled', stalled), route({ to: 'stalled', path: '/stalled' }),
    ...app('deaf', await keep(deafUpstream())), route({ to: 'deaf', path: '/deaf' }),
    ...app('full', await keep(fullUpstream())), route({ to: 'full', path: '/full' }),
  ] }))
})

async function timed<T>(promise: Promise<T>): Promise<readonly [T, number]> {
  const from = performance.now()
  return [await promise, performance.now() - from]
}

/** A deadline may be late on a busy machine and is never early, but for what it ran before we looked at the clock. */
const BEFORE_MS = 50
const LATE_MS = 2_500
function expectAfter(ms: number, deadlineMs: number): void {
  expect(ms).toBeGreaterThan(deadlineMs - BEFORE_MS)
  expect(ms).toBeLessThan(deadlineMs + LATE_MS)
}

describe('towards the upstream', () => {
  test('proxy-connect-timeout', async () => {
    await configure(program, { 'proxy-connect-timeout': '300ms' })
    const [response, ms] = await timed(ask(program.http, { target: '/full' }))
    expect(response.status).toBe(504)
    expectAfter(ms, 300)
    expect(await metric(program, 'lintel_own_answers_total', 'reason="timeout_connect"')).toBe(1)
  })

  test('proxy-read-timeout before the answer', async () => {
    await configure(program, { 'proxy-read-timeout': '300ms' })
    const [response, ms] = await timed(ask(program.http, { target: '/deaf' }))
    expect(response.status).toBe(504)
    expectAfter(ms, 300)
  })

  test('proxy-read-timeout inside the answer: the client sees that it is cut', async () => {
    const client = await keep(rawClient(program.http))
    client.send(requestText({ target: '/stalled' }))
    expect(await client.closed()).toBe(true)
    expect(client.responses).toMatchObject([{ status: 200, body: 'half', complete: false }])
    expect(await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_body"')).toBe(1)
  })

  test('proxy-send-timeout', async () => {
    await configure(program, { 'proxy-send-timeout': '300ms', 'proxy-body-size': '0' })
    const client = await keep(rawClient(program.http))
    client.send(`PUT /deaf HTTP/1.1\r\nHost: app.example\r\nContent-Length: ${32 << 20}\r\n\r\n`)
    client.send(Buffer.alloc(32 << 20), [])
    const [response, ms] = await timed(client.response(10_000))
    expect(response?.status).toBe(504)
    expectAfter(ms, 300)
    expect(await metric(program, 'lintel_upstream_errors_total', 'reason="timeout_send"')).toBe(1)
  })
})

describe('proxy-body-size', () => {
  const chunked = (octets: number) => `POST / HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n${octets.toString(16)}\r\n${'x'.repeat(octets)}\r\n0\r\n\r\n`
  const sized = (octets: number) => requestText({ method: 'POST', body: 'x'.repeat(octets) })

  test.each([
    ['a length', sized(1000), 200],
    ['a length', sized(1001), 413],
    ['chunks', chunked(1000), 200],
    ['chunks', chunked(1001), 413],
  ])('%s of %#', async (_, request, expected) => {
    if (echo.requests.every(({ method }) => method !== 'POST')) await configure(program, { 'proxy-body-size': '1000' })
    const client = await keep(rawClient(program.http))
    client.send(request)
    expect((await client.response())?.status).toBe(expected)
  })

  test('a length that is too large is refused before a body is sent', async () => {
    const client = await keep(rawClient(program.http))
    client.send('POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n')
    expect((await client.response())?.status).toBe(413)
    expect(client.responses).toHaveLength(1)
  })

  test('nothing that is too large reached the upstream whole', () => {
    expect(Math.max(...echo.requests.map(({ body }) => body.length))).toBe(1000)
  })
})

describe('towards the client', () => {
  test('client-header-timeout: 408, and no later for a client that drips', async () => {
    await configure(program, { 'client-header-timeout': '400ms' })
    const client = await keep(rawClient(program.http))
    client.send('GET / HTTP/1.1\r\nHo')
    const drip = setInterval(() => client.send('s', []), 50)
    const [response, ms] = await timed(client.response())
    clearInterval(drip)
    expect(response?.status).toBe(408)
    expectAfter(ms, 400)
  })

  test('client-body-timeout: 408, and not for a client that goes on', async () => {
    await configure(program, { 'client-body-timeout': '400ms' })
    const client = await keep(rawClient(program.http))
    client.send('POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 100\r\n\r\n')
    const [, sentMs] = await timed((async () => {
      for (let i = 0; i < 6; i++) {
        client.send('x', [])
        await client.when(() => client.responses.length > 0, 100)
      }
    })())
    expect(sentMs).toBeGreaterThan(500)
    expect(client.responses).toEqual([])
    const [response, ms] = await timed(client.response())
    expect(response?.status).toBe(408)
    expectAfter(ms, 300)
  })

  test('keep-alive: an idle connection is closed then; 0 closes after each answer', async () => {
    await configure(program, { 'keep-alive': '300ms' })
    const client = await keep(rawClient(program.http))
    client.send(requestText())
    expect(values((await client.response())?.fields ?? [], 'connection')).toEqual([])
    const [closed, ms] = await timed(client.closed())
    expect(closed).toBe(true)
    expectAfter(ms, 300)
    await configure(program, { 'keep-alive': '0' })
    expect(values((await ask(program.http)).fields, 'connection')).toEqual(['close'])
  })

  test('keep-alive-requests', async () => {
    await configure(program, { 'keep-alive-requests': '2' })
    const client = await keep(rawClient(program.http))
    client.send(requestText() + requestText() + requestText(), ['GET', 'GET', 'GET'])
    expect(await client.closed()).toBe(true)
    expect(client.responses.map(({ fields }) => values(fields, 'connection'))).toEqual([[], ['close']])
  })
})

describe('connections to the upstream', () => {
  async function connectionsFor(requests: number): Promise<number> {
    const before = echo.connections.length
    for (let i = 0; i < requests; i++) expect(server(await ask(program.http))).toBe('echo')
    return echo.connections.length - before
  }

  test('upstream-keepalive-connections: 0 keeps none', async () => {
    expect(await connectionsFor(4)).toBeLessThanOrEqual(1)
    await configure(program, { 'upstream-keepalive-connections': '0' })
    // What was idle before may be used once more.
    await connectionsFor(5)
    expect(await connectionsFor(3)).toBe(3)
  })

  test('upstream-keepalive-requests', async () => {
    await configure(program, { 'upstream-keepalive-requests': '2' })
    expect(await connectionsFor(6)).toBe(3)
  })

  test('upstream-keepalive-timeout', async () => {
    await configure(program, { 'upstream-keepalive-timeout': '300ms' })
    await connectionsFor(1)
    const kept = echo.connections.find(({ closed }) => !closed)
    const [, ms] = await timed(echo.when(() => kept?.closed === true))
    expect(kept?.closed).toBe(true)
    expectAfter(ms, 300)
  })
})
