// What leaves is what was understood: whole messages octet for octet, and moving bytes against a naive removal of lines.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { answerNames, FieldBlock, requestNames, noFields } from '../../src/http/fields.ts'
import { AnswerHead } from '../../src/http/h1/answer.ts'
import type { Head } from '../../src/http/h1/head.ts'
import { RequestHead } from '../../src/http/h1/request.ts'
import { CHUNKED } from '../../src/http/message.ts'
import { compact, ownAnswerText, putAnswer, putChunk, putRequest } from '../../src/http/h1/write.ts'
import { Scratch } from '../../src/http/scratch.ts'
import { Trailers } from '../../src/http/h1/chunks.ts'
import { answerHead, DATE, fieldsOf, octets, spanOf, upstreamRequest } from './support.ts'

const PROPERTY = { seed: 20261125, numRuns: 3_000, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false }
const out = new Scratch()
const written = () => out.bytes.toString('latin1', 0, out.at)
const withTrailers = (data: string, section: string) => {
  const span = spanOf(data)
  const trailers = new Trailers()
  trailers.read(octets(section), 0, section.length)
  span.trailers = trailers
  return span
}

describe('a request for the upstream', () => {
  const put = (...given: Parameters<typeof upstreamRequest>) => {
    putRequest(out, upstreamRequest(...given))
    return written()
  }
  const GET = 'GET /a?b HTTP/1.1\r\nA: 1\r\nHost: h\r\nConnection: close\r\nB: 2\r\n\r\n'

  test('the line as received, untouched fields as received, the others anew', () => {
    expect(put(GET)).toBe('GET /a?b HTTP/1.1\r\nA: 1\r\nB: 2\r\nHost: h\r\nX-Added: 1\r\n\r\n')
  })
  test('another target', () => {
    expect(put(GET, { target: '/x' })).toBe('GET /x HTTP/1.1\r\nA: 1\r\nB: 2\r\nHost: h\r\nX-Added: 1\r\n\r\n')
  })
  test('HTTP/1.0 and HTTP/1.9 go on as HTTP/1.1', () => {
    expect(put(GET.replace('1.1', '1.0'))).toStartWith('GET /a?b HTTP/1.1\r\nA: 1\r\n')
    expect(put(GET.replace('1.1', '1.9'))).toStartWith('GET /a?b HTTP/1.1\r\nA: 1\r\n')
  })
  test('a length with what there is of the body', () => {
    expect(put('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 007\r\n\r\n', { first: spanOf('abc', false) })).toBe('POST / HTTP/1.1\r\nHost: h\r\nX-Added: 1\r\nContent-Length: 7\r\n\r\nabc')
  })
  test('a length of 0 is passed on, no length is not invented', () => {
    expect(put('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')).toBe('POST / HTTP/1.1\r\nHost: h\r\nX-Added: 1\r\nContent-Length: 0\r\n\r\n')
    expect(put('POST / HTTP/1.1\r\nHost: h\r\n\r\n')).toBe('POST / HTTP/1.1\r\nHost: h\r\nX-Added: 1\r\n\r\n')
  })
  test('chunks, with the end and the trailers that may pass', () => {
    const chunked = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
    const head = 'POST / HTTP/1.1\r\nHost: h\r\nX-Added: 1\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(put(chunked, { first: spanOf('hello world', false) })).toBe(`${head}b\r\nhello world\r\n`)
    expect(put(chunked, { first: spanOf('', false) })).toBe(head)
    expect(put(chunked, { first: spanOf('x') })).toBe(`${head}1\r\nx\r\n0\r\n\r\n`)
    expect(put(chunked, { first: withTrailers('x', 'A: 1\r\nHost: evil\r\nB: 2\r\n\r\n') })).toBe(`${head}1\r\nx\r\n0\r\nA: 1\r\nB: 2\r\n\r\n`)
  })
  test('an upgrade', () => {
    expect(put('GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-A: 1\r\n\r\n')).toBe('GET / HTTP/1.1\r\nSec-A: 1\r\nHost: h\r\nX-Added: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n')
  })
  test('more than the scratch holds', () => {
    const body = 'x'.repeat(300_000)
    const request = { first: spanOf(body), extra: new FieldBlock([['X-Big', 'y'.repeat(20_000)]]) }
    expect(put('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n', request)).toEndWith(`X-Big: ${'y'.repeat(20_000)}\r\nContent-Length: 300000\r\n\r\n${body}`)
  })
})

test('an answer: the version is ours, status and fields the upstream\'s, additions behind them', () => {
  const head = answerHead('HTTP/1.0 299 It is\r\nA: 1\r\nKeep-Alive: 5\r\nB: 2\r\n\r\n')
  out.begin(1_000)
  putAnswer(out, head, { added: new FieldBlock([['C', '3'], ['D', '4']]), framing: 'Connection: close\r\n' })
  expect(written()).toBe('HTTP/1.1 299 It is\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nConnection: close\r\n\r\n')
})

test('chunks: an empty span is no last chunk', () => {
  for (const [span, text] of [[spanOf('', false), ''], [spanOf(''), '0\r\n\r\n'], [spanOf('x'.repeat(17), false), `11\r\n${'x'.repeat(17)}\r\n`]] as const) {
    out.begin(100)
    putChunk(out, span)
    expect(written()).toBe(text)
  }
})

describe('an answer of our own', () => {
  const text = (own: Partial<Parameters<typeof ownAnswerText>[0]>, withBody = true) =>
    ownAnswerText({ status: 404, fields: [['A', '1']], body: 'né\n', contentType: 'text/plain', ...own }, { framing: 'Connection: close\r\n', date: DATE, withBody })
  const head = `HTTP/1.1 404 Not Found\r\nDate: ${DATE}\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nA: 1\r\nConnection: close\r\n\r\n`
  test('its length is in octets, its body UTF-8', () => { expect(text({})).toBe(`${head}n\xc3\xa9\n`) })
  test('for HEAD the same without the body', () => { expect(text({}, false)).toBe(head) })
  test('without a body it has no type', () => { expect(text({ status: 308, body: '' })).toBe(`HTTP/1.1 308 Permanent Redirect\r\nDate: ${DATE}\r\nContent-Length: 0\r\nA: 1\r\nConnection: close\r\n\r\n`) })
  test('204 has no length (RFC 9110 §8.6)', () => { expect(text({ status: 204, body: '' })).not.toContain('Content-Length') })
})

describe('dropped lines', () => {
  const field = fc.record({ name: fc.constantFrom('A', 'Bcd', 'TE', 'Keep-Alive', 'Trailer', 'x-hidden', 'X-Named', 'E'), value: fc.constantFrom('', '1', 'x y', '\xe9'.repeat(40)) })
  const fields = fc.array(field, { maxLength: 20 })
  const gone = ['te', 'keep-alive', 'trailer', 'x-hidden', 'x-named', 'connection']
  const lines = (all: readonly { name: string; value: string }[], kept: (name: string) => boolean) =>
    all.filter(({ name }) => kept(name.toLowerCase())).map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  const check = <H extends Head>(start: string, scan: (bytes: Buffer, from: number) => { head: H; end: number }, put: (head: H) => void) => {
    fc.assert(fc.property(fields, fc.nat({ max: 5 }), (before, at) => {
      const all = [...before.slice(0, at), { name: 'Connection', value: 'x-named' }, ...before.slice(at)]
      const bytes = octets(`stale${start}${lines(all, () => true)}\r\nbody`)
      const { head, end } = scan(bytes, 5)
      expect(end).toBe(bytes.length - 4)
      const expected = start + lines(all, (name) => !gone.includes(name))
      out.begin(bytes.length)
      put(head)
      expect(written()).toBe(expected)
      const forwarded = fieldsOf(head)
      compact(head)
      expect(bytes.toString('latin1', head.start)).toBe(`${expected}\r\nbody`)
      expect([bytes.toString('latin1', head.start, head.fieldsAt), head.end, head.drops]).toEqual([start, end, 0])
      expect(fieldsOf(head)).toEqual(forwarded)
    }), PROPERTY)
  }

  test('in an answer: copied and moved as a naive removal', () => {
    const names = answerNames(['x-hidden'])
    check('HTTP/1.1 200 OK\r\n', (bytes, from) => { const head = new AnswerHead(); return { end: head.scan(bytes, from, bytes.length, names), head } }, (head) => head.putHead(out))
  })
  test('in a request: copied and moved as a naive removal', () => {
    const names = requestNames(['x-hidden'])
    check('GET / HTTP/1.0\r\n', (bytes, from) => { const head = new RequestHead(); return { end: head.scan(bytes, from, bytes.length, names), head } },
      (head) => { out.text('GET / HTTP/1.0\r\n'); head.putLines(out) })
  })
  test('an answer still knows its reason when lines were moved', () => {
    const head = answerHead('HTTP/1.1 299 So be it\r\nA: 1\r\nTE: x\r\n\r\n')
    compact(head)
    expect([head.status, head.reason, head.field('a')]).toEqual([299, 'So be it', '1'])
  })
})

test('no added fields add nothing', () => {
  out.begin(200)
  putAnswer(out, answerHead('HTTP/1.1 200\r\n\r\n'), { added: noFields, framing: '' })
  expect(written()).toBe('HTTP/1.1 200\r\n\r\n')
  expect(CHUNKED).toBeLessThan(0)
})
