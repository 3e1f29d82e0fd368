// custom-http-errors, default-backend and disable-proxy-intercept-errors: another backend answers in place of errors, and what it is told (ingress-nginx.md §4.7).
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { service } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { h2Client, head, statusOf, textOf } from './http2-client.ts'
import { app, ask, configure, CONFIGURED, echoed, issues, resources, route, server } from './scene.ts'

const keep = resources()
const PREFIX = 'nginx.ingress.kubernetes.io/'
const annotated = (annotations: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(annotations).map(([name, value]) => [PREFIX + name, value]))

let program: Program
let origin: Echo
let pages: Echo
let fallback: Echo
beforeAll(async () => {
  // The status that the path asks for; its answers are long, so that they are not all there with their heads.
  origin = await keep(echoUpstream({ name: 'origin', respond: ({ target }) => ({ status: Number(target.slice(1, 4)), body: 'of the origin '.repeat(100_000) }) }))
  pages = await keep(echoUpstream({ name: 'pages', respond: ({ fields, target, method, body }) => ({ status: Number(values(fields, 'x-code')[0]), body: `${method} ${target} ${body}` }) }))
  fallback = await keep(echoUpstream({ name: 'fallback' }))
  const one = (name: string, annotations: Readonly<Record<string, string>>, to = 'origin') => route({ name, to, host: `${name}.example`, annotations: annotated(annotations) })
  const both = { 'custom-http-errors': '404, 413,500,502,503', 'default-backend': 'pages' }
  program = await keep(start({ flags: [CONFIGURED, '--default-backend-service=default/fallback'], manifests: [
    ...app('origin', origin), ...app('pages', pages), ...app('fallback', fallback), ...app('empty'), ...app('dead', { port: 9 }), ...service({ metadata: { name: 'portless' }, ports: [], endpoints: [] }),
    one('both', both), one('own', { ...both, 'disable-proxy-intercept-errors': 'true' }), one('own-dead', { ...both, 'disable-proxy-intercept-errors': 'true' }, 'dead'), one('dead', both, 'dead'),
    one('global', { 'custom-http-errors': '404' }), one('stand-in', { 'default-backend': 'pages' }, 'empty'), one('no-stand-in', { 'custom-http-errors': '503' }, 'empty'),
    one('missing', { 'custom-http-errors': '404', 'default-backend': 'absent' }), one('gone', { 'custom-http-errors': '404', 'default-backend': 'empty' }), one('small', { ...both, 'proxy-body-size': '10' }),
    one('portless', { 'custom-http-errors': '404', 'default-backend': 'portless' }), one('odd', { 'custom-http-errors': '200,999' }), one('plain', {}), one('stored', { ...both, 'proxy-request-buffering': 'on' }),
  ] }))
})
const get = (host: string, target: string, more: Parameters<typeof ask>[1] = {}) => ask(program.http, { host: `${host}.example`, target, ...more })
const told = (echo: Echo, name: string) => values(echo.requests.at(-1)?.fields ?? [], name)

describe('an answer of an endpoint', () => {
  test('with one of the statuses is replaced; the page has the status that it says', async () => {
    const answer = await get('both', '/404/a?b=c', { fields: [['Accept', 'text/html'], ['X-Request-ID', 'mine'], ['X-Code', '200'], ['If-None-Match', '"x"'], ['X-Custom', 'kept']] })
    expect([answer.status, server(answer), answer.body]).toEqual([404, 'pages', 'GET / '])
    expect(['x-code', 'x-format', 'x-original-uri', 'x-namespace', 'x-ingress-name', 'x-service-name', 'x-service-port', 'x-request-id', 'host', 'x-custom', 'if-none-match'].map((name) => told(pages, name)))
      .toEqual([['404'], ['text/html'], ['/404/a?b=c'], ['default'], ['both'], ['origin'], ['80'], ['mine'], ['both.example'], ['kept'], []])
  })
  test('with another status is not', async () => {
    const answer = await get('both', '/418')
    expect([answer.status, server(answer)]).toEqual([418, 'origin'])
  })
  test('the method is kept, the body is not, and the connection goes on', async () => {
    const client = await keep(rawClient(program.http))
    for (const host of ['both', 'stored']) {
      client.send(`POST /500 HTTP/1.1\r\nHost: ${host}.example\r\nContent-Length: 4\r\n\r\nbody`)
      expect(await client.response()).toMatchObject({ status: 500, body: 'POST / ' })
      client.send(`HEAD /404 HTTP/1.1\r\nHost: ${host}.example\r\n\r\n`, ['HEAD'])
      expect(await client.response()).toMatchObject({ status: 404, body: '' })
      client.send(`GET /418 HTTP/1.1\r\nHost: ${host}.example\r\n\r\n`)
      expect((await client.response())?.status).toBe(418)
    }
  })
  test('over HTTP/2, while the request body is still coming', async () => {
    const client = await keep(h2Client(program.http))
    const stream = client.open(head('/404', { ':authority': 'both.example', ':method': 'POST' }, [['content-length', '200000']]), { end: false })
    client.upload(stream, 'x'.repeat(200_000))
    await client.done(stream)
    expect([statusOf(stream), textOf(stream)]).toEqual([404, 'POST / '])
  })
  test('the default backend of the flag has the page where the Ingress names none', async () => {
    const answer = await get('global', '/404')
    expect([echoed(answer).served_by, echoed(answer).path]).toEqual(['fallback', '/'])
    expect(told(fallback, 'x-code')).toEqual(['404'])
  })
  test.each([['missing', 'Service default/absent does not exist: errors go to clients as they are until it does'], ['portless', 'Service default/portless has no port: errors go to clients as they are'], ['gone', '']])('without anybody who has a page goes on as it is (%s)', async (host, reason) => {
    const answer = await get(host, '/404')
    expect([answer.status, server(answer)]).toEqual([404, 'origin'])
    if (reason !== '') expect(await issues(program)).toContainEqual({ object: `Ingress default/${host}`, field: `${PREFIX}default-backend`, reason })
  })
  test('is not replaced with disable-proxy-intercept-errors; an error of our own is', async () => {
    expect(server(await get('own', '/404'))).toBe('origin')
    expect(server(await get('own-dead', '/'))).toBe('pages')
  })
})

describe('an error of our own', () => {
  test('no endpoint that answers: 502', async () => {
    const answer = await get('dead', '/refused', { fields: [['Accept', 'application/json']] })
    expect([answer.status, server(answer)]).toEqual([502, 'pages'])
    expect([told(pages, 'x-code'), told(pages, 'x-format'), told(pages, 'x-service-name')]).toEqual([['502'], ['application/json'], ['dead']])
  })
  test('a body that is too large: 413, of a chain that ended before it had an endpoint', async () => {
    const answer = await get('small', '/200', { method: 'POST', body: 'x'.repeat(11) })
    expect([answer.status, server(answer), answer.body]).toEqual([413, 'pages', 'POST / '])
  })
  test('a Service without endpoints is 503, with a page of the default backend', async () => {
    const answer = await get('no-stand-in', '/a')
    expect(echoed(answer).path).toBe('/')
    expect(told(fallback, 'x-code')).toEqual(['503'])
  })
})

test('default-backend stands in for a Service without endpoints, with the request itself', async () => {
  const answer = await get('stand-in', '/a/b?c', { method: 'POST', body: 'body', fields: [['X-Code', '1']] })
  expect([answer.status, server(answer), answer.body]).toEqual([503, 'pages', 'POST /a/b?c body'])
  expect([told(pages, 'x-code'), told(pages, 'x-original-uri'), told(pages, 'x-ingress-name')]).toEqual([['503'], [], ['stand-in']])
})

test('the ConfigMap names statuses for all; an annotation replaces them; a bad one leaves them', async () => {
  expect(server(await get('plain', '/418'))).toBe('origin')
  await configure(program, { 'custom-http-errors': '300,418' })
  expect((await get('plain', '/418')).status).toBe(200)
  expect([told(fallback, 'x-code'), server(await get('both', '/418')), server(await get('odd', '/418'))]).toEqual([['418'], 'origin', 'fallback'])
  await configure(program, { 'custom-http-errors': '418', 'disable-proxy-intercept-errors': 'true' })
  expect(server(await get('plain', '/418'))).toBe('origin')
  expect((await issues(program)).find(({ object }) => object === 'Ingress default/odd')?.reason).toContain('expected statuses from 400 to 599')
})
