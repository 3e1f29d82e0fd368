// mirror-target through the program: a copy of each request, as its endpoint gets it, goes to a mirror; and whatever the mirror does, or can't
// do, the request is answered as if there were none.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, tlsUpstream, type Echo } from '../support/echo.ts'
import { values, type RequestMessage } from '../support/http1.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { session } from './http2-session.ts'
import { app, applied, ask, echoed, issues, metric, resources, route, type Asked } from './scene.ts'
import { deafUpstream, refusingPort } from './silent.ts'

/** Of a worker, at once. */
const MOST_COPIES = 128
const PREFIX = 'nginx.ingress.kubernetes.io/'
const keep = resources()
let program: Program
let echo: Echo
let mirror: Echo
let secret: Echo
let huge: Echo

const annotated = (annotations: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(annotations).map(([name, value]) => [PREFIX + name, value]))

beforeAll(async () => {
  echo = await keep(echoUpstream({ name: 'app' }))
  mirror = await keep(echoUpstream({ name: 'mirror', respond: () => ({ status: 500, body: 'not for the client' }) }))
  secret = await keep(tlsUpstream({ name: 'secret' }))
  huge = await keep(echoUpstream({ name: 'huge', respond: () => ({ body: 'x'.repeat(3 << 20) }) }))
  const garbage = await keep(echoUpstream({ respond: () => ({ raw: 'nonsense\r\n\r\n', close: true }) }))
  const to = (name: string, target: string, more: Readonly<Record<string, string>> = {}) =>
    route({ name, to: 'app', host: `${name}.example`, annotations: annotated({ 'mirror-target': target, 'proxy-body-size': '0', ...more }) })
  const url = `http://127.0.0.1:${mirror.port}`
  program = await keep(start({ manifests: [
    ...app('app', echo), to('bare', url), to('bare-variable', `${url}$request_uri`), to('path', `${url}/copies`), to('variable', `${url}/m/$host$request_uri`),
    to('query', `${url}/q?from=\${remote_addr}`), to('named', url, { 'mirror-host': 'shadow.example' }), to('bodiless', url, { 'mirror-request-body': 'off' }),
    to('by-name', `http://localhost:${mirror.port}`), to('tls', `https://127.0.0.1:${secret.port}`), to('huge', `http://127.0.0.1:${huge.port}`),
    to('refusing', `http://127.0.0.1:${(await refusingPort()).port}`), to('garbage', `http://127.0.0.1:${garbage.port}`),
    to('nowhere', 'http://no-such-name.invalid'), to('odd', `${url}/$http_x_odd`), to('buffered', url, { 'proxy-request-buffering': 'on' }),
    to('denied', url, { 'auth-url': 'http://auth.example' }), to('rewritten', url, { 'rewrite-target': '/new' }),
  ] }))
})

const get = (name: string, asked: Asked = {}) => ask(program.http, { host: `${name}.example`, ...asked })
const answered = async (name: string, asked: Asked = {}) => expect(echoed(await get(name, asked)).served_by).toBe('app')
const dropped = (reason: string) => metric(program, 'lintel_mirror_dropped_total', `reason="${reason}"`)
/** The copy for which the mirror was asked with this. */
const copyTo = async (target: string, at = mirror): Promise<RequestMessage> => {
  await at.when(() => at.requests.some((request) => request.target === target))
  return at.requests.find((request) => request.target === target) ?? Promise.reject(new Error(`no copy of ${target}`))
}
const one = (fields: RequestMessage['fields'], name: string) => values(fields, name).join(' and ')

describe('the copy', () => {
  test('is the request as the endpoint gets it, with the host of the mirror and a mark', async () => {
    await answered('bare', { method: 'POST', target: '/whole?a=b', body: 'hello', fields: [['X-Own', 'kept'], ['Connection', 'x-hop'], ['X-Hop', '1'], ['X-Forwarded-For', '6.6.6.6']] })
    const { method, body, fields } = await copyTo('/whole?a=b')
    const sent = echo.requests.at(-1)!
    expect([method, body]).toEqual(['POST', 'hello'])
    const without = (names: readonly string[], all: RequestMessage['fields']) => all.filter(([name]) => !names.includes(name.toLowerCase())).map(([name, value]) => `${name}: ${value}`).sort()
    expect(without(['host', 'x-lintel-mirror'], fields)).toEqual(without(['host'], sent.fields))
    expect([one(fields, 'host'), one(fields, 'x-lintel-mirror'), one(fields, 'x-own')]).toEqual([`127.0.0.1:${mirror.port}`, '1', 'kept'])
    expect(one(fields, 'x-request-id')).toMatch(/^[0-9a-f]{32}$/)
  })
  test.each([
    ['bare', '/x?y=1', '/x?y=1'], ['bare-variable', '/xv?y=1', '/xv?y=1'], ['path', '/x?y=2', '/copies?y=2'], ['path', '/x', '/copies'],
    ['variable', '/x?y=3', '/m/variable.example/x?y=3'], ['query', '/x?y=4', '/q?from=127.0.0.1'], ['rewritten', '/old', '/old'], ['by-name', '/by-name', '/by-name'],
  ])('%s: %s goes to %s', async (name, target, expected) => {
    await answered(name, { target })
    expect((await copyTo(expected)).method).toBe('GET')
  })
  test('mirror-host', async () => {
    await answered('named', { target: '/named' })
    expect(one((await copyTo('/named')).fields, 'host')).toBe('shadow.example')
  })
  test('mirror-request-body off', async () => {
    await answered('bodiless', { method: 'POST', target: '/bodiless', body: 'hello' })
    const { body, fields } = await copyTo('/bodiless')
    expect([body, one(fields, 'content-length'), one(fields, 'transfer-encoding')]).toEqual(['', '', ''])
  })
  test('over TLS, whoever the certificate is for', async () => {
    await answered('tls', { method: 'PUT', target: '/tls', body: 'hello' })
    expect((await copyTo('/tls', secret)).body).toBe('hello')
  })
  test('takes connections that are there', async () => {
    const before = mirror.connections.length
    for (let i = 0; i < 20; i++) {
      await answered('bare', { target: `/reuse-${i}` })
      await copyTo(`/reuse-${i}`)
    }
    expect(mirror.connections.length - before).toBeLessThan(10)
  })
})

describe('a body', () => {
  const LARGE = Buffer.alloc(1 << 20, '0123456789abcdefghijklm').toString()
  test.each(['bare', 'buffered'])('of 1 MiB is copied (%s)', async (name) => {
    const target = `/large-${name}`
    await answered(name, { method: 'POST', target, body: LARGE })
    expect(Bun.hash((await copyTo(target)).body)).toBe(Bun.hash(LARGE))
  })
  test('in chunks is copied with its length', async () => {
    const client = await keep(rawClient(program.http))
    client.send('POST /chunks HTTP/1.1\r\nHost: bare.example\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
    await until('its beginning has gone', () => echo.connections.some(({ pending }) => pending.includes('hello')))
    client.send('6\r\n world\r\n0\r\n\r\n')
    expect(echoed(await client.response()).body).toBe('hello world')
    const { body, fields } = await copyTo('/chunks')
    expect([body, one(fields, 'content-length')]).toEqual(['hello world', '11'])
  })
  test('that came over HTTP/2', async () => {
    const client = await keep(session(program, 'clear'))
    expect((await client.ask({ ':method': 'POST', ':path': '/h2', ':authority': 'bare.example' }, 'hello')).status).toBe(200)
    expect((await copyTo('/h2')).body).toBe('hello')
  })
  test('larger than that: no copy, and the request as ever', async () => {
    await answered('bare', { method: 'POST', target: '/larger', body: `${LARGE}x` })
    const chunked = await keep(rawClient(program.http))
    chunked.send(`POST /larger HTTP/1.1\r\nHost: bare.example\r\nTransfer-Encoding: chunked\r\n\r\n${(LARGE.length + 1).toString(16)}\r\n${LARGE}x\r\n0\r\n\r\n`)
    expect(echoed(await chunked.response()).body_bytes).toBe(LARGE.length + 1)
    expect(await dropped('body')).toBe(2)
    expect(mirror.requests.some(({ target }) => target === '/larger')).toBe(false)
  })
  test('that its client does not finish: no copy', async () => {
    const client = await keep(rawClient(program.http))
    client.send('POST /unfinished HTTP/1.1\r\nHost: bare.example\r\nContent-Length: 10\r\n\r\nhello')
    await until('its beginning has gone', () => echo.connections.some(({ pending }) => pending.includes('/unfinished')))
    client.destroy()
    await until('it is counted', async () => await dropped('cut') === 1)
    expect(mirror.requests.some(({ target }) => target === '/unfinished')).toBe(false)
  })
})

describe('whatever becomes of it', () => {
  test.each([['refusing', 'connect_failed'], ['nowhere', 'connect_failed'], ['garbage', 'bad_answer']])('%s: the request is answered, the copy counted', async (name, reason) => {
    const before = await dropped(reason)
    for (let i = 0; i < 3; i++) await answered(name, { method: 'POST', body: 'hello' })
    await until('all are counted', async () => await dropped(reason) === before + 3)
  })
  test('text of a client that is no target: no copy', async () => {
    await answered('odd', { fields: [['X-Odd', 'a HTTP/1.1']] })
    expect(await dropped('target')).toBe(1)
    await answered('odd', { fields: [['X-Odd', 'even']] })
    expect((await copyTo('/even')).method).toBe('GET')
  })
  test('an answer is read no further than a bound', async () => {
    await answered('huge', { target: '/huge' })
    expect(await huge.when(() => huge.connections.some(({ closed }) => closed))).toBe(true)
  })
  describe('a mirror that never answers holds no request', () => {
    let fresh: Program
    beforeAll(async () => {
      const annotations = annotated({ 'mirror-target': `http://127.0.0.1:${(await keep(deafUpstream())).port}` })
      fresh = await keep(start({ manifests: [...app('app', echo), route({ to: 'app', annotations })] }))
    })
    const post = async (count: number, body: string) => {
      const answers = await Promise.all(Array.from({ length: count }, () => ask(fresh.http, { method: 'POST', body })))
      expect(answers.map((answer) => echoed(answer).body_bytes)).toEqual(answers.map(() => body.length))
    }
    const lost = (reason: string) => metric(fresh, 'lintel_mirror_dropped_total', `reason="${reason}"`)

    test('and a bounded number of octets, then of copies', async () => {
      for (let i = 0; i < 6; i++) await post(4, 'x'.repeat(1 << 20))
      const held = await lost('held')
      expect(held).toBeGreaterThan(0)
      for (let i = 0; i < 10; i++) await post(20, 'hello')
      expect(await lost('copies')).toBe(24 - held + 200 - MOST_COPIES)
      expect(await lost('held')).toBe(held)
    })
  })
})

test('a route that is closed has no mirror', async () => {
  expect((await get('denied', { target: '/denied' })).status).toBe(503)
  await answered('bare', { target: '/after-denied' })
  expect(mirror.requests.some(({ target }) => target === '/denied')).toBe(false)
})

test('a mirror that leads back here: one copy', async () => {
  const fresh = await keep(start({ manifests: [...app('app', echo)] }))
  await applied(fresh, () => fresh.write('loop.yaml', toYaml([route({ to: 'app', annotations: annotated({ 'mirror-target': `http://127.0.0.1:${fresh.http}`, 'mirror-host': 'app.example' }) })])))
  expect(echoed(await ask(fresh.http, { target: '/loop' })).served_by).toBe('app')
  await echo.when(() => echo.requests.filter(({ target }) => target === '/loop').length >= 2)
  expect(echoed(await ask(fresh.http, { target: '/later' })).served_by).toBe('app')
  expect(echo.requests.filter(({ target }) => target === '/loop').map(({ fields }) => one(fields, 'x-lintel-mirror'))).toEqual(['', '1'])
})

test.each([
  ['https://$host/copies', 'expected an http or https URL with a fixed host, such as https://mirror.example$request_uri'],
  ['mirror.example', 'expected an http or https URL with a fixed host, such as https://mirror.example$request_uri'],
  ['http://mirror.example/$upstream_addr', '$upstream_addr is no variable that Lintel has; expected such as $request_uri'],
  ['http://mirror.example:70000', 'expected a port from 1 to 65535'],
])('%s is no target: an issue, no mirror', async (target, reason) => {
  await applied(program, () => program.write('bad.yaml', toYaml([route({ name: 'bad', to: 'app', host: 'bad.example', annotations: annotated({ 'mirror-target': target }) })])))
  expect(await issues(program)).toContainEqual({ object: 'Ingress default/bad', field: `${PREFIX}mirror-target`, reason: `${JSON.stringify(target)}: ${reason}; ignored, the default holds` })
  await answered('bad')
})
