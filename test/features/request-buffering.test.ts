// proxy-request-buffering through the program: an endpoint hears of a request when all of it is there, in memory or in a file that has no name;
// what is held whole can go to another endpoint; and whoever leaves, stalls or sends too much leaves nothing behind.
import { beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Http2Server } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { session, type Session } from './http2-session.ts'
import { residentBytes } from './observe.ts'
import { app, applied, ask, configure, CONFIGURED, echoed, issues, metric, requestText, resources, route, server } from './scene.ts'
import { spills } from './spills.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const BUFFERED = { 'proxy-request-buffering': 'on', 'proxy-body-size': '0' }
/** Larger than memory holds of it by default, and than what is kept of a streamed body for another try. */
const LARGE = Buffer.alloc(300_000, '0123456789abcdefghijklm').toString()

/** What the program may grow by while a body of 64 MiB goes through a file: garbage of reading sockets, as without one. */
const GROWTH_BYTES = 32 << 20

const keep = resources()
let program: Program
let echo: Echo
let resetting: Echo[]
let http2: { readonly port: number; readonly bodies: string[]; readonly lengths: (string | undefined)[] }

/** An origin on HTTP/2 in clear that answers `ok` when a body has ended. */
async function http2Origin() {
  const bodies: string[] = []
  const lengths: (string | undefined)[] = []
  const origin: Http2Server = createServer()
  origin.on('stream', (stream, fields) => {
    const parts: Buffer[] = []
    lengths.push(fields['content-length'])
    stream.on('data', (bytes: Buffer) => parts.push(bytes))
    stream.on('end', () => { bodies.push(Buffer.concat(parts).toString()); stream.respond({ ':status': 200 }); stream.end('ok') })
  })
  await new Promise<void>((resolve) => { origin.listen(0, '127.0.0.1', resolve) })
  const address = origin.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return { port: address.port, bodies, lengths, close: () => { origin.close() } }
}

const annotated = (annotations: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(annotations).map(([name, value]) => [PREFIX + name, value]))

beforeAll(async () => {
  echo = await keep(echoUpstream({ name: 'good' }))
  resetting = await Promise.all(Array.from({ length: 2 }, () => keep(echoUpstream({ name: 'resets', respond: () => 'reset' }))))
  http2 = await keep(http2Origin())
  const one = (name: string, to: string, annotations: Readonly<Record<string, string>>) => route({ name, to, host: `${name}.example`, annotations: annotated(annotations) })
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('good', echo), ...app('nobody'), one('nobody', 'nobody', BUFFERED), ...app('failing', ...resetting, echo), ...app('down', ...resetting), ...app('http2', http2),
    one('buffered', 'good', BUFFERED), one('plain', 'good', { 'proxy-body-size': '0' }), one('limited', 'good', { ...BUFFERED, 'proxy-body-size': '100k' }),
    one('roomy', 'good', { ...BUFFERED, 'client-body-buffer-size': '1m' }),
    one('failing', 'failing', { ...BUFFERED, 'proxy-next-upstream-tries': '0' }), one('streams-on', 'failing', { 'proxy-body-size': '0', 'proxy-next-upstream-tries': '0' }),
    one('down', 'down', BUFFERED), one('http2', 'http2', { ...BUFFERED, 'backend-protocol': 'GRPC' }),
  ] }))
})

const upload = (host: string, body: string, method = 'POST') => ask(program.http, { host: `${host}.example`, method, body })
const noSpills = () => until('no file is open', () => spills(program).length === 0)
const received = (target: string) => echo.connections.some(({ chunks }) => Buffer.concat(chunks).includes(` ${target} `))
const sum = (text: string) => Bun.hash(text)

describe('an endpoint hears of a request', () => {
  test('when its body is there: in a file where it is large', async () => {
    const client = await keep(rawClient(program.http))
    const text = requestText({ host: 'buffered.example', target: '/whole', method: 'POST', body: LARGE })
    client.send(text.slice(0, -1))
    await until('the file has the rest', () => spills(program)[0] === LARGE.length - 1)
    expect(received('/whole')).toBe(false)
    client.send(text.slice(-1))
    expect(echoed(await client.response())).toMatchObject({ path: '/whole', body_bytes: LARGE.length })
    expect(sum(echo.requests.at(-1)?.body ?? '')).toBe(sum(LARGE))
    await noSpills()
  })
  test.each([['small', 'buffered', 8_000], ['as large as client-body-buffer-size says', 'roomy', 300_000]] as const)('in memory where it is %s', async (_, host, octets) => {
    const target = `/memory-${host}`
    const client = await keep(rawClient(program.http))
    const text = requestText({ host: `${host}.example`, target, method: 'POST', body: LARGE.slice(0, octets) })
    client.send(text.slice(0, -1))
    await upload('plain', 'later') // its answer shows that the octets before it were read
    expect([received(target), spills(program)]).toEqual([false, []])
    client.send(text.slice(-1))
    expect(echoed(await client.response()).body_bytes).toBe(octets)
  })
  test('without buffering at once', async () => {
    const client = await keep(rawClient(program.http))
    const text = requestText({ host: 'plain.example', target: '/at-once', method: 'POST', body: LARGE })
    client.send(text.slice(0, -1))
    await until('its head has come', () => received('/at-once'))
    expect(spills(program)).toEqual([])
    client.send(text.slice(-1))
    expect(echoed(await client.response()).body_bytes).toBe(LARGE.length)
  })
})

describe('a chunked body', () => {
  const chunked = (host: string, parts: readonly string[], trailers = '') => `POST / HTTP/1.1\r\nHost: ${host}.example\r\nTransfer-Encoding: chunked\r\n\r\n`
    + `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n${trailers}\r\n`
  const sent = async (text: string) => {
    const client = await keep(rawClient(program.http))
    client.send(text)
    echoed(await client.response())
    return echo.requests.at(-1)!
  }
  test.each([['that came at once', ['hello ', 'world']], ['that is large', [LARGE, 'end']], ['that is empty', []]])('%s goes on with its length', async (_, parts) => {
    const { fields, body } = await sent(chunked('buffered', parts))
    expect([values(fields, 'content-length'), values(fields, 'transfer-encoding'), sum(body)]).toEqual([[String(parts.join('').length)], [], sum(parts.join(''))])
  })
  test.each([['small', 'body'], ['large', LARGE]])('with trailers keeps them (%s)', async (_, body) => {
    const request = await sent(chunked('buffered', [body], 'X-Sum: 1\r\n'))
    expect([values(request.fields, 'transfer-encoding'), request.trailers, sum(request.body)]).toEqual([['chunked'], [['X-Sum', '1']], sum(body)])
  })
  test('without buffering stays chunked', async () => {
    expect(values((await sent(chunked('plain', ['hello']))).fields, 'transfer-encoding')).toEqual(['chunked'])
  })
})

test('Expect: 100-continue is answered before an endpoint is asked', async () => {
  const client = await keep(rawClient(program.http))
  client.send(`PUT /expects HTTP/1.1\r\nHost: buffered.example\r\nContent-Length: ${LARGE.length}\r\nExpect: 100-continue\r\n\r\n`)
  expect(await client.when(() => client.responses.some(({ status }) => status === 100))).toBe(true)
  expect(received('/expects')).toBe(false)
  client.send(LARGE)
  expect(echoed(await client.response()).body_bytes).toBe(LARGE.length)
})

describe('HTTP/2', () => {
  let client: Session
  beforeAll(async () => { client = await keep(session(program, 'clear')) })
  const post = (host: string, path: string, more: Readonly<Record<string, string>> = {}) => ({ ':method': 'POST', ':path': path, ':authority': `${host}.example`, ...more })

  test.each([['small', 'body'], ['large', LARGE]])('from the client: a %s body gets a length', async (_, body) => {
    expect((await client.ask(post('buffered', '/h2'), body)).status).toBe(200)
    const request = echo.requests.at(-1)!
    expect([values(request.fields, 'content-length'), sum(request.body)]).toEqual([[String(body.length)], sum(body)])
    await noSpills()
  })
  test.each([['small', 'body'], ['large', LARGE]])('to the endpoint: a %s body', async (_, body) => {
    expect((await upload('http2', body)).body).toBe('ok')
    expect((await client.ask(post('http2', '/h2'), body)).body).toBe('ok')
    expect(http2.bodies.slice(-2).map(sum)).toEqual([sum(body), sum(body)])
    expect(http2.lengths.slice(-2)).toEqual([String(body.length), String(body.length)])
  })
  test('a gRPC call is never held: its answer may come before its end', async () => {
    expect((await client.ask(post('http2', '/call', { 'content-type': 'application/grpc' }), LARGE)).body).toBe('ok')
    expect(http2.lengths.at(-1)).toBeUndefined()
  })
})

describe('another endpoint', () => {
  const tries = () => resetting.reduce((count, { requests }) => count + requests.length, 0)
  test('gets the whole body of a PUT, from the file', async () => {
    for (let i = 0; i < 3; i++) expect(echoed(await upload('failing', LARGE, 'PUT'))).toMatchObject({ served_by: 'good', body_bytes: LARGE.length })
    expect(tries()).toBeGreaterThan(1)
    for (const { requests } of resetting) for (const { body } of requests) expect(sum(body)).toBe(sum(LARGE))
    const ids = new Set(echo.requests.map(({ fields }) => values(fields, 'x-request-id')[0]))
    for (const { requests } of resetting) for (const { fields } of requests) expect(ids).toContain(values(fields, 'x-request-id')[0]) // one for all tries
    expect(sum(echo.requests.at(-1)?.body ?? '')).toBe(sum(LARGE))
    await noSpills()
  })
  test('does not where it streams: too much of it is gone', async () => {
    const answers = new Set<string | number>()
    for (let i = 0; i < 3; i++) answers.add(server(await upload('streams-on', LARGE, 'PUT')))
    expect(answers).toContain(502)
  })
  test('gets no POST that one has read', async () => {
    const before = tries()
    expect((await upload('down', LARGE)).status).toBe(502)
    expect(tries() - before).toBe(1)
  })
})

describe('nothing is left behind', () => {
  const begin = async (host: string, framing = `Content-Length: ${LARGE.length}`) => {
    const client = await keep(rawClient(program.http))
    client.send(`POST /cut HTTP/1.1\r\nHost: ${host}.example\r\n${framing}\r\n\r\n`)
    return client
  }
  test('of a client that leaves', async () => {
    const client = await begin('buffered')
    client.send(LARGE.slice(1))
    await until('a file is there', () => spills(program).length === 1)
    client.destroy()
    await noSpills()
    expect(received('/cut')).toBe(false)
  })
  test('of a body over proxy-body-size: 413', async () => {
    const client = await begin('limited', 'Transfer-Encoding: chunked')
    client.send(`${(90_000).toString(16)}\r\n${LARGE.slice(0, 90_000)}\r\n`)
    await until('a file is there', () => spills(program).length === 1)
    client.send(`${(90_000).toString(16)}\r\n${LARGE.slice(0, 90_000)}\r\n`)
    expect((await client.response())?.status).toBe(413)
    await noSpills()
    expect(received('/cut')).toBe(false)
  })
  test('where no endpoint is ready: 503', async () => {
    expect((await upload('nobody', LARGE)).status).toBe(503)
    await noSpills()
  })
  test('of one that stalls: 408, by client-body-timeout', async () => {
    await configure(program, { 'client-body-timeout': '1' })
    const client = await begin('buffered')
    client.send(LARGE.slice(1))
    expect((await client.response())?.status).toBe(408)
    await noSpills()
    expect(received('/cut')).toBe(false)
  })
})

test('the ConfigMap sets it for all; a word that is neither on nor off is an issue', async () => {
  await configure(program, { 'proxy-request-buffering': 'on', 'client-body-buffer-size': '4k', 'proxy-body-size': '2m' })
  const client = await keep(rawClient(program.http))
  const text = requestText({ host: 'plain.example', target: '/by-config', method: 'POST', body: LARGE.slice(0, 5000) })
  client.send(text.slice(0, -1))
  await until('a file is there', () => spills(program)[0] === 4999)
  expect(received('/by-config')).toBe(false)
  client.send(text.slice(-1))
  expect(echoed(await client.response()).body_bytes).toBe(5000)
  await applied(program, () => program.write('odd.yaml', toYaml([route({ name: 'odd', to: 'good', host: 'odd.example', annotations: annotated({ 'proxy-request-buffering': 'true' }) })])))
  expect(await issues(program)).toContainEqual(expect.objectContaining({ object: 'Ingress default/odd', reason: '"true": expected "on" or "off"; ignored, the default holds' }))
  await configure(program, {})
})

describe('a disk that takes nothing any more', () => {
  test('500 with its reason, for large bodies alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lintel-gone-'))
    const diskless = await keep(start({ env: { TMPDIR: folder }, manifests: [...app('good', echo), route({ to: 'good', annotations: annotated(BUFFERED) })] }))
    rmSync(folder, { recursive: true })
    const bodies = [LARGE, 'small', LARGE]
    const answers = await Promise.all(bodies.map((body) => ask(diskless.http, { method: 'POST', body })))
    expect(answers.map(({ status }) => status)).toEqual([500, 200, 500])
    expect(answers[0]?.body).toBe('500 Internal Server Error: a body can not be stored (ENOENT)\n')
    expect(await metric(diskless, 'lintel_own_answers_total', 'reason="buffer_failed"')).toBe(2)
  })
})

test('64 MiB cost the program little memory', async () => {
  const OCTETS = 64 << 20
  const PIECE = Buffer.alloc(64 << 10, 'lintel')
  const statuses: (number | undefined)[] = []
  const send = async () => {
    const client = await keep(rawClient(program.http))
    client.send(`POST /sizes HTTP/1.1\r\nHost: buffered.example\r\nContent-Length: ${OCTETS}\r\n\r\n`)
    for (let sent = 0; sent < OCTETS; sent += PIECE.length) if (!client.socket.write(PIECE)) await new Promise((resolve) => { client.socket.once('drain', resolve) })
    statuses.push((await client.response(20_000))?.status)
    client.destroy()
  }
  await send()
  const before = residentBytes(program)
  await send()
  console.log(`64 MiB through a file: resident memory grew by ${((residentBytes(program) - before) / 2 ** 20).toFixed(1)} MiB`)
  expect(statuses).toEqual([200, 200])
  expect(residentBytes(program) - before).toBeLessThan(GROWTH_BYTES)
}, 60_000)
