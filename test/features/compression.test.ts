// Which answers are compressed, with what, and what their heads say then (RFC 9110 §8.4, §12.5.3): through the program, with the settings of a ConfigMap.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Answer } from '../support/echo.ts'
import type { FieldLine } from '../support/http1.ts'
import { json } from '../support/json.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { decode, latin1, valueOf } from './compression-origin.ts'
import { h2Client, head } from './http2-client.ts'
import { app, ask, configure, CONFIGURED, issues, resources, route } from './scene.ts'

const keep = resources()
const BODY = json(20_000).toString('latin1')
const ALL = { 'use-gzip': 'true', 'enable-brotli': 'true', 'enable-zstd': 'true' }
const json200 = (fields: readonly FieldLine[] = [], body = BODY): Answer => ({ fields: [['Content-Type', 'application/json; charset=utf-8'], ...fields], body })

/** What the origin answers, by path. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  '/json': json200(),
  '/tagged': json200([['ETag', '"v1"'], ['Accept-Ranges', 'bytes'], ['Content-MD5', 'x'], ['Content-Digest', 'sha-256=:x:'], ['Last-Modified', 'Mon, 01 Jan 2024 00:00:00 GMT'], ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']]),
  '/weak': json200([['ETag', 'W/"v1"']]),
  '/varies': json200([['Vary', 'Origin']]),
  '/varies-so': json200([['Vary', 'Origin, accept-encoding']]),
  '/varies-any': json200([['Vary', '*']]),
  '/html': { fields: [['Content-Type', 'text/html']], body: BODY },
  '/xml-rss': { fields: [['Content-Type', 'application/xml+rss']], body: BODY },
  '/error': { status: 500, ...json200() as object },
  '/at': json200([], BODY.slice(0, 256)),
  '/below': json200([], BODY.slice(0, 255)),
  '/chunked-little': { raw: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n' },
  '/encoded': json200([['Content-Encoding', 'gzip'], ['ETag', '"v1"']], 'not really'.repeat(100)),
  '/no-transform': json200([['Cache-Control', 'public, No-Transform'], ['ETag', '"v1"']]),
  '/png': { fields: [['Content-Type', 'image/png'], ['ETag', '"v1"']], body: BODY },
  '/untyped': { raw: `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}` },
  '/events': { fields: [['Content-Type', 'text/event-stream']], body: 'data: 1\n\n'.repeat(100) },
  '/grpc': { fields: [['Content-Type', 'application/grpc+proto']], body: BODY },
  '/part': { status: 206, fields: [['Content-Type', 'application/json'], ['Content-Range', 'bytes 0-999/20000'], ['ETag', '"v1"']], body: BODY.slice(0, 1000) },
  '/unsatisfied': { status: 416, fields: [['Content-Type', 'application/json'], ['Content-Range', 'bytes */20000']], body: BODY },
  '/none': { status: 204, fields: [['Content-Type', 'application/json'], ['ETag', '"v1"']] },
  '/reset': { status: 205, fields: [['Content-Type', 'application/json']] },
  '/unchanged': { status: 304, fields: [['ETag', '"v1"'], ['Content-Type', 'application/json']] },
}

let program: Program
let plain: Program
beforeAll(async () => {
  const origin = await keep(echoUpstream({ respond: ({ target }) => ANSWERS[target.split('?')[0] ?? ''] }))
  const annotated = (name: string, value: string) => route({ name, to: 'app', host: `${name}.example`, annotations: { 'lintel.dev/compression': value } })
  const manifests = [...app('app', origin), route({ to: 'app' }), annotated('off', 'off'), annotated('br', 'br'), annotated('odd', 'deflate')]
  program = await keep(start({ flags: [CONFIGURED], manifests }))
  plain = await keep(start({ manifests }))
  await configure(program, { ...ALL, 'gzip-disable': 'OldBrowser/[12]\\.' })
})

type Request = { readonly accept?: string; readonly host?: string; readonly method?: string; readonly fields?: readonly FieldLine[]; readonly of?: Program }
const get = async (target: string, { accept = 'gzip', host = 'app.example', method = 'GET', fields = [], of = program }: Request = {}) =>
  ask(of.http, { target, host, method, fields: [...accept === '' ? [] : [['Accept-Encoding', accept] as const], ...fields] })
const codingOf = async (target: string, request: Request = {}) => valueOf((await get(target, request)).fields, 'content-encoding') ?? 'identity'

test('without settings nothing is compressed, and nothing said of it', async () => {
  const { fields, body } = await get('/tagged', { of: plain })
  expect([valueOf(fields, 'content-encoding'), valueOf(fields, 'vary'), valueOf(fields, 'etag')]).toEqual([undefined, undefined, '"v1"'])
  expect(body).toBe(BODY)
})

describe.each(['gzip', 'br', 'zstd'])('%s', (coding) => {
  test('the body is what it was, and smaller', async () => {
    const { fields, body, complete } = await get('/json', { accept: coding })
    expect([complete, valueOf(fields, 'content-encoding'), valueOf(fields, 'vary')]).toEqual([true, coding, 'Accept-Encoding'])
    expect(decode[coding]!(latin1(body)).toString('latin1')).toBe(BODY)
    expect(body.length).toBeLessThan(BODY.length / 3)
  })
  test('over HTTP/2', async () => {
    const client = await keep(h2Client(program.http))
    const stream = await client.ask(head('/tagged', {}, [['accept-encoding', coding]]))
    expect(decode[coding]!(Buffer.concat(stream.body)).toString('latin1')).toBe(BODY)
    const [{ fields }] = stream.heads as [typeof stream.heads[number]]
    expect([valueOf(fields, 'content-encoding'), valueOf(fields, 'etag'), valueOf(fields, 'content-length'), valueOf(fields, 'vary')]).toEqual([coding, 'W/"v1"', undefined, 'Accept-Encoding'])
  })
})

describe('what the head says', () => {
  test('fields that are not true of it any more are gone, the others stand in their order', async () => {
    const { status, fields, body } = await get('/tagged')
    expect(status).toBe(200)
    expect(valueOf(fields, 'content-length')).toBe(String(body.length)) // it came at once: its length is known after all
    const names = fields.map(([name]) => name.toLowerCase()).filter((name) => !['x-served-by', 'date', 'content-length'].includes(name))
    expect(names).toEqual(['content-type', 'etag', 'last-modified', 'set-cookie', 'set-cookie', 'content-encoding', 'vary'])
    expect(valueOf(fields, 'etag')).toBe('W/"v1"')
    expect(valueOf(fields, 'set-cookie')).toBe('a=1, b=2')
  })
  test('a weak ETag stays as it is', async () => {
    expect(valueOf((await get('/weak')).fields, 'etag')).toBe('W/"v1"')
  })
  test.each([['/varies', 'Origin, Accept-Encoding'], ['/varies-so', 'Origin, accept-encoding'], ['/varies-any', '*']])('Vary of %s', async (target, vary) => {
    expect(valueOf((await get(target)).fields, 'vary')).toBe(vary)
    expect(valueOf((await get(target, { accept: '' })).fields, 'vary')).toBe(vary)
  })
  test('HEAD tells what GET does, without the length', async () => {
    const { status, fields, body } = await get('/tagged', { method: 'HEAD' })
    expect([status, body, valueOf(fields, 'content-encoding'), valueOf(fields, 'etag'), valueOf(fields, 'vary'), valueOf(fields, 'content-length')]).toEqual([200, '', 'gzip', 'W/"v1"', 'Accept-Encoding', undefined])
  })
  test('HEAD leaves the connection in step', async () => {
    const client = await keep(rawClient(program.http))
    const request = (method: string) => `${method} /json HTTP/1.1\r\nHost: app.example\r\nAccept-Encoding: gzip\r\n\r\n`
    client.send(request('HEAD') + request('GET') + request('HEAD') + request('GET'), ['HEAD', 'GET', 'HEAD', 'GET'])
    for (const expected of ['', BODY, '', BODY]) {
      const { body = '' } = await client.response() ?? {}
      expect(body === '' ? '' : decode.gzip!(latin1(body)).toString('latin1')).toBe(expected)
    }
  })
  test('304 has the weak ETag of what the client holds, and Vary', async () => {
    const { status, fields } = await get('/unchanged')
    expect([status, valueOf(fields, 'etag'), valueOf(fields, 'vary'), valueOf(fields, 'content-encoding')]).toEqual([304, 'W/"v1"', 'Accept-Encoding', undefined])
    expect(valueOf((await get('/unchanged', { accept: '' })).fields, 'etag')).toBe('"v1"')
  })
  test('errors of the endpoint too', async () => {
    const { status, fields } = await get('/error')
    expect([status, valueOf(fields, 'content-encoding')]).toEqual([500, 'gzip'])
  })
  test('an answer of our own goes as it is', async () => {
    const { status, fields } = await get('/json', { host: 'nobody.example' })
    expect([status, valueOf(fields, 'content-encoding')]).toEqual([404, undefined])
  })
})

describe('what is left alone', () => {
  test.each(['/encoded', '/no-transform', '/png', '/untyped', '/events', '/grpc', '/part', '/unsatisfied', '/none', '/reset'])('%s: every field and octet', async (target) => {
    const [asked, unasked] = [await get(target), await get(target, { of: plain })]
    const told = ({ fields }: typeof asked) => fields.filter(([name]) => name.toLowerCase() !== 'date')
    expect([asked.status, asked.body]).toEqual([unasked.status, unasked.body])
    expect(told(asked)).toEqual(told(unasked))
  })
  test('for a client that accepts nothing: but it says Vary', async () => {
    for (const accept of ['', 'identity', 'deflate', 'gzip;q=0']) {
      const { fields, body } = await get('/tagged', { accept })
      expect([valueOf(fields, 'content-encoding'), valueOf(fields, 'vary'), valueOf(fields, 'etag'), valueOf(fields, 'accept-ranges')]).toEqual([undefined, 'Accept-Encoding', '"v1"', 'bytes'])
      expect(body).toBe(BODY)
    }
  })
  test('for HTTP/1.0', async () => {
    const client = await keep(rawClient(program.http))
    client.send('GET /json HTTP/1.0\r\nHost: app.example\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n')
    const { fields = [], body = '' } = await client.response() ?? {}
    expect([valueOf(fields, 'content-encoding'), valueOf(fields, 'vary'), body]).toEqual([undefined, 'Accept-Encoding', BODY])
  })
})

describe('the choice', () => {
  test.each([
    ['gzip, deflate, br, zstd', 'zstd'], ['gzip, deflate, br', 'br'], ['gzip, deflate', 'gzip'], ['x-gzip', 'gzip'], ['GZip', 'gzip'], ['*', 'zstd'], ['*;q=0', 'identity'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'], ['gzip;q=0.8, br;q=0.9, zstd;q=0.1', 'br'], ['zstd;q=0, *', 'br'], ['identity, gzip;q=0.5', 'identity'], ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0, gzip;q=0.001', 'gzip'], ['identity;q=0', 'identity'], ['gzip;q=1.001', 'identity'], ['gzip;q=', 'identity'], ['gzip;level=9', 'identity'], ['gzip ; q=0.5', 'gzip'], [',, gzip ,', 'gzip'],
  ])('%s: %s', async (accept, coding) => { expect(await codingOf('/json', { accept })).toBe(coding) })
  test('of several fields', async () => {
    expect(await codingOf('/json', { accept: 'deflate', fields: [['Accept-Encoding', 'gzip;q=0.5'], ['Accept-Encoding', 'br;q=0.4']] })).toBe('gzip')
  })
  test('gzip-min-length: at it, below it, and without a length', async () => {
    expect([await codingOf('/at'), await codingOf('/below'), await codingOf('/chunked-little')]).toEqual(['gzip', 'identity', 'gzip'])
    expect(valueOf((await get('/below')).fields, 'vary')).toBe('Accept-Encoding') // Brotli would take it
    expect(await codingOf('/below', { accept: 'gzip, br' })).toBe('br')
  })
  test('gzip-types and brotli-types: text/html always', async () => {
    expect(await codingOf('/html')).toBe('gzip')
    expect([await codingOf('/xml-rss'), await codingOf('/xml-rss', { accept: 'gzip, br' })]).toEqual(['identity', 'br'])
  })
  test('gzip-disable: no gzip, and nothing else is refused', async () => {
    const fields: FieldLine[] = [['User-Agent', 'Mozilla (oldbrowser/1.5)']]
    expect([await codingOf('/json', { fields }), await codingOf('/json', { fields, accept: 'gzip, br' })]).toEqual(['identity', 'br'])
    expect(await codingOf('/json', { fields: [['User-Agent', 'OldBrowser/3.0']] })).toBe('gzip')
  })
  test('lintel.dev/compression: off, or what it names', async () => {
    expect([await codingOf('/json', { host: 'off.example' }), await codingOf('/json', { host: 'br.example' }), await codingOf('/json', { host: 'br.example', accept: 'br' })]).toEqual(['identity', 'identity', 'br'])
    expect(valueOf((await get('/json', { host: 'off.example' })).fields, 'vary')).toBeUndefined()
    expect(await codingOf('/json', { host: 'br.example', accept: 'br', of: plain })).toBe('br')
    expect((await issues(plain)).map(({ object, field, reason }) => [object, field, reason])).toContainEqual(['Ingress default/odd', 'lintel.dev/compression', expect.stringContaining('expected off, or some of zstd, br, gzip')])
  })
})

test('a change of the ConfigMap is live at once', async () => {
  const live = await keep(start({ flags: [CONFIGURED], manifests: [...app('app', await keep(echoUpstream({ respond: ({ target }) => ANSWERS[target] }))), route({ to: 'app' })] }))
  const coding = () => codingOf('/json', { accept: 'gzip, br, zstd', of: live })
  expect(await coding()).toBe('identity')
  await configure(live, { 'use-gzip': 'true', 'gzip-level': '9' })
  expect(await coding()).toBe('gzip')
  await configure(live, { ...ALL, 'zstd-level': '6', 'brotli-level': '11', 'gzip-types': 'image/png', 'gzip-disable': 'msie6' })
  expect([await coding(), await codingOf('/png', { of: live }), await codingOf('/json', { of: live })]).toEqual(['zstd', 'gzip', 'identity'])
  for (const [agent, expected] of [['Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)', 'identity'], ['Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)', 'gzip']] as const)
    expect(await codingOf('/png', { of: live, fields: [['User-Agent', agent]] })).toBe(expected)
  await configure(live, { ...ALL, 'gzip-types': '*' })
  expect([await codingOf('/png', { of: live }), await codingOf('/untyped', { of: live }), await codingOf('/grpc', { of: live })]).toEqual(['gzip', 'identity', 'identity'])
  await configure(live, { 'use-gzip': 'true', 'gzip-level': '10', 'gzip-types': 'json', 'gzip-disable': '(' })
  expect(await coding()).toBe('gzip')
  expect((await issues(live)).map(({ field }) => field).sort()).toEqual(['gzip-disable', 'gzip-level', 'gzip-types'])
})
