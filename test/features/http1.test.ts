// HTTP/1.1 through the whole program: what passes, unchanged, in both directions.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Answer, type Echo } from '../support/echo.ts'
import { members, values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, echoed, requestText, resources, route, server } from './scene.ts'

/** What the scripted origin answers, by path. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/empty': { raw: 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n' },
  '/unchanged': { raw: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 5\r\n\r\n' },
  '/trailers': { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\n\r\n' },
  '/hints': { raw: 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  '/until-close': { raw: 'HTTP/1.1 200 OK\r\n\r\nto the end', close: true },
  '/old': { raw: 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold', close: true },
  '/cut': { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', close: true },
  '/cut-chunks': { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', close: true },
  '/nonsense': { raw: 'nonsense\r\n\r\n', close: true },
  '/case': { raw: 'HTTP/1.1 299 My Own Words\r\nX-CaSe: \xe9\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n' },
}

const keep = resources()
let echo: Echo
let scripted: Echo
let program: Program
beforeAll(async () => {
  echo = await keep(echoUpstream({ name: 'echo' }))
  scripted = await keep(echoUpstream({ name: 'scripted', respond: ({ target }) => ANSWERS[target] }))
  program = await keep(start({ manifests: [...app('echo', echo), ...app('scripted', scripted), route({ to: 'echo' }), route({ to: 'scripted', host: 'scripted.example' })] }))
})

const client = () => keep(rawClient(program.http))
const scriptedText = (target: string, method = 'GET') => requestText({ method, target, host: 'scripted.example' })

describe('requests', () => {
  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'PROPFIND', 'M-SEARCH', 'BREW', 'x-lower'])('method %s', async (method) => {
    expect(echoed(await ask(program.http, { method })).method).toBe(method)
  })

  test.each(['/', '/a%2Fb', '/%7Euser/?q=%20+%zz', '/caf%C3%A9', '/a;b=c/d', "/!$&'()*+,=:@", '/?', '/x??a=b', '/a|b', '/%E9'])('target %s passes byte for byte', async (target) => {
    expect(echoed(await ask(program.http, { target })).path).toBe(target)
  })

  test('names, order, case, duplicates and octets of fields', async () => {
    const fields = [['X-B', '1'], ['x-a', 'caf\xe9'], ['X-B', '2'], ['COOKIE', 'a=1; b="2"'], ['X-Empty', '']] as const
    const { headers } = echoed(await ask(program.http, { fields }))
    expect(headers.filter(([name]) => fields.some(([sent]) => sent === name))).toEqual(fields.map(([...field]) => field))
  })

  test('absolute-form becomes origin-form', async () => {
    const { path, headers } = echoed(await ask(program.http, { target: 'http://app.example/x?y=1' }))
    expect([path, values(headers, 'host')]).toEqual(['/x?y=1', ['app.example']])
  })

  test('OPTIONS *', async () => {
    expect(echoed(await ask(program.http, { method: 'OPTIONS', target: '*' })).path).toBe('*')
  })

  test('a chunked body with trailers', async () => {
    const open = await client()
    open.send('POST /t HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n')
    expect(echoed(await open.response())).toMatchObject({ body: 'abcde', trailers: [['X-Sum', '5']] })
  })

  test('Expect: 100-continue is answered, and the body follows', async () => {
    const open = await client()
    open.send('POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n')
    expect(await open.when(() => open.responses.length === 1)).toBe(true)
    open.send('hi', [])
    expect(echoed(await open.response()).body).toBe('hi')
    expect(open.responses.map(({ status }) => status)).toEqual([100, 200])
  })

  test('pipelined requests are answered in order', async () => {
    const open = await client()
    const targets = Array.from({ length: 50 }, (_, i) => `/p${i}`)
    open.send(targets.map((target) => requestText({ target })).join(''), targets.map(() => 'GET'))
    const answered: string[] = []
    for (const _ of targets) answered.push(echoed(await open.response()).path)
    expect(answered).toEqual(targets)
  })

  test('a head that comes octet by octet', async () => {
    const open = await client()
    for (const octet of requestText({ target: '/slow', method: 'POST', body: 'abc' })) {
      open.send(octet, [])
      await new Promise(setImmediate)
    }
    expect(echoed(await open.response())).toMatchObject({ path: '/slow', body: 'abc' })
  })

  test.each([
    ['a length', 'POST /part HTTP/1.1\r\nHost: app.example\r\nContent-Length: 10\r\n\r\nhalf'],
    ['chunks', 'POST /part HTTP/1.1\r\nHost: app.example\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('a body with %s that the client cuts never looks whole to the origin', async (_, text) => {
    const open = await client()
    open.send(text)
    expect(await echo.when(() => echo.connections.some(({ pending, closed }) => !closed && pending.toString().includes('half')))).toBe(true)
    open.destroy()
    expect(await echo.when(() => echo.connections.filter(({ pending }) => pending.length > 0).every(({ closed }) => closed))).toBe(true)
    expect(echo.requests.filter(({ target }) => target === '/part')).toEqual([])
  })

  test.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['both framings', 'POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare LF', 'GET / HTTP/1.1\nHost: app.example\n\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost: app.example\r\nX-A : 1\r\n\r\n'],
  ])('%s: 400, closed, and nothing reaches the origin', async (_, text) => {
    const before = echo.requests.length
    const open = await client()
    open.send(text)
    expect(await open.response()).toMatchObject({ status: 400 })
    expect(await open.closed()).toBe(true)
    expect(echo.requests.length).toBe(before)
  })
})

describe('HTTP/1.0 clients', () => {
  test('the connection closes after the answer', async () => {
    const open = await client()
    open.send('GET /x HTTP/1.0\r\nHost: app.example\r\n\r\n')
    expect(await open.closed()).toBe(true)
    expect(open.responses).toMatchObject([{ status: 200, complete: true }])
  })

  test('keep-alive is theirs to ask for', async () => {
    const open = await client()
    const text = 'GET /x HTTP/1.0\r\nHost: app.example\r\nConnection: keep-alive\r\n\r\n'
    open.send(text)
    expect(members((await open.response())?.fields ?? [], 'connection')).toEqual(['keep-alive'])
    open.send(text)
    expect(echoed(await open.response()).path).toBe('/x')
  })

  test('they never get chunks', async () => {
    const open = await client()
    open.send('GET /trailers HTTP/1.0\r\nHost: scripted.example\r\n\r\n')
    expect(await open.closed()).toBe(true)
    expect(open.responses).toMatchObject([{ status: 200, body: 'hello', complete: true }])
    expect(values(open.responses[0]?.fields ?? [], 'transfer-encoding')).toEqual([])
  })
})

describe('answers', () => {
  test.each([
    ['HEAD', '/', 200], ['GET', '/empty', 204], ['GET', '/unchanged', 304],
  ])('%s %s has no body, and the connection goes on', async (method, target, status) => {
    const open = await client()
    open.send(scriptedText(target, method))
    expect(await open.response()).toMatchObject({ status, body: '' })
    open.send(scriptedText('/next'))
    expect(echoed(await open.response()).path).toBe('/next')
  })

  test('HEAD keeps the length that GET would have', async () => {
    const [head, get] = [await ask(program.http, { method: 'HEAD' }), await ask(program.http)]
    expect(Number(values(head.fields, 'content-length')[0])).toBeGreaterThan(100)
    expect(Math.abs(Number(values(head.fields, 'content-length')[0]) - get.body.length)).toBeLessThan(4)
  })

  test('chunks with trailers', async () => {
    const open = await client()
    const octets: Buffer[] = []
    open.socket.on('data', (chunk: Buffer) => octets.push(chunk))
    open.send(scriptedText('/trailers'))
    expect(await open.response()).toMatchObject({ status: 200, body: 'hello', complete: true })
    expect(Buffer.concat(octets).toString('latin1')).toEndWith('\r\n0\r\nX-Sum: 42\r\n\r\n')
  })

  test('1xx passes before the answer', async () => {
    const open = await client()
    open.send(scriptedText('/hints'))
    expect(await open.response()).toMatchObject({ status: 200, body: 'ok' })
    expect(open.responses[0]).toMatchObject({ status: 103, fields: [['Link', '</a.css>']] })
  })

  test('status, reason, names, order and octets', async () => {
    const { status, fields } = await ask(program.http, { host: 'scripted.example', target: '/case' })
    expect(status).toBe(299)
    expect(fields.filter(([name]) => name !== 'Date')).toEqual([['X-CaSe', '\xe9'], ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['Content-Length', '0']])
  })

  test.each([['/until-close', 'to the end'], ['/old', 'old']])('an origin that ends by closing: %s, whole, and the client\'s connection goes on', async (target, body) => {
    const open = await client()
    open.send(scriptedText(target))
    expect(await open.response()).toMatchObject({ status: 200, body, complete: true })
    open.send(scriptedText('/next'))
    expect(server(await open.response() ?? { status: 0, fields: [], body: '', complete: false })).toBe('scripted')
  })

  test.each(['/cut', '/cut-chunks'])('an answer that is cut is seen to be cut: %s', async (target) => {
    const open = await client()
    open.send(scriptedText(target))
    expect(await open.closed()).toBe(true)
    expect(open.responses.map(({ complete }) => complete)).toEqual([false])
  })

  test('an answer that is no HTTP is 502', async () => {
    expect(await ask(program.http, { host: 'scripted.example', target: '/nonsense' })).toMatchObject({ status: 502 })
  })

  test('connections to the origin are used again', async () => {
    const open = await client()
    const before = echo.connections.length
    for (let i = 0; i < 20; i++) {
      open.send(requestText())
      await open.response()
    }
    expect(echo.connections.length - before).toBeLessThanOrEqual(1)
  })
})
