// Each value of proxy-next-upstream by itself, through the program: it makes another endpoint be tried for its own failure and for no other, never the same
// one twice, and nobody gets twice what may not be repeated or is not held whole. See retries.test.ts for how often, how long and the budget.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { CODE } from '../../src/http/h2/fault.ts'
import { FLAG, TYPE } from '../../src/http/h2/frames.ts'
import { goaway, headers, OK, PREFACE_BYTES, rst, settings, settingsAck } from '../http/h2/wire.ts'
import { listen } from '../http/support.ts'
import { echoUpstream, type Echo, type Respond } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, ask, CONFIGURED, configure, resources, route, server } from './scene.ts'
import { fullUpstream } from './silent.ts'

const keep = resources()
const PREFIX = 'nginx.ingress.kubernetes.io'
/** What an endpoint does, and what the client sees of it where that is passed on. */
type Failure = { readonly does: Respond; readonly status: number }
const answers = (status: number): Failure => ({ does: () => ({ status, body: `page ${status}` }), status })
const FAILURES: Readonly<Record<string, Failure>> = {
  error: { does: () => 'reset', status: 502 },
  timeout: { does: () => new Promise(() => undefined), status: 504 },
  invalid_header: { does: () => ({ raw: 'HTTP/1.1 twohundred OK\r\n\r\n' }), status: 502 },
  http_500: answers(500), http_502: answers(502), http_503: answers(503), http_504: answers(504), http_403: answers(403), http_404: answers(404), http_429: answers(429),
}
const CONDITIONS = Object.keys(FAILURES)
/** What an endpoint answers a head with, over HTTP/2; repeats: nobody can have read the request (RFC 9113 §8.7). */
const RESETS: Readonly<Record<string, { readonly repeats: boolean; frames(id: number): Buffer }>> = {
  refused_stream: { repeats: true, frames: (id) => rst(id, CODE.REFUSED_STREAM) },
  goaway: { repeats: true, frames: () => goaway(0) },
  internal_error: { repeats: false, frames: (id) => rst(id, CODE.INTERNAL_ERROR) },
}
const FRAME_HEAD_BYTES = 9
const hostOf = (text: string) => text.replaceAll('_', '-')

let program: Program
let good: Echo
const bad = new Map<string, Echo>()
const manifests: object[] = []
function add(name: string, endpoints: readonly { readonly port: number }[], own: Readonly<Record<string, string>>) {
  const annotations = Object.fromEntries(Object.entries(own).map(([key, value]) => [`${PREFIX}/${key}`, value]))
  manifests.push(...app(name, ...endpoints), route({ to: name, host: `${name}.example`, annotations }))
}
/** Fails after the whole request. */
async function failing(name: string, does: Respond): Promise<Echo> {
  const echo = await keep(echoUpstream({ name, respond: does }))
  bad.set(name, echo)
  return echo
}

/** Speaks HTTP/2 by hand: an answer to each head, and nothing else. */
async function h2ByHand(answer: (id: number) => Buffer): Promise<{ readonly port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const origin = createServer((socket) => {
    sockets.add(socket)
    let unread: Buffer = Buffer.alloc(0)
    let at = PREFACE_BYTES
    socket.on('error', () => undefined).on('data', (bytes: Buffer) => {
      unread = Buffer.concat([unread, bytes])
      for (; unread.length >= at + FRAME_HEAD_BYTES; at += FRAME_HEAD_BYTES + unread.readUIntBE(at, 3)) {
        if (unread[at + 3] === TYPE.HEADERS) socket.write(answer(unread.readUInt32BE(at + 5)))
      }
    })
    socket.write(Buffer.concat([settings(), settingsAck]))
  })
  const close = () => {
    for (const socket of sockets) socket.destroy()
    origin.close()
  }
  return { port: await listen(origin), close }
}

beforeAll(async () => {
  good = await keep(echoUpstream({ name: 'good' }))
  for (const condition of CONDITIONS) {
    const name = hostOf(condition)
    const pair = [await failing(condition, FAILURES[condition]!.does), good]
    add(`own-${name}`, pair, { 'proxy-next-upstream': condition })
    add(`post-${name}`, pair, { 'proxy-next-upstream': condition })
    add(`posts-${name}`, pair, { 'proxy-next-upstream': `${condition} non_idempotent` })
    add(`others-${name}`, pair, { 'proxy-next-upstream': [...CONDITIONS.filter((other) => other !== condition), 'non_idempotent'].join(' ') })
    add(`off-${name}`, pair, { 'proxy-next-upstream': 'off' })
    add(`alone-${name}`, [pair[0]!], { 'proxy-next-upstream': condition, 'proxy-next-upstream-tries': '0' })
  }
  const resets = await failing('bodies', () => 'reset')
  for (const name of ['whole', 'larger', 'chunked', 'chunks']) add(name, [resets, good], { 'proxy-next-upstream': 'error non_idempotent' })
  for (const method of [...REPEATABLE, ...ONCE]) add(`method-${method.toLowerCase()}`, [resets, good], { 'proxy-next-upstream': 'error' })
  add('unheard', [await keep(fullUpstream()), good], { 'proxy-connect-timeout': '1' })
  const h2 = await keep(h2ByHand((id) => headers(id, [...OK, ['x-served-by', 'good']], FLAG.END_STREAM)))
  for (const [name, { frames }] of Object.entries(RESETS)) {
    const pair = [await keep(h2ByHand(frames)), h2]
    for (const method of ['get', 'post']) add(`${hostOf(name)}-${method}`, pair, { 'backend-protocol': 'GRPC' })
  }
  const three = await Promise.all(['one', 'two', 'three'].map((name) => failing(name, () => ({ status: 503, body: name }))))
  add('three', three, { 'proxy-next-upstream': 'http_503', 'proxy-next-upstream-tries': '0' })
  program = await keep(start({ flags: [CONFIGURED], manifests }))
  await configure(program, { 'proxy-read-timeout': '300ms', 'proxy-body-size': '0' })
})
const REPEATABLE = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']
const ONCE = ['POST', 'PATCH', 'LOCK', 'PURGE']

let serial = 0
/** Two requests, one for each endpoint first. Who answered, and how many the failing one has got of them. */
async function twice(name: string, failing: string, method = 'GET') {
  const targets = [`/${++serial}`, `/${++serial}`]
  const seen: (string | number)[] = []
  for (const target of targets) {
    const response = await ask(program.http, { host: `${name}.example`, target, method, ...method !== 'GET' && method !== 'HEAD' && { body: 'pay' } })
    seen.push(server(response) === 'good' ? 'good' : response.status)
  }
  const got = (echo: Echo | undefined) => echo?.requests.filter(({ target }) => targets.includes(target)).length ?? 0
  return { seen: new Set(seen), failed: got(bad.get(failing)), good: got(good) }
}
/** A further try takes a turn of the balancer too: the second request may meet the failing endpoint as the first one did. */
function expectRetried({ failed, ...found }: Awaited<ReturnType<typeof twice>>) {
  expect(found).toEqual({ seen: new Set(['good']), good: 2 })
  expect(failed).toBeGreaterThan(0)
}

describe.each(CONDITIONS)('%s', (condition) => {
  const { status } = FAILURES[condition]!
  const name = hostOf(condition)

  test.concurrent('its own value: another one is tried, for each request that met it', async () => {
    expectRetried(await twice(`own-${name}`, condition))
  })
  test.concurrent('all the others: not', async () => {
    expect(await twice(`others-${name}`, condition)).toEqual({ seen: new Set(['good', status]), failed: 1, good: 1 })
  })
  test.concurrent('off: not', async () => {
    expect(await twice(`off-${name}`, condition)).toEqual({ seen: new Set(['good', status]), failed: 1, good: 1 })
  })
  test.concurrent('POST: not, unless non_idempotent stands beside it', async () => {
    expect(await twice(`post-${name}`, condition, 'POST')).toEqual({ seen: new Set(['good', status]), failed: 1, good: 1 })
    expectRetried(await twice(`posts-${name}`, condition, 'POST'))
  })
  test.concurrent('the only endpoint is not asked again, as many tries as there may be', async () => {
    expect(await twice(`alone-${name}`, condition)).toEqual({ seen: new Set([status]), failed: 2, good: 0 })
  })
})

describe('methods', () => {
  test.each(REPEATABLE)('%s may be repeated', async (method) => {
    expect((await twice(`method-${method.toLowerCase()}`, 'bodies', method)).seen).toEqual(new Set(['good']))
  })
  test.each(ONCE)('%s may not', async (method) => {
    expect(await twice(`method-${method.toLowerCase()}`, 'bodies', method)).toEqual({ seen: new Set(['good', 502]), failed: 1, good: 1 })
  })
  test('POST goes on where the first endpoint has not heard of it: it did not take the connection', async () => {
    for (let i = 0; i < 2; i++) expect(server(await ask(program.http, { host: 'unheard.example', method: 'POST', body: 'pay' }))).toBe('good')
  })
})

test('each endpoint once, and the last answer is given', async () => {
  const response = await ask(program.http, { host: 'three.example' })
  const asked = ['one', 'two', 'three'].map((name) => bad.get(name)!.requests.length)
  expect([response.status, asked]).toEqual([503, [1, 1, 1]])
  expect(['one', 'two', 'three']).toContain(response.body)
})

describe('what is held of a body', () => {
  const HELD_BYTES = 16_384
  /** Who answers two POSTs whose bodies come behind their heads. One of them meets the failing endpoint, which reads all of it. */
  async function seen(name: string, body: string, framing = `Content-Length: ${body.length}`) {
    const found = new Set<string | number>()
    for (let i = 0; i < 2; i++) {
      const target = `/${++serial}`
      const client = await keep(rawClient(program.http))
      client.send(`POST ${target} HTTP/1.1\r\nHost: ${name}.example\r\n${framing}\r\n\r\n`)
      const heads = () => [good, bad.get('bodies')!].some(({ connections }) => connections.some(({ pending }) => pending.includes(target)))
      await until('an endpoint has the head', heads)
      client.send(body, [])
      const response = await client.response()
      if (response !== undefined) found.add(server(response))
    }
    return found
  }
  test('up to 16 KiB it is sent again', async () => {
    expect(await seen('whole', 'x'.repeat(HELD_BYTES))).toEqual(new Set(['good']))
  })
  test('an octet more: not', async () => {
    expect(await seen('larger', 'x'.repeat(HELD_BYTES + 1))).toEqual(new Set(['good', 502]))
  })
  test('of unknown length: as much, and no more', async () => {
    const chunked = (octets: number) => `${octets.toString(16)}\r\n${'x'.repeat(octets)}\r\n0\r\n\r\n`
    const framing = 'Transfer-Encoding: chunked'
    expect(await seen('chunked', chunked(HELD_BYTES), framing)).toEqual(new Set(['good']))
    expect(await seen('chunks', chunked(HELD_BYTES + 1), framing)).toEqual(new Set(['good', 502]))
  })
})

describe.each(['GET', 'POST'] as const)('over HTTP/2, %s', (method) => {
  test.each(Object.entries(RESETS))('%s', async (name, { repeats }) => {
    const seen = new Set<string | number>()
    for (let i = 0; i < 2; i++) {
      seen.add(server(await ask(program.http, { host: `${hostOf(name)}-${method.toLowerCase()}.example`, method, ...method === 'POST' && { body: 'pay' } })))
    }
    expect(seen).toEqual(new Set(method === 'GET' || repeats ? ['good'] : ['good', 502]))
  })
})
