// What is a well-formed message (RFC 9113 §8.2, §8.3, RFC 8441 §4), through the connection: an answer to it, or a reset of its stream and of nothing else.
import { describe, expect, test } from 'bun:test'
import { FLAG } from '../../../src/http/h2/frames.ts'
import { SECTION_BYTES, SECTION_FIELDS } from '../../../src/http/h2/limits.ts'
import { client, pairsOf, server } from './endpoint.ts'
import { cutHeaders, GET, headers, last, lone, OK, type Pairs, ping, POST } from './wire.ts'

const without = (name: string, fields: Pairs = GET): Pairs => fields.filter(([each]) => each !== name)
const replaced = (name: string, value: string): Pairs => GET.map(([each, old]) => [each, each === name ? value : old])
const CONNECT: Pairs = [[':method', 'CONNECT'], [':authority', 'example.com:443']]

const refusedRequests: [string, Pairs][] = [
  ['an upper-case letter in a name', [...GET, ['X-a', '1']]],
  ['a space in a name', [...GET, ['x a', '1']]],
  ['a colon in a name', [...GET, ['x:a', '1']]],
  ['a control in a name', [...GET, ['x\0', '1']]],
  ['8 bits in a name', [...GET, ['caf\xe9', '1']]],
  ['an empty name', [...GET, ['', '1']]],
  ['CR LF in a value', [...GET, ['x', 'a\r\nHost: evil']]],
  ['CR in a value', [...GET, ['x', 'a\rb']]],
  ['LF in a value', [...GET, ['x', 'a\nb']]],
  ['NUL in a value', [...GET, ['x', 'a\0b']]],
  ['another control in a value', [...GET, ['x', 'a\x01b']]],
  ['DEL in a value', [...GET, ['x', 'a\x7f']]],
  ['a space before a value', [...GET, ['x', ' a']]],
  ['a tab behind a value', [...GET, ['x', 'a\t']]],
  ['connection', [...GET, ['connection', 'close']]],
  ['keep-alive', [...GET, ['keep-alive', '1']]],
  ['proxy-connection', [...GET, ['proxy-connection', 'close']]],
  ['transfer-encoding', [...POST, ['transfer-encoding', 'chunked']]],
  ['upgrade', [...GET, ['upgrade', 'websocket']]],
  ['te that is not trailers', [...GET, ['te', 'trailers, gzip']]],
  ['no :method', without(':method')],
  ['no :scheme', without(':scheme')],
  ['no :path', without(':path')],
  ['no :authority and no host', without(':authority')],
  ['an empty :method', replaced(':method', '')],
  [':method that is no token', replaced(':method', 'GET /evil HTTP/1.1')],
  ['CR LF in :method', replaced(':method', 'GET\r\nx: y')],
  [':scheme that is none', replaced(':scheme', 'ht tp')],
  ['an empty :path', replaced(':path', '')],
  [':path without a slash', replaced(':path', 'evil')],
  [':path with a space', replaced(':path', '/ HTTP/1.1')],
  ['CR LF in :path', replaced(':path', '/\r\nx: y')],
  ['8 bits in :path', replaced(':path', '/\xe9')],
  ['* without OPTIONS', replaced(':path', '*')],
  ['an absolute :path', replaced(':path', 'https://example.com/')],
  ['an empty :authority', replaced(':authority', '')],
  ['user information in :authority', replaced(':authority', 'a@example.com')],
  [':authority with a path', replaced(':authority', 'example.com/evil')],
  ['CR LF in :authority', replaced(':authority', 'example.com\r\nx: y')],
  ['host that differs from :authority', [...GET, ['host', 'evil.com']]],
  ['host with another port', [...GET, ['host', 'example.com:1']]],
  ['two hosts', [...without(':authority'), ['host', 'example.com'], ['host', 'evil.com']]],
  ['two equal hosts', [...GET, ['host', 'example.com'], ['host', 'example.com']]],
  ['an empty host', [...GET, ['host', '']]],
  ['two of :path', [...GET, [':path', '/']]],
  ['two of :method', [[':method', 'GET'], ...GET]],
  ['two of :authority', [...GET, [':authority', 'example.com']]],
  ['a pseudo-field behind a field', [['x', '1'], ...GET]],
  ['an unknown pseudo-field', [...GET, [':version', 'HTTP/1.1']]],
  [':status', [...GET, [':status', '200']]],
  [':protocol without CONNECT', [...GET, [':protocol', 'websocket']]],
  ['an empty :protocol', [[':method', 'CONNECT'], ...GET.slice(1), [':protocol', '']]],
  ['CONNECT with a path', [...CONNECT, [':path', '/']]],
  ['CONNECT with a scheme', [...CONNECT, [':scheme', 'https']]],
  ['CONNECT without an authority', without(':authority', CONNECT)],
  ['extended CONNECT without a path', [...CONNECT, [':scheme', 'https'], [':protocol', 'websocket']]],
  ['content-length that is signed', [...POST, ['content-length', '+1']]],
  ['content-length that is hexadecimal', [...POST, ['content-length', '0x1']]],
  ['content-length that is empty', [...POST, ['content-length', '']]],
  ['content-length beyond all numbers', [...POST, ['content-length', '99999999999999999999']]],
  ['content-length twice in a field', [...POST, ['content-length', '1, 1']]],
  ['content-length twice', [...POST, ['content-length', '1'], ['content-length', '1']]],
]

describe('a request is refused with', () => {
  test.each(refusedRequests)('%s', (_, fields) => {
    const endpoint = server()
    endpoint.feed(headers(1, fields), ping())
    expect(endpoint.told).toEqual(['idle', 'refused 1'])
    expect(endpoint.sent()).toEqual(['RST_STREAM 1 1', 'PING ack 12345678'])
    expect(endpoint.feed(lone(3)).told.at(-1)).toBe('3 head end')
  })
})

describe('a request is taken', () => {
  const taken = (...fields: Pairs) => server().feed(lone(1, fields)).of(1).section

  test('with all its parts', () => {
    const section = taken(...GET, ['te', 'trailers'], ['x', ''], ['y', 'a\tb \xe9'])
    expect([section.method, section.scheme, section.authority, section.path, section.length]).toEqual(['GET', 'https', 'example.com', '/', -1])
    expect(pairsOf(section)).toEqual([['te', 'trailers'], ['x', ''], ['y', 'a\tb \xe9']])
  })
  test('with host in place of :authority, which is taken out', () => {
    const section = taken(...without(':authority'), ['host', 'example.com:8080'])
    expect([section.authority, pairsOf(section)]).toEqual(['example.com:8080', []])
  })
  test('with host that is the same in another case', () => expect(taken(...GET, ['host', 'EXAMPLE.com']).authority).toBe('example.com'))
  test('with crumbs of cookie joined where the first one stood (§8.2.3)', () => {
    expect(pairsOf(taken(...GET, ['a', '1'], ['cookie', 'x=1'], ['b', '2'], ['cookie', 'y=2'], ['cookie', 'z=3']))).toEqual([['a', '1'], ['cookie', 'x=1; y=2; z=3'], ['b', '2']])
  })
  test('with * for OPTIONS', () => expect(taken([':method', 'OPTIONS'], [':scheme', 'https'], [':path', '*'], [':authority', 'a']).path).toBe('*'))
  test('with any method', () => expect(taken([':method', 'BREW'], ...GET.slice(1)).method).toBe('BREW'))
  test('as CONNECT', () => expect(taken(...CONNECT).authority).toBe('example.com:443'))
  test('as extended CONNECT (RFC 8441), whose content-length means nothing', () => {
    const endpoint = server().feed(headers(1, [[':method', 'CONNECT'], ...GET.slice(1), [':protocol', 'websocket'], ['content-length', '0']]), last(1, 'frames'))
    expect([endpoint.of(1).section.protocol, endpoint.of(1).text]).toEqual(['websocket', 'frames'])
  })
  test('with HTTP/1.1 lines that are built once', () => {
    const [field] = taken(...GET, ['x', '1']).fields
    expect([field?.line, field?.line]).toEqual(['x: 1\r\n', 'x: 1\r\n'])
  })
})

describe('a section that is too large', () => {
  const many: Pairs = Array.from({ length: SECTION_FIELDS + 1 }, (_, n): [string, string] => [`x-${n}`, ''])
  test.each<[string, Pairs]>([
    ['in octets', Array.from({ length: 32 }, (_, n): [string, string] => [`x-${n}`, 'y'.repeat(SECTION_BYTES / 32)])],
    ['in fields', many],
  ])('%s, is told so that 431 can be answered', (_, fields) => {
    const endpoint = server().feed(cutHeaders(1, [...GET, ...fields], 16_384))
    expect(endpoint.told).toEqual(['1 head too large end'])
    endpoint.respond(1, [], { status: 431 })
    expect(endpoint.sent()).toEqual(['HEADERS 1 end'])
  })
  test('is not one whose crumbs of cookie are many', () => {
    const crumbs: Pairs = Array.from({ length: SECTION_FIELDS * 2 }, (_, n): [string, string] => ['cookie', `c${n}=1`])
    expect(server().feed(lone(1, [...GET, ...crumbs])).told).toEqual(['1 head end'])
  })
  test('as an answer, ends its stream only', () => {
    const endpoint = client()
    endpoint.request()
    endpoint.feed(headers(1, [...OK, ...many]))
    expect(endpoint.told).toEqual(['1 reset 1', 'idle'])
    expect(endpoint.fault).toBeNull()
  })
})

describe('trailers', () => {
  test.each<[string, Buffer[]]>([
    ['a pseudo-field', [headers(1, [[':path', '/']], FLAG.END_STREAM)]],
    ['an upper-case name', [headers(1, [['X', '1']], FLAG.END_STREAM)]],
    ['LF in a value', [headers(1, [['x', '1\n']], FLAG.END_STREAM)]],
    ['no end of the stream', [headers(1, [['x', '1']])]],
  ])('with %s end the stream', (_, frames) => {
    const endpoint = server().feed(headers(1, POST), ...frames)
    expect(endpoint.told).toEqual(['1 head', '1 reset 1', 'idle'])
  })
  test('come behind the body', () => {
    const endpoint = server().feed(headers(1, POST), headers(1, [['x', '1']], FLAG.END_STREAM))
    expect(endpoint.told).toEqual(['1 head', '1 trailers'])
    expect(pairsOf(endpoint.of(1).trailers ?? endpoint.of(1).section)).toEqual([['x', '1']])
  })
})

describe('an answer is refused with', () => {
  test.each<[string, Pairs]>([
    ['no :status', [['x', '1']]],
    [':status 101', [[':status', '101']]],
    [':status 99', [[':status', '99']]],
    [':status 600', [[':status', '600']]],
    [':status 2000', [[':status', '2000']]],
    ['two of :status', [...OK, ...OK]],
    ['a part of a request', [...OK, [':path', '/']]],
    ['CR LF in a value', [...OK, ['x', 'a\r\nSet-Cookie: evil']]],
    ['transfer-encoding', [...OK, ['transfer-encoding', 'chunked']]],
    ['content-length twice', [...OK, ['content-length', '1'], ['content-length', '2']]],
  ])('%s', (_, fields) => {
    const endpoint = client()
    endpoint.request()
    expect(endpoint.feed(headers(1, fields)).told).toEqual(['1 reset 1', 'idle'])
    expect(endpoint.sent()).toContain('RST_STREAM 1 1')
    expect(endpoint.fault).toBeNull()
  })
})
