// HTTP/2 that breaks its rules, through the whole program: no octet of it reaches an upstream, the stream or the connection ends with the code
// that RFC 9113 names, and nobody else's connection notices.
import { beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { FLAG, TYPE } from '../../src/http/h2/frames.ts'
import { block, cutHeaders, data, frame, headers, lone, type Pairs, ping, rst, settings, uint32 } from '../http/h2/wire.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { h2Client, head, statusOf, type H2Client } from './http2-client.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { app, metric, resources, route } from './scene.ts'

const PROTOCOL_ERROR = 1, REFUSED_STREAM = 7, COMPRESSION_ERROR = 9, ENHANCE_YOUR_CALM = 11
const keep = resources()
let echo: Echo
let program: Program
let other: H2Client
beforeAll(async () => {
  echo = await keep(echoUpstream())
  program = await keep(start({ flags: [WITH_PAIR], manifests: [...app('app', echo), route({ to: 'app' }), await pair()] }))
  other = await connected()
})
const connected = (): Promise<H2Client> => keep(h2Client(program.https, { tls: { servername: 'app.example' } }))
/** All octets that any upstream connection brought. */
const upstreamOctets = () => echo.connections.flatMap(({ chunks }) => chunks).reduce((sum, { length }) => sum + length, 0)
const goesOn = async (client: H2Client) => { expect(statusOf(await client.ask(head('/goes-on')))).toBe(200) }

describe('a malformed request resets its stream, reaches nobody, and leaves the connection alone', () => {
  let client: H2Client
  let before: number
  beforeEach(async () => {
    client = await connected()
    before = upstreamOctets()
  })
  const MALFORMED: Readonly<Record<string, Pairs>> = {
    'CR LF in a value': head('/', {}, [['x-a', 'b\r\nx-evil: 1']]),
    'LF in a value': head('/', {}, [['x-a', 'b\nx-evil: 1']]),
    'NUL in a value': head('/', {}, [['x-a', 'b\0']]),
    'a request smuggled in a value': head('/', {}, [['x-a', 'b\r\n\r\nGET /evil HTTP/1.1\r\nHost: app.example']]),
    'CR LF in a name': head('/', {}, [['x-a: b\r\nx-evil', '1']]),
    'a colon in a name': head('/', {}, [['x-a:b', '1']]),
    'a space in a name': head('/', {}, [['x a', '1']]),
    'an empty name': head('/', {}, [['', '1']]),
    'a name in upper case': head('/', {}, [['X-A', '1']]),
    'white space around a value': head('/', {}, [['x-a', ' b']]),
    'CR LF in :path': head('/ HTTP/1.1\r\nx-evil: 1\r\n\r\nGET /'),
    'a space in :path': head('/a b'),
    'no :path': head('/', { ':path': undefined }),
    'an empty :path': head(''),
    ':path without its slash': head('a'),
    'a URI as :path': head('http://other.example/'),
    ':path * for GET': head('*'),
    'CR LF in :method': head('/', { ':method': 'GET / HTTP/1.1\r\nx-evil: 1\r\n\r\nGET' }),
    'a space in :method': head('/', { ':method': 'GET /evil' }),
    'no :method': head('/', { ':method': undefined }),
    'CR LF in :authority': head('/', { ':authority': 'app.example\r\nx-evil: 1' }),
    'a user in :authority': head('/', { ':authority': 'user@app.example' }),
    'a path in :authority': head('/', { ':authority': 'app.example/evil' }),
    'neither :authority nor host': head('/', { ':authority': undefined }),
    'host that differs': head('/', {}, [['host', 'other.example']]),
    'two hosts': head('/', { ':authority': undefined }, [['host', 'app.example'], ['host', 'app.example']]),
    'CR LF in :scheme': head('/', { ':scheme': 'https\r\nx-evil: 1' }),
    'no :scheme': head('/', { ':scheme': undefined }),
    'two :path': [...head('/'), [':path', '/b']],
    'a pseudo-field behind others': [['x-a', '1'], ...head('/')],
    'a pseudo-field of answers': [...head('/'), [':status', '200']],
    'an unknown pseudo-field': [...head('/'), [':evil', '1']],
    'connection': head('/', {}, [['connection', 'close']]),
    'transfer-encoding': head('/', { ':method': 'POST' }, [['transfer-encoding', 'chunked']]),
    'keep-alive': head('/', {}, [['keep-alive', 'timeout=5']]),
    'proxy-connection': head('/', {}, [['proxy-connection', 'close']]),
    'upgrade': head('/', {}, [['upgrade', 'websocket']]),
    'te that is not trailers': head('/', {}, [['te', 'gzip']]),
    'two content-lengths': head('/', { ':method': 'POST' }, [['content-length', '0'], ['content-length', '0']]),
    'a content-length that is none': head('/', { ':method': 'POST' }, [['content-length', '+0']]),
    'a content-length without a body': head('/', { ':method': 'POST' }, [['content-length', '5']]),
    ':protocol without CONNECT': [...head('/'), [':protocol', 'websocket']],
  }
  test.each(Object.entries(MALFORMED))('%s', async (_, fields) => {
    const { heads, reset } = await client.ask(fields)
    expect([heads, reset]).toEqual([[], PROTOCOL_ERROR])
    expect(upstreamOctets()).toBe(before)
    await goesOn(client)
  })

  const WRONG_BODIES: Readonly<Record<string, (id: number) => readonly Buffer[]>> = {
    'more than content-length': (id) => [headers(id, head('/', { ':method': 'POST' }, [['content-length', '2']])), data(id, 'abc', FLAG.END_STREAM)],
    'less than content-length': (id) => [headers(id, head('/', { ':method': 'POST' }, [['content-length', '5']])), data(id, 'abc', FLAG.END_STREAM)],
    'a pseudo-field in trailers': (id) => [headers(id, head('/', { ':method': 'POST' })), data(id, 'abc'), headers(id, [[':path', '/evil']], FLAG.END_STREAM)],
    'CR LF in trailers': (id) => [headers(id, head('/', { ':method': 'POST' })), data(id, 'abc'), headers(id, [['x-a', 'b\r\n\r\nGET /evil HTTP/1.1']], FLAG.END_STREAM)],
    'trailers that are not the end': (id) => [headers(id, head('/', { ':method': 'POST' })), data(id, 'abc'), headers(id, [['x-a', 'b']])],
  }
  test.each(Object.entries(WRONG_BODIES))('%s: never a whole request upstream', async (_, frames) => {
    const requests = echo.requests.length
    const { heads, reset } = await client.done(client.openRaw(frames))
    expect([heads, reset]).toEqual([[], PROTOCOL_ERROR])
    await goesOn(client)
    expect(echo.requests.slice(requests).map(({ target }) => target)).toEqual(['/goes-on'])
    expect(echo.connections.filter(({ invalid }) => invalid !== '')).toEqual([])
  })

  test.each(['/..', '/a/../../b', '/%', '/%zz', '/a\\b', '/a#b', '/a%2f..%2fb', '/%00'])('the path %s: 400, as in HTTP/1.1', async (path) => {
    const stream = await client.ask(head(path))
    expect([statusOf(stream), stream.ended]).toEqual([400, true])
    expect(upstreamOctets()).toBe(before)
    await goesOn(client)
  })

  test('fields beyond 32 KiB: 431', async () => {
    const stream = await client.ask(head('/', {}, Array.from({ length: 10 }, (_, n) => [`x-${n}`, 'x'.repeat(1600)] as const)))
    expect(statusOf(stream)).toBe(200)
    const larger = await client.done(client.openRaw((id) => [cutHeaders(id, head('/', {}, Array.from({ length: 25 }, (_, n) => [`x-${n}`, 'x'.repeat(1600)] as const)), 16_000)]))
    expect([statusOf(larger), larger.ended]).toEqual([431, true])
    await goesOn(client)
  })
})

test('a refused request has a line in the access log, and none of its octets is in it', async () => {
  const client = await connected()
  await client.ask(head('/seen-before', {}, [['user-agent', 'mark-before']]))
  await client.ask(head('/never-seen', {}, [['user-agent', 'mark-evil\r\n']]))
  const refused = () => program.stdout.slice(program.stdout.findIndex((line) => line.includes('mark-before')) + 1).filter((line) => line.includes('" 400 '))
  expect(await program.when(() => refused().length > 0)).toBe(true)
  expect(refused()[0]).toMatch(/^127\.0\.0\.1 - - \[[^\]]+\] "-" 400 0 "-" "-" 0 /)
  expect(program.stdout.filter((line) => line.includes('mark-evil') || line.includes('never-seen'))).toEqual([])
})

describe('what breaks a connection ends it with GOAWAY, and no other', () => {
  const BREAKING: Readonly<Record<string, readonly [code: number, reason: string, frames: readonly Buffer[]]>> = {
    'DATA of a stream that was never opened': [PROTOCOL_ERROR, 'protocol_error', [data(1, 'x')]],
    'an even stream': [PROTOCOL_ERROR, 'protocol_error', [lone(2, head('/'))]],
    'PUSH_PROMISE': [PROTOCOL_ERROR, 'protocol_error', [frame(TYPE.PUSH_PROMISE, { id: 1, flags: FLAG.END_HEADERS }, uint32(2), block(head('/')))]],
    'an index that the table has not': [COMPRESSION_ERROR, 'compression_error', [frame(TYPE.HEADERS, { id: 1, flags: FLAG.END_HEADERS | FLAG.END_STREAM }, [0xff, 0xff, 0x01])]],
    'a frame between HEADERS and CONTINUATION': [PROTOCOL_ERROR, 'protocol_error', [frame(TYPE.HEADERS, { id: 1 }, block(head('/'))), ping()]],
    'a rapid reset': [ENHANCE_YOUR_CALM, 'rapid_reset', Array.from({ length: 2000 }, (_, n) => [lone(2 * n + 1, head('/rapid')), rst(2 * n + 1, 8)]).flat()],
    'a flood of PING': [ENHANCE_YOUR_CALM, 'ping_flood', Array.from({ length: 5000 }, () => ping())],
    'a flood of SETTINGS': [ENHANCE_YOUR_CALM, 'settings_flood', Array.from({ length: 5000 }, () => settings())],
    'a flood of empty DATA': [ENHANCE_YOUR_CALM, 'empty_data_flood', [headers(1, head('/', { ':method': 'POST' })), ...Array.from({ length: 5000 }, () => data(1, ''))]],
    'a flood of CONTINUATION': [ENHANCE_YOUR_CALM, 'continuation_flood', [frame(TYPE.HEADERS, { id: 1 }, block(head('/'))), ...Array.from({ length: 100 }, () => frame(TYPE.CONTINUATION, { id: 1 }, [0]))]],
  }
  test.each(Object.entries(BREAKING))('%s', async (_, [code, reason, frames]) => {
    const counted = () => metric(program, 'lintel_own_answers_total', `reason="${reason}"`)
    const before = await counted()
    const client = await connected()
    client.send(...frames)
    const asked = Array.from({ length: 20 }, () => goesOn(other))
    expect(await client.when(() => client.goaways.length > 0 && client.closed)).toBe(true)
    expect(client.goaways.map((goaway) => goaway.code)).toEqual([code])
    await Promise.all(asked)
    expect(other.goaways).toEqual([])
    await until('it is counted', async () => await counted() === before + 1)
  })

  test('a rapid reset leaves no request behind at the upstream', async () => {
    const open = () => echo.connections.filter(({ closed, pending }) => !closed && pending.length > 0)
    expect(await echo.when(() => open().length === 0)).toBe(true)
    expect(echo.requests.filter(({ target }) => target === '/rapid').length).toBeLessThan(500)
  })
})

test('more streams at once than SETTINGS_MAX_CONCURRENT_STREAMS: those are refused, to be sent again', async () => {
  const held = Promise.withResolvers<void>()
  const slow = await keep(echoUpstream({ respond: () => held.promise.then(() => undefined) }))
  const own = await keep(start({ flags: [WITH_PAIR], manifests: [...app('slow', slow), route({ to: 'slow' }), await pair()] }))
  const client = await keep(h2Client(own.https, { tls: { servername: 'app.example' } }))
  const streams = Array.from({ length: 130 }, (_, n) => client.open(head(`/${n}`)))
  for (const stream of streams.slice(128)) expect((await client.done(stream)).reset).toBe(REFUSED_STREAM)
  held.resolve()
  for (const stream of streams.slice(0, 128)) expect([statusOf(await client.done(stream)), stream.ended]).toEqual([200, true])
  expect(slow.requests.length).toBe(128)
})

test('nothing failed inside the program', () => {
  expect(program.stderr.filter((line) => !line.startsWith('lintel: ready'))).toEqual([])
})
