// What is a request head, and what is refused with which status (RFC 9112 §2-§7, RFC 9110 §7). Each accepted head at every cut.
import { describe, expect, test } from 'bun:test'
import { requestNames } from '../../src/http/fields.ts'
import { ChunkReader } from '../../src/http/h1/chunks.ts'
import { DROPPED_LINES, FIELD_LINES, HEAD_BYTES, LEADING_EMPTY_LINES, TARGET_BYTES } from '../../src/http/h1/limits.ts'
import { RequestHead } from '../../src/http/h1/request.ts'
import { CHUNKED } from '../../src/http/message.ts'
import { acceptEveryCut, refuseEveryCut } from './cuts.ts'
import { fieldsOf, octets, requestHead } from './support.ts'

const names = requestNames()
const head = new RequestHead()
const scan = (bytes: Buffer, from: number, to: number) => head.scan(bytes, from, to, names)
const facts = () => {
  const { method, target, cleanTarget, path, host, minor, length, keepAlive, expectsContinue, upgrade, forwarded, requestId, sized } = head
  return { method, target, cleanTarget, path, host, minor, length, keepAlive, expectsContinue, upgrade, forwarded, requestId, sized, fields: fieldsOf(head) }
}

const HOST = 'Host: h.test\r\n'
const line = (requestLine: string) => `${requestLine}\r\n${HOST}\r\n`
const get = (fields: string) => `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`
const post = (fields: string) => `POST / HTTP/1.1\r\n${HOST}${fields}\r\n`

const accepted: [name: string, section: string, text: string, understood: object][] = [
  ['the shortest one', 'RFC 9112 §3', line('GET / HTTP/1.1'), { method: 'GET', target: '/', path: '/', host: 'h.test', minor: 1, length: 0, keepAlive: true, sized: false, fields: [] }],
  ['a method nobody knows', 'RFC 9110 §9.1', line("M!#$%&'*+-.^_`|~0z / HTTP/1.1"), { method: "M!#$%&'*+-.^_`|~0z" }],
  ['methods are case-sensitive', 'RFC 9110 §9.1', line('get / HTTP/1.1'), { method: 'get' }],
  ['GE is not GET', 'RFC 9110 §9.1', line('GE / HTTP/1.1'), { method: 'GE' }],
  ['an empty line before it', 'RFC 9112 §2.2', `\r\n${line('GET / HTTP/1.1')}`, { method: 'GET', target: '/' }],
  ['a raw target byte for byte', 'RFC 9112 §3.2.1', line('GET /a;b=c,d/~!$&\'()*+:@?q=//../%zz{}|"<> HTTP/1.1'), { target: '/a;b=c,d/~!$&\'()*+:@?q=//../%zz{}|"<>', path: "/a;b=c,d/~!$&'()*+:@" }],
  ['dot segments', 'RFC 3986 §5.2.4', line('GET /a/./b/../c?x=/../y HTTP/1.1'), { target: '/a/./b/../c?x=/../y', cleanTarget: '/a/c?x=/../y', path: '/a/c' }],
  ['absolute-form', 'RFC 9112 §3.2.2', line('GET http://h.test/a?b HTTP/1.1'), { target: 'http://h.test/a?b', cleanTarget: '/a?b', path: '/a', host: 'h.test' }],
  ['absolute-form without a path', 'RFC 9112 §3.2.2', line('GET HTTP://H.test?b HTTP/1.1'), { cleanTarget: '/?b', path: '/' }],
  ['absolute-form in HTTP/1.0 without Host', 'RFC 9112 §3.2.2', 'GET http://h.test:81/a HTTP/1.0\r\n\r\n', { host: 'h.test:81', path: '/a' }],
  ['asterisk-form', 'RFC 9112 §3.2.4', line('OPTIONS * HTTP/1.1'), { target: '*', cleanTarget: '*', path: '*' }],
  ['HTTP/1.0', 'RFC 9112 §9.3', line('GET / HTTP/1.0'), { minor: 0, keepAlive: false }],
  ['HTTP/1.0 without Host', 'RFC 9112 §3.2', 'GET / HTTP/1.0\r\n\r\n', { host: '', minor: 0 }],
  ['HTTP/1.0 with keep-alive', 'RFC 9112 §C.2.2', 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n', { keepAlive: true }],
  ['HTTP/1.9 as 1.1', 'RFC 9110 §2.5', line('GET / HTTP/1.9'), { minor: 9, keepAlive: true }],
  ['Host with a port', 'RFC 9110 §7.2', 'GET / HTTP/1.1\r\nhOST:\t h.test:8080 \t\r\n\r\n', { host: 'h.test:8080' }],
  ['Host as IPv6', 'RFC 9110 §7.2', 'GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n', { host: '[2001:db8::1]:80' }],
  ['Content-Length', 'RFC 9112 §6.2', post('Content-Length: \t 12 \r\n'), { length: 12, sized: true, fields: [] }],
  ['Content-Length 0', 'RFC 9112 §6.2', post('content-length: 0\r\n'), { length: 0, sized: true }],
  ['Content-Length with leading zeros', 'RFC 9112 §6.2', post('Content-Length: 007\r\n'), { length: 7 }],
  ['Content-Length of 15 digits', 'RFC 9112 §6.2', post('Content-Length: 999999999999999\r\n'), { length: 999_999_999_999_999 }],
  ['a body on GET', 'RFC 9110 §9.3.1', get('Content-Length: 3\r\n'), { length: 3 }],
  ['chunked', 'RFC 9112 §6.1', post('TRANSFER-Encoding: ChunKed\r\n'), { length: CHUNKED, sized: false, fields: [] }],
  ['Connection: close', 'RFC 9112 §9.6', get('Connection: ClOsE\r\n'), { keepAlive: false, fields: [] }],
  ['close wins over keep-alive', 'RFC 9112 §9.3', get('Connection: close\r\nConnection: keep-alive\r\n'), { keepAlive: false }],
  ['close wins in HTTP/1.0 too', 'RFC 9112 §9.3', 'GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n', { keepAlive: false }],
  ['fields that Connection names', 'RFC 9110 §7.6.1', get('X-A: 1\r\nConnection: x-a ,,X-B\r\nX-C: 3\r\nx-b: 2\r\nX-A: 4\r\n'), { fields: [['X-C', '3']] }],
  ['Connection cannot take framing or Host away', 'RFC 9112 §6.3', post('Connection: content-length, host, transfer-encoding\r\nContent-Length: 3\r\n'), { length: 3, host: 'h.test' }],
  ['hop-by-hop fields and Proxy', 'RFC 9110 §7.6.1', get('Keep-Alive: 5\r\nTE: trailers\r\nTrailer: X\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\nProxy: http://evil\r\nA: 1\r\n'), { fields: [['A', '1']] }],
  ['what only proxies may say', 'RFC 7239', get('X-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nA: 1\r\n'), { forwarded: true, fields: [['A', '1']] }],
  ['a request id', 'ingress-nginx.md §4.6', get('X-Request-ID: abc-1\r\n'), { requestId: 'abc-1', fields: [['X-Request-ID', 'abc-1']] }],
  ['the first of two request ids', 'ingress-nginx.md §4.6', get('X-Request-ID: a\r\nX-Request-ID: b\r\n'), { requestId: 'a', fields: [['X-Request-ID', 'a']] }],
  ['a request id that would spoil a log', 'ingress-nginx.md §4.6', get('X-Request-ID: a b\r\n'), { requestId: '', fields: [] }],
  ['Upgrade', 'RFC 9110 §7.8', get('Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n'), { upgrade: 'websocket', fields: [] }],
  ['Upgrade that Connection does not name', 'RFC 9110 §7.8', get('Upgrade: websocket\r\n'), { upgrade: '', fields: [] }],
  ['Upgrade in HTTP/1.0', 'RFC 9110 §7.8', 'GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n', { upgrade: '' }],
  ['h2c by Upgrade', 'RFC 9113 §3.1', get('Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n'), { upgrade: '', fields: [] }],
  ['h2c among other protocols', 'RFC 9113 §3.1', get('Connection: upgrade\r\nUpgrade: websocket, h2c\r\n'), { upgrade: '' }],
  ['Expect', 'RFC 9110 §10.1.1', post('Expect: 100-Continue\r\nContent-Length: 1\r\n'), { expectsContinue: true, fields: [] }],
  ['Expect in HTTP/1.0', 'RFC 9110 §10.1.1', 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n', { expectsContinue: false }],
  ['case, order, duplicates and 8-bit octets', 'RFC 9110 §5.3, §5.5', get('B: 2\r\na: \xe9\xff\r\nB:1\r\nEmpty:\r\nC:\t x \t y \t\r\n'), { fields: [['B', '2'], ['a', '\xe9\xff'], ['B', '1'], ['Empty', ''], ['C', 'x \t y']] }],
]

const refused: [name: string, section: string, text: string, status: number][] = [
  ['no method', 'RFC 9112 §3', line(' / HTTP/1.1'), 400],
  ['a method that is no token', 'RFC 9110 §9.1', line('GE(T / HTTP/1.1'), 400],
  ['a method with an 8-bit octet', 'RFC 9110 §9.1', line('G\xc8T / HTTP/1.1'), 400],
  ['white space before the request line', 'RFC 9112 §2.2', `\t${line('GET / HTTP/1.1')}`, 400],
  ['a TAB as separator', 'RFC 9112 §3', line('GET\t/ HTTP/1.1'), 400],
  ['two spaces before the target', 'RFC 9112 §3', line('GET  / HTTP/1.1'), 400],
  ['two spaces behind the target', 'RFC 9112 §3', line('GET /  HTTP/1.1'), 400],
  ['a space in the target', 'RFC 9112 §3.2', line('GET /a b HTTP/1.1'), 400],
  ['no target', 'RFC 9112 §3.2', line('GET  HTTP/1.1'), 400],
  ['an 8-bit octet in the target', 'RFC 3986 §2', line('GET /\xe9 HTTP/1.1'), 400],
  ['a control octet in the target', 'RFC 3986 §2', line('GET /\x01 HTTP/1.1'), 400],
  ['a fragment', 'RFC 9112 §3.2', line('GET /a#b HTTP/1.1'), 400],
  ['a fragment in the query', 'RFC 9112 §3.2', line('GET /a?b#c HTTP/1.1'), 400],
  ['a relative target', 'RFC 9112 §3.2', line('GET a HTTP/1.1'), 400],
  ['authority-form', 'RFC 9112 §3.2.3', line('GET h.test:80 HTTP/1.1'), 400],
  ['another scheme', 'RFC 9112 §3.2.2', line('GET ftp://h.test/ HTTP/1.1'), 400],
  ['userinfo', 'RFC 9110 §4.2.4', line('GET http://u@h.test/ HTTP/1.1'), 400],
  ['an empty authority', 'RFC 9110 §4.2.1', line('GET http:///a HTTP/1.1'), 400],
  ['Host and target that differ', 'RFC 9112 §3.2.2', line('GET http://other.test/ HTTP/1.1'), 400],
  ['* for GET', 'RFC 9112 §3.2.4', line('GET * HTTP/1.1'), 400],
  ['a path that leaves the root', 'RFC 3986 §5.2.4', line('GET /a/../../b HTTP/1.1'), 400],
  ['CONNECT', 'RFC 9110 §9.3.6', 'CONNECT h.test:80 HTTP/1.1\r\nHost: h.test:80\r\n\r\n', 405],
  ['TRACE', 'RFC 9110 §9.3.8', line('TRACE / HTTP/1.1'), 405],
  ['HTTP/0.9', 'RFC 9112 §3', 'GET /\r\n\r\n', 400],
  ['HTTP/2.0', 'RFC 9110 §2.5', line('GET / HTTP/2.0'), 505],
  ['the HTTP/2 preface', 'RFC 9113 §3.4', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['a version in lower case', 'RFC 9112 §2.3', line('GET / http/1.1'), 400],
  ['a version of two digits', 'RFC 9112 §2.3', line('GET / HTTP/1.10'), 400],
  ['a version without minor', 'RFC 9112 §2.3', line('GET / HTTP/1'), 400],
  ['something behind the version', 'RFC 9112 §3', line('GET / HTTP/1.1 '), 400],
  ['bare LF behind the request line', 'RFC 9112 §2.2', `GET / HTTP/1.1\n${HOST}\r\n`, 400],
  ['bare CR behind the request line', 'RFC 9112 §2.2', `GET / HTTP/1.1\r${HOST}\r\n`, 400],
  ['bare LF behind a field', 'RFC 9112 §2.2', 'GET / HTTP/1.1\r\nHost: h.test\n\r\n', 400],
  ['bare CR in a field', 'RFC 9112 §2.2', get('A: 1\r2\r\n'), 400],
  ['CR CR LF', 'RFC 9112 §2.2', get('A: 1\r\r\n'), 400],
  ['CR without LF at the end', 'RFC 9112 §2.2', `GET / HTTP/1.1\r\n${HOST}\rX`, 400],
  ['bare LF at the end', 'RFC 9112 §2.2', `GET / HTTP/1.1\r\n${HOST}\n`, 400],
  ['white space before the colon', 'RFC 9112 §5.1', get('A : 1\r\n'), 400],
  ['a field name with a space', 'RFC 9112 §5.1', get('A B: 1\r\n'), 400],
  ['a field name with an 8-bit octet', 'RFC 9110 §5.1', get('\xc4: 1\r\n'), 400],
  ['an empty field name', 'RFC 9110 §5.1', get(': 1\r\n'), 400],
  ['a line without a colon', 'RFC 9112 §5', get('A\r\n'), 400],
  ['obs-fold', 'RFC 9112 §5.2', get('A: 1\r\n 2\r\n'), 400],
  ['a first field line with a fold', 'RFC 9112 §2.2', 'GET / HTTP/1.1\r\n Host: h.test\r\n\r\n', 400],
  ['NUL in a value', 'RFC 9110 §5.5', get('A: \0\r\n'), 400],
  ['DEL in a value', 'RFC 9110 §5.5', get('A: \x7f\r\n'), 400],
  ['no Host', 'RFC 9112 §3.2', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'RFC 9112 §3.2', get('Host: h.test\r\n'), 400],
  ['two Hosts in HTTP/1.0', 'RFC 9112 §3.2', 'GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n', 400],
  ['an empty Host', 'RFC 9112 §3.2', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 400],
  ...['a b', 'a/b', 'u@h', 'a,b', 'a?b', 'a#b', 'a\\b', '"a"', 'a:8x', 'a:80:80', '[::1', '::1', '[::1]x', '[g::]', 'h\xe9', ':80', '%61'].map((host): [string, string, string, number] =>
    [`Host ${host}`, 'RFC 9112 §3.2', `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400]),
  ['two Content-Lengths that agree', 'RFC 9112 §6.3', post('Content-Length: 1\r\nContent-Length: 1\r\n'), 400],
  ...['', '+1', '-1', '-0', '1.0', '1,1', '1, 1', '1 1', '1_0', '1000000000000000', '18446744073709551617'].map((length): [string, string, string, number] =>
    [`Content-Length ${JSON.stringify(length)}`, 'RFC 9112 §6.2, §6.3', post(`Content-Length: ${length}\r\n`), 400]),
  ['a length beside chunked', 'RFC 9112 §6.1', post('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 400],
  ['chunked beside a length', 'RFC 9112 §6.1', post('Transfer-Encoding: chunked\r\nContent-Length: 1\r\n'), 400],
  ['chunked in HTTP/1.0', 'RFC 9112 §6.1', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  ['chunked twice', 'RFC 9112 §6.1', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'), 400],
  ...['', 'chunked, gzip', 'gzip', 'identity', ',chunked', 'chunked,', 'chunked;q=1', '"chunked"', '\x0bchunked', 'chunked\xa0', 'chunkedx', 'chunked, chunked'].map((coding): [string, string, string, number] =>
    [`Transfer-Encoding ${JSON.stringify(coding)}`, 'RFC 9112 §6.1', post(`Transfer-Encoding: ${coding}\r\n`), 400]),
  ['Expect something else', 'RFC 9110 §10.1.1', post('Expect: the-moon\r\n'), 417],
  ['Expect more than 100-continue', 'RFC 9110 §10.1.1', post('Expect: 100-continue, x\r\n'), 417],
  ['an upgrade with a body', 'RFC 9110 §7.8', post('Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n'), 400],
  ['an upgrade with a chunked body', 'RFC 9110 §7.8', post('Connection: upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n'), 400],
]

test.each(accepted)('accepted at every cut: %s (%s)', (_, __, text, understood) => {
  acceptEveryCut(text, scan, facts)
  expect(facts()).toMatchObject(understood)
})

test.each(refused)('refused: %s (%s)', (_, __, text, status) => {
  refuseEveryCut(text, scan, status)
  expect(head.fault).not.toBe('')
})

/** What the parser http-parser-js 0.5.10 accepts or frames wrong. Nothing of what follows may become a request. */
const chunkedPost = (body: string) => post('Transfer-Encoding: chunked\r\n') + body
const probes: [name: string, text: string][] = [
  ['chunk size zz', chunkedPost('zz\r\nab\r\n0\r\n\r\n')],
  ['chunk size 0x2', chunkedPost('0x2\r\nab\r\n0\r\n\r\n')],
  ['chunk size 2 garbage', chunkedPost('2 garbage\r\nab\r\n0\r\n\r\n')],
  ['Content-Length 0x2', `${post('Content-Length: 0x2\r\n')}ab`],
  ['Content-Length 1e0', `${post('Content-Length: 1e0\r\n')}a`],
  ['Content-Length +1', `${post('Content-Length: +1\r\n')}a`],
  ['Transfer-Encoding with Content-Length', `${post('Transfer-Encoding: chunked\r\nContent-Length: 2\r\n')}0\r\n\r\n`],
  ['Transfer-Encoding xchunked', `${post('Transfer-Encoding: xchunked\r\n')}0\r\n\r\n`],
  ['bare LF', 'GET / HTTP/1.1\nHost: h.test\n\n'],
  ['Host with a space before the colon', 'GET / HTTP/1.1\r\nHost : h.test\r\n\r\n'],
  ['obs-fold', get('A: 1\r\n\t2\r\n')],
  ['NUL in a value', get('A: a\0b\r\n')],
  ['Transfer-Encoding gzip, chunked', `${post('Transfer-Encoding: gzip, chunked\r\n')}GET /smuggled HTTP/1.1\r\n${HOST}\r\n`],
]
/** The status that a connection would refuse with; 0: it would serve. */
const statusOf = (text: string): number => {
  const bytes = octets(text)
  const end = scan(bytes, 0, bytes.length)
  if (end <= 0) return -end
  const chunks = new ChunkReader()
  return head.length === CHUNKED && !chunks.read(bytes, end) ? 400 : 0
}
test.each(probes)('probe: %s', (_, text) => { expect(statusOf(text)).toBe(400) })
test('the probes are refused for what is wrong in them', () => {
  expect([chunkedPost('2\r\nab\r\n0\r\n\r\n'), `${post('Content-Length: 2\r\n')}ab`, get('Host: h.test\r\n'.replace('Host', 'Hos'))].map(statusOf)).toEqual([0, 0, 0])
})

describe('limits', () => {
  const filled = (octetsOfHead: number) => get(`A: ${'x'.repeat(octetsOfHead - get('A: \r\n').length)}\r\n`)
  const cutAt = (text: string, cut: number) => scan(octets(text.slice(0, cut)), 0, cut)

  test('a target', () => {
    expect(statusOf(line(`GET /${'x'.repeat(TARGET_BYTES - 1)} HTTP/1.1`))).toBe(0)
    expect(statusOf(line(`GET /${'x'.repeat(TARGET_BYTES)} HTTP/1.1`))).toBe(414)
    expect(cutAt(`GET /${'x'.repeat(TARGET_BYTES + 10)}`, TARGET_BYTES + 10)).toBe(-414)
  })
  test('a target is not what an earlier read left behind it', () => {
    const bytes = octets(`GET /${'x'.repeat(TARGET_BYTES * 2)}`)
    expect(scan(bytes, 0, 10)).toBe(0)
  })
  test('a head, whole and in pieces alike', () => {
    expect(statusOf(filled(HEAD_BYTES))).toBe(0)
    expect(statusOf(filled(HEAD_BYTES + 1))).toBe(431)
    expect(cutAt(filled(HEAD_BYTES), HEAD_BYTES - 1)).toBe(0)
    expect(cutAt(filled(HEAD_BYTES + 2), HEAD_BYTES + 1)).toBe(-431)
    expect(statusOf(filled(20 * HEAD_BYTES))).toBe(431)
  })
  test('a method that never ends', () => { expect(statusOf('M'.repeat(HEAD_BYTES + 1))).toBe(431) })
  test('field lines', () => {
    expect(statusOf(get('a:\r\n'.repeat(FIELD_LINES - 1)))).toBe(0)
    expect(statusOf(get('a:\r\n'.repeat(FIELD_LINES)))).toBe(431)
  })
  test('lines that are left out', () => {
    expect(statusOf(get('te:\r\n'.repeat(DROPPED_LINES - 1)))).toBe(0)
    expect(statusOf(get('te:\r\n'.repeat(DROPPED_LINES)))).toBe(431)
  })
  test('empty lines before the request line', () => {
    expect(statusOf('\r\n'.repeat(LEADING_EMPTY_LINES) + line('GET / HTTP/1.1'))).toBe(0)
    expect(statusOf('\r\n'.repeat(LEADING_EMPTY_LINES + 1) + line('GET / HTTP/1.1'))).toBe(400)
  })
})

describe('a head is reused', () => {
  test('nothing of the one before stays', () => {
    const reused = new RequestHead()
    const rich = octets(get('Connection: close, upgrade, x-a\r\nUpgrade: websocket\r\nX-Request-ID: 1\r\nForwarded: x\r\nExpect: 100-continue\r\n'))
    expect(reused.scan(rich, 0, rich.length, names)).toBe(rich.length)
    const plain = octets('GET /b HTTP/1.0\r\nX-A: 1\r\n\r\n')
    expect(reused.scan(plain, 0, plain.length, names)).toBe(plain.length)
    expect(reused).toMatchObject({ method: 'GET', host: '', upgrade: '', requestId: '', forwarded: false, expectsContinue: false, keepAlive: false, length: 0, cleanTarget: '/b' })
    expect(fieldsOf(reused)).toEqual([['X-A', '1']])
  })
  test('a host that is a prefix of the last one is another host', () => {
    const reused = new RequestHead()
    for (const host of ['host.test', 'host.tes', 'host.testy', 'Host.test', 'host.test']) {
      const bytes = octets(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
      reused.scan(bytes, 0, bytes.length, names)
      expect(reused.host).toBe(host)
    }
  })
})

describe('fields of a head', () => {
  const some = requestHead(get('A: 1\r\nLong-Name: x\r\na: 2\r\nTE: trailers\r\nE:\r\n'))
  test('the first value by name in any case, forwarded or not', () => {
    expect(['a', 'LONG-NAME', 'te', 'e', 'Host', 'ong-Name', 'b'].map((name) => some.field(name))).toEqual(['1', 'x', 'trailers', '', 'h.test', undefined, undefined])
  })
  test('all values in order', () => { expect([some.fields('A'), some.fields('b')]).toEqual([['1', '2'], []]) })
})
