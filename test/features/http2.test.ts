// HTTP/2 from clients to HTTP/1.1 upstreams through the whole program, with another people's client, over TLS and in clear.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Answer, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { backend, configMap, ingress } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { app, CONFIGURED, resources, route } from './scene.ts'
import { pair, session, TRANSPORTS, WITH_PAIR, type Answered, type Session } from './http2-session.ts'

/** What the scripted origin answers, by path. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/empty': { raw: 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n' },
  '/unchanged': { raw: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n' },
  '/trailers': { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\nSet-Cookie: evil=1\r\n\r\n' },
  '/trailers-alone': { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 0\r\n\r\n' },
  '/hints': { raw: 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  '/until-close': { raw: 'HTTP/1.1 200 OK\r\n\r\nto the end', close: true },
  '/hop-by-hop': { raw: 'HTTP/1.1 200 OK\r\nConnection: X-Private\r\nX-Private: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nX-Public: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' },
  '/fields': { raw: 'HTTP/1.1 299 My Own Words\r\nX-CaSe: \xe9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n' },
}

const keep = resources()
let echo: Echo
let program: Program
beforeAll(async () => {
  echo = await keep(echoUpstream({ respond: ({ target }) => ANSWERS[target] }))
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
    ...app('app', echo), route({ to: 'app' }), await pair(), configMap({ name: 'added' }, { 'X-Added': 'yes' }),
    configMap({ name: 'settings' }, { 'add-headers': 'default/added', 'proxy-body-size': '1m' }),
    ingress({ metadata: { name: 'secure' }, tls: [{ hosts: ['secure.example'], secretName: 'pair' }], rules: [{ host: 'secure.example', paths: [{ backend: backend('app') }] }] }),
  ] }))
})

/** The request as the echo received it last. */
const received = () => {
  const last = echo.requests.at(-1)
  if (!last) throw new Error('nothing was received')
  return last
}
const sentFields = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, values(received().fields, name)]))

describe.each(TRANSPORTS)('over %s', (transport) => {
  let client: Session
  beforeAll(async () => { client = await keep(session(program, transport)) })
  const get = (path: string): Promise<Answered> => client.ask({ ':path': path })

  describe('requests', () => {
    test.each(['GET', 'DELETE', 'PROPFIND', 'M-SEARCH', 'BREW'])('%s without a body', async (method) => {
      expect((await client.ask({ ':path': '/x?y=%20z', ':method': method })).status).toBe(200)
      expect(received()).toMatchObject({ method, target: '/x?y=%20z', version: 'HTTP/1.1', body: '' })
      expect(sentFields(['content-length', 'transfer-encoding'])).toEqual({ 'content-length': [], 'transfer-encoding': [] })
    })

    test('the upstream sees an HTTP/1.1 request: one Host first of all, our forwarding fields, no field of HTTP/2', async () => {
      await client.ask({ ':path': '/', ':authority': 'App.Example:8443', 'te': 'trailers', 'trailer': 'x-sum', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-proto': 'gopher', 'x-own': 'caf\xe9', 'proxy': 'evil' })
      const { fields } = received()
      const tls = transport === 'TLS'
      expect(fields.filter(([name]) => name.startsWith(':'))).toEqual([])
      expect(sentFields(['host', 'te', 'trailer', 'proxy', 'x-own', 'x-real-ip', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-original-forwarded-for'])).toEqual({
        'host': ['App.Example:8443'], 'te': [], 'trailer': [], 'proxy': [], 'x-own': ['caf\xe9'], 'x-real-ip': ['127.0.0.1'], 'x-forwarded-for': ['127.0.0.1'], 'x-forwarded-host': ['App.Example:8443'],
        'x-forwarded-proto': [tls ? 'https' : 'http'], 'x-forwarded-port': [tls ? '443' : String(program.http)], 'x-original-forwarded-for': ['6.6.6.6'],
      })
    })

    test('crumbs of a cookie become one field; other fields stay as many as they were', async () => {
      await client.ask({ ':path': '/', 'cookie': ['a=1', 'b=2', 'c=3'], 'x-twice': ['1', '2'] })
      expect(sentFields(['cookie', 'x-twice'])).toEqual({ 'cookie': ['a=1; b=2; c=3'], 'x-twice': ['1', '2'] })
    })

    test('a body of known length goes on with it', async () => {
      await client.ask({ ':path': '/', ':method': 'POST', 'content-length': 5 }, 'hello')
      expect(received()).toMatchObject({ method: 'POST', body: 'hello' })
      expect(sentFields(['content-length', 'transfer-encoding'])).toEqual({ 'content-length': ['5'], 'transfer-encoding': [] })
    })

    test('a body of unknown length goes on in chunks', async () => {
      await client.ask({ ':path': '/', ':method': 'POST' }, 'hello')
      expect(received()).toMatchObject({ body: 'hello', trailers: [] })
      expect(sentFields(['content-length', 'transfer-encoding'])).toEqual({ 'content-length': [], 'transfer-encoding': ['chunked'] })
    })

    test('trailers go on, but for those that would mean something in a head', async () => {
      await client.ask({ ':path': '/', ':method': 'POST' }, 'hello', { 'x-sum': '5', 'authorization': 'Basic eDp4', 'x-forwarded-for': '6.6.6.6' })
      expect(received()).toMatchObject({ body: 'hello', trailers: [['x-sum', '5']] })
    })

    test('Expect: 100-continue is answered by us, and stays here', async () => {
      const { informed } = await client.ask({ ':path': '/', ':method': 'POST', 'expect': '100-continue' }, 'hello')
      expect(informed.map((interim) => Number(interim[':status']))).toEqual([100])
      expect(values(received().fields, 'expect')).toEqual([])
    })

    test.each([
      ['/a/../b', '/b'], ['/a/%2e%2e/b?c=../d', '/b?c=../d'], ['/a/./b', '/a/b'], ['/a%2Fb', '/a%2Fb'], ['/a|b', '/a|b'], ['/caf%C3%A9', '/caf%C3%A9'],
    ])('the path %s goes on as %s, as in HTTP/1.1', async (path, target) => {
      await get(path)
      expect(received().target).toBe(target)
    })

    test('100 at once on one connection', async () => {
      const paths = Array.from({ length: 100 }, (_, n) => `/at-once/${n}`)
      const answers = await Promise.all(paths.map((path, n) => client.ask({ ':path': path, ':method': 'POST' }, `body ${n}`)))
      expect(answers.map(({ body }) => JSON.parse(body)).map(({ path, body }) => [path, body])).toEqual(paths.map((path, n) => [path, `body ${n}`]))
    })
  })

  describe('answers', () => {
    test.each([['HEAD', '/', 200], ['GET', '/empty', 204], ['GET', '/unchanged', 304]])('%s %s has no body', async (method, path, status) => {
      expect(await client.ask({ ':path': path, ':method': method })).toMatchObject({ status, body: '' })
    })

    test('HEAD has the length of what GET would give, as has 304', async () => {
      expect(Number((await client.ask({ ':path': '/', ':method': 'HEAD' })).fields['content-length'])).toBeGreaterThan(100)
      expect((await get('/unchanged')).fields).toMatchObject({ 'content-length': '5', 'etag': '"1"' })
    })

    test('status, names in lower case, octets, and each Set-Cookie of its own', async () => {
      const { status, fields } = await get('/fields')
      expect(status).toBe(299)
      expect(fields).toMatchObject({ 'x-case': '\xe9', 'set-cookie': ['a=1', 'b=2; Path=/'], 'date': 'Sun, 06 Nov 1994 08:49:37 GMT', 'content-length': '0' })
    })

    test('hop-by-hop fields stay on their own connection', async () => {
      const { fields } = await get('/hop-by-hop')
      expect(fields).toMatchObject({ 'x-public': '1' })
      expect(Object.keys(fields).filter((name) => ['connection', 'x-private', 'keep-alive', 'proxy-connection', 'transfer-encoding'].includes(name))).toEqual([])
    })

    test('Date where there is none, HSTS over TLS alone, add-headers', async () => {
      const { fields } = await get('/empty')
      expect(Date.parse(String(fields.date))).toBeWithin(Date.now() - 60_000, Date.now() + 60_000)
      expect(fields).toMatchObject({ 'x-added': 'yes', 'x-a': '1' })
      expect(fields['strict-transport-security']).toBe(transport === 'TLS' ? 'max-age=31536000; includeSubDomains' : undefined)
    })

    test('trailers come, but for those that would mean something in a head', async () => {
      const { body, trailers } = await get('/trailers')
      expect([body, trailers['x-sum'], trailers['set-cookie']]).toEqual(['hello', '42', undefined])
    })

    test('trailers behind no body at all', async () => {
      const { body, trailers } = await get('/trailers-alone')
      expect([body, trailers['x-sum']]).toEqual(['', '0'])
    })

    test('1xx come before, each of them', async () => {
      const { informed, body } = await get('/hints')
      expect(informed.map((interim) => [Number(interim[':status']), interim.link])).toEqual([[103, '</a.css>'], [103, '</b.css>']])
      expect(body).toBe('ok')
    })

    test('a body that ends with the upstream connection is whole', async () => { expect((await get('/until-close')).body).toBe('to the end') })
  })

  describe('answers of our own', () => {
    test('no route: 404', async () => {
      const { status, fields, body } = await client.ask({ ':path': '/', ':authority': 'nobody.example' })
      expect([status, fields['x-served-by'], fields['content-length']]).toEqual([404, undefined, String(body.length)])
      expect(Date.parse(String(fields.date))).toBeGreaterThan(0)
    })

    test('a host with TLS: 308 in clear, 200 over TLS', async () => {
      const { status, fields } = await client.ask({ ':path': '/x?y', ':authority': 'secure.example' })
      expect([status, fields.location]).toEqual(transport === 'TLS' ? [200, undefined] : [308, 'https://secure.example/x?y'])
    })

    test('to HEAD: the head alone', async () => {
      expect(await client.ask({ ':path': '/', ':authority': 'nobody.example', ':method': 'HEAD' })).toMatchObject({ status: 404, body: '' })
    })

    test.each(['CONNECT', 'TRACE'])('%s is refused and goes nowhere', async (method) => {
      const before = echo.requests.length
      const asked = client.ask(method === 'CONNECT' ? { ':method': method } : { ':path': '/', ':method': method })
      expect((await asked).status).toBe(405)
      expect(echo.requests.length).toBe(before)
    })

    test('the connection goes on after each of them', async () => { expect((await get('/')).status).toBe(200) })
  })
})

test('the access log tells the protocol', async () => {
  const client = await keep(session(program, 'TLS'))
  await client.ask({ ':path': '/logged', 'user-agent': 'mark-logged' })
  const line = () => program.stdout.find((text) => text.includes('mark-logged'))
  expect(await program.when(() => line() !== undefined)).toBe(true)
  expect(line()).toMatch(/"GET \/logged HTTP\/2\.0" 200 \d+ "-" "mark-logged" \d+ .* 200 [0-9a-f]{32}$/)
})
