// What is an answer's head, and what makes an upstream's answer unusable (RFC 9112 §4, §6). Each accepted head at every cut.
import { describe, expect, test } from 'bun:test'
import { answerNames } from '../../src/http/fields.ts'
import { AnswerHead, UNTIL_CLOSE } from '../../src/http/h1/answer.ts'
import { FIELD_LINES, HEAD_BYTES } from '../../src/http/h1/limits.ts'
import { CHUNKED } from '../../src/http/message.ts'
import { acceptEveryCut, refuseEveryCut } from './cuts.ts'
import { fieldsOf, octets } from './support.ts'

const names = answerNames()
const head = new AnswerHead()
const scan = (bytes: Buffer, from: number, to: number) => head.scan(bytes, from, to, names)
const facts = () => {
  const { status, minor, length, keepAlive, upgrade, dated, reason } = head
  return { status, minor, length, keepAlive, upgrade, dated, reason, fields: fieldsOf(head) }
}
const ok = (fields: string) => `HTTP/1.1 200 OK\r\n${fields}\r\n`

const accepted: [name: string, section: string, text: string, understood: object][] = [
  ['the shortest one', 'RFC 9112 §4', 'HTTP/1.1 200\r\n\r\n', { status: 200, minor: 1, reason: '', length: UNTIL_CLOSE, keepAlive: true, dated: false }],
  ['an empty reason', 'RFC 9112 §4', 'HTTP/1.1 200 \r\n\r\n', { reason: '' }],
  ['any reason', 'RFC 9112 §4', 'HTTP/1.1 299 \t It\'s \xe9 fine: 200 \r\n\r\n', { status: 299, reason: 'It\'s \xe9 fine: 200' }],
  ['the lowest status', 'RFC 9110 §15', 'HTTP/1.1 100 Continue\r\n\r\n', { status: 100 }],
  ['the highest status', 'RFC 9110 §15', 'HTTP/1.1 599 X\r\n\r\n', { status: 599 }],
  ['HTTP/1.0', 'RFC 9112 §9.3', 'HTTP/1.0 200 OK\r\n\r\n', { minor: 0, keepAlive: false }],
  ['HTTP/1.0 with keep-alive', 'RFC 9112 §C.2.2', 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n', { keepAlive: true }],
  ['HTTP/1.5 as 1.1', 'RFC 9110 §2.5', 'HTTP/1.5 200 OK\r\n\r\n', { minor: 5, keepAlive: true }],
  ['Content-Length stays', 'RFC 9112 §6.2', ok('content-length: 12\r\n'), { length: 12, fields: [['content-length', '12']] }],
  ['chunked', 'RFC 9112 §6.1', ok('Transfer-Encoding:\tCHUNKED \r\n'), { length: CHUNKED, fields: [] }],
  ['Connection: close', 'RFC 9112 §9.6', ok('Connection: close, keep-alive\r\n'), { keepAlive: false, fields: [] }],
  ['fields that Connection names', 'RFC 9110 §7.6.1', ok('X-A: 1\r\nConnection: X-a\r\nX-B: 2\r\n'), { fields: [['X-B', '2']] }],
  ['Connection cannot take the length away', 'RFC 9112 §6.3', ok('Content-Length: 3\r\nConnection: content-length\r\n'), { length: 3, fields: [['Content-Length', '3']] }],
  ['hop-by-hop fields', 'RFC 9110 §7.6.1', ok('Keep-Alive: 5\r\nProxy-Authenticate: x\r\nTrailer: T\r\nProxy-Connection: x\r\nA: 1\r\n'), { fields: [['A', '1']] }],
  ['Date', 'RFC 9110 §6.6.1', ok('DATE: x\r\n'), { dated: true, fields: [['DATE', 'x']] }],
  ['Upgrade', 'RFC 9110 §7.8', 'HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', { status: 101, upgrade: 'websocket', fields: [] }],
  ['no length on 204', 'RFC 9110 §8.6', 'HTTP/1.1 204 N\r\nContent-Length: 5\r\nA: 1\r\n\r\n', { status: 204, fields: [['A', '1']] }],
  ['no length on 1xx', 'RFC 9110 §8.6', 'HTTP/1.1 103 E\r\nContent-Length: 5\r\nLink: </a>\r\n\r\n', { status: 103, fields: [['Link', '</a>']] }],
  ['the length of what was not sent on 304', 'RFC 9110 §8.6', 'HTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\n', { status: 304, fields: [['Content-Length', '5']] }],
  ['case, order and duplicates', 'RFC 9110 §5.3', ok('Set-Cookie: a\r\nB: \xff\r\nset-cookie: b\r\n'), { fields: [['Set-Cookie', 'a'], ['B', '\xff'], ['set-cookie', 'b']] }],
]

const refused: [name: string, section: string, text: string, status?: number][] = [
  ['another protocol', 'RFC 9112 §4', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['HTTP/2', 'RFC 9112 §4', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a version in lower case', 'RFC 9112 §4', 'http/1.1 200 OK\r\n\r\n'],
  ['a version without digit', 'RFC 9112 §4', 'HTTP/1.x 200 OK\r\n\r\n'],
  ['a status of two digits', 'RFC 9112 §4', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'RFC 9112 §4', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status below 100', 'RFC 9110 §15', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a status above 599', 'RFC 9110 §15', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['a signed status', 'RFC 9112 §4', 'HTTP/1.1 +20 OK\r\n\r\n'],
  ['a TAB as separator', 'RFC 9112 §4', 'HTTP/1.1\t200 OK\r\n\r\n'],
  ['two spaces before the status', 'RFC 9112 §4', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a control octet in the reason', 'RFC 9112 §4', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['bare LF behind the status line', 'RFC 9112 §2.2', 'HTTP/1.1 200 OK\n\r\n'],
  ['bare CR behind the status', 'RFC 9112 §2.2', 'HTTP/1.1 200\rX: 1\r\n\r\n'],
  ['two Content-Lengths', 'RFC 9112 §6.3', ok('Content-Length: 3\r\nContent-Length: 3\r\n')],
  ...['', '-1', '+3', '3,3', '0x3', '3 3', '1000000000000000'].map((length): [string, string, string] => [`Content-Length ${JSON.stringify(length)}`, 'RFC 9112 §6.3', ok(`Content-Length: ${length}\r\n`)]),
  ['a length beside chunked', 'RFC 9112 §6.3', ok('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n')],
  ['chunked beside a length', 'RFC 9112 §6.3', ok('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n')],
  ['chunked in HTTP/1.0', 'RFC 9112 §6.1', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['chunked twice', 'RFC 9112 §6.1', ok('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
  ['another coding', 'RFC 9112 §6.1', ok('Transfer-Encoding: gzip, chunked\r\n')],
  ['obs-fold', 'RFC 9112 §5.2', ok('A: 1\r\n 2\r\n'), 400],
  ['white space before the colon', 'RFC 9112 §5.1', ok('A : 1\r\n'), 400],
  ['bare LF behind a field', 'RFC 9112 §2.2', ok('A: 1\n'), 400],
  ['NUL in a value', 'RFC 9110 §5.5', ok('A: \0\r\n'), 400],
]

test.each(accepted)('accepted at every cut: %s (%s)', (_, __, text, understood) => {
  acceptEveryCut(text, scan, facts)
  expect(facts()).toMatchObject(understood)
})

test.each(refused)('refused: %s (%s)', (_, __, text, status = 502) => {
  refuseEveryCut(text, scan, status)
  expect(head.fault).not.toBe('')
})

describe('limits', () => {
  const statusOf = (text: string) => Math.min(0, scan(octets(text), 0, text.length))
  test('octets of a head, whole and in pieces alike', () => {
    const filled = (size: number) => ok(`A: ${'x'.repeat(size - ok('A: \r\n').length)}\r\n`)
    expect(statusOf(filled(HEAD_BYTES))).toBe(0)
    expect(statusOf(filled(HEAD_BYTES + 1))).toBe(-431)
    expect(statusOf(filled(HEAD_BYTES + 2).slice(0, -1))).toBe(-431)
  })
  test('a status line that never ends', () => { expect(statusOf(`HTTP/1.1 200 ${'x'.repeat(HEAD_BYTES)}`)).toBe(-431) })
  test('field lines', () => {
    expect(statusOf(ok('a:\r\n'.repeat(FIELD_LINES)))).toBe(0)
    expect(statusOf(ok('a:\r\n'.repeat(FIELD_LINES + 1)))).toBe(-431)
  })
})

test('nothing of the answer before stays', () => {
  const reused = new AnswerHead()
  for (const text of [ok('Connection: close\r\nUpgrade: x\r\nDate: y\r\nContent-Length: 3\r\n'), 'HTTP/1.1 200 OK\r\nA: 1\r\n\r\n']) reused.scan(octets(text), 0, text.length, names)
  expect(reused).toMatchObject({ keepAlive: true, upgrade: '', dated: false, length: UNTIL_CLOSE })
})
