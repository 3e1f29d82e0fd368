// The chunked coding (RFC 9112 §7.1): what is accepted means one thing only, however it is cut.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ChunkReader, chunkLine } from '../../src/http/h1/chunks.ts'
import { CHUNK_BYTES, CHUNK_LINE_BYTES, TRAILER_BYTES } from '../../src/http/h1/limits.ts'
import { decodeChunks, type Decoded } from './reference.ts'
import { fieldsOf, octets } from './support.ts'

/** Reproducible; printed by fast-check with the path of a failure. */
const PROPERTY = { seed: 20261125, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false }

type Outcome = Decoded | 'more' | 'broken'

/** Reads pieces one after another, as a connection would: what follows the end is not read. */
const read = (pieces: readonly string[], reader = new ChunkReader()): Outcome => {
  reader.start()
  let data = ''
  let used = 0
  for (const piece of pieces) {
    const bytes = octets(piece)
    if (!reader.read(bytes, 0)) return 'broken'
    data += bytes.toString('latin1', reader.from, reader.to)
    used += reader.used
    if (reader.ended) return { data, used, trailers: fieldsOf(reader.trailers).map(([name, value]) => `${name}: ${value}`) }
    expect(reader.used).toBe(bytes.length)
  }
  return 'more'
}
const cutAt = (text: string, cuts: readonly number[]): string[] => [...cuts, text.length].map((cut, index) => text.slice(cuts[index - 1] ?? 0, cut))

const accepted: [name: string, section: string, text: string, data: string, trailers?: string[]][] = [
  ['an empty body', '§7.1', '0\r\n\r\n', ''],
  ['one chunk', '§7.1', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
  ['several chunks as one run', '§7.1', '3\r\nabc\r\n1\r\n \r\n0002\r\nde\r\n00\r\n\r\n', 'abc de'],
  ['sizes in either case', '§7.1', 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'],
  ['data that looks like framing', '§7.1', '7\r\n0\r\n\r\nAB\r\n0\r\n\r\n', '0\r\n\r\nAB'],
  ['an extension', '§7.1.1', '1;a\r\nx\r\n0;b\r\n\r\n', 'x'],
  ['extensions with values', '§7.1.1', '1;a=b;c="d\\"\r"\r\nx\r\n0\r\n\r\n'.replace('\r"', ' ;\xe9\t"'), 'x'],
  ['an empty quoted value', '§7.1.1', '1;a=""\r\nx\r\n0\r\n\r\n', 'x'],
  ['trailers', '§7.1.2', '1\r\nx\r\n0\r\nA: 1\r\nb:2\r\nA: \xe9\r\n\r\n', 'x', ['A: 1', 'b: 2', 'A: \xe9']],
  ['trailers that must not pass', '§7.1.2; RFC 9110 §6.5.1', '0\r\nContent-Length: 5\r\nA: 1\r\nHOST: evil\r\nAuthorization: x\r\nTransfer-Encoding: chunked\r\nX-Forwarded-For: 1\r\nSet-Cookie: s\r\n\r\n', '', ['A: 1']],
  ['only trailers that must not pass', '§7.1.2', '0\r\nHost: evil\r\n\r\n', ''],
]

const broken: [name: string, section: string, text: string][] = [
  ...['zz', '', ' 1', '1 ', '1\t', '-1', '+1', '0x1', '1_', '1,', '1.0', 'g', '"1"', '\x001'].map((size): [string, string, string] => [`size ${JSON.stringify(size)}`, '§7.1', `${size}\r\nx\r\n0\r\n\r\n`]),
  ['bare LF behind a size', '§2.2', '1\nx\r\n0\r\n\r\n'],
  ['bare CR behind a size', '§2.2', '1\rx\r\n0\r\n\r\n'],
  ['CR CR LF behind a size', '§2.2', '1\r\r\nx\r\n0\r\n\r\n'],
  ['data longer than its size', '§7.1', '1\r\nxy\r\n0\r\n\r\n'],
  ['data shorter than its size', '§7.1', '3\r\nx\r\n0\r\n\r\n'],
  ['bare LF behind data', '§2.2', '1\r\nx\n0\r\n\r\n'],
  ['bare CR behind data', '§2.2', '1\r\nx\r0\r\n\r\n'],
  ['an empty line between chunks', '§7.1', '1\r\nx\r\n\r\n0\r\n\r\n'],
  ['bare LF behind the last chunk', '§2.2', '0\n\r\n'],
  ['bare LF at the end', '§2.2', '0\r\n\n'],
  ['CR and something at the end', '§2.2', '0\r\n\rx'],
  ['a semicolon alone', '§7.1.1', '1;\r\nx\r\n0\r\n\r\n'],
  ['white space before an extension', '§7.1.1', '1 ;a\r\nx\r\n0\r\n\r\n'],
  ['white space in an extension', '§7.1.1', '1; a\r\nx\r\n0\r\n\r\n'],
  ['an extension name that is no token', '§7.1.1', '1;a@\r\nx\r\n0\r\n\r\n'],
  ['an extension without its value', '§7.1.1', '1;a=\r\nx\r\n0\r\n\r\n'],
  ['something behind a quoted value', '§7.1.1', '1;a="b"c\r\nx\r\n0\r\n\r\n'],
  ['a line end in a quoted value', '§7.1.1', '1;a="\r\nx\r\n0\r\n\r\n'],
  ['a line end behind a backslash', '§7.1.1', '1;a="\\\r\n"\r\nx\r\n0\r\n\r\n'],
  ['a bare CR in an extension', '§7.1.1', '1;a\rb\r\nx\r\n0\r\n\r\n'],
  ['a trailer without a colon', '§7.1.2', '0\r\nA\r\n\r\n'],
  ['a folded trailer', '§5.2', '0\r\nA: 1\r\n 2\r\n\r\n'],
  ['white space before a trailer\'s colon', '§5.1', '0\r\nA : 1\r\n\r\n'],
  ['a control octet in a trailer', 'RFC 9110 §5.5', '0\r\nA: \0\r\n\r\n'],
]

test.each(accepted)('accepted at every cut: %s (RFC 9112 %s)', (_, __, text, data, trailers = []) => {
  const expected: Outcome = { data, used: text.length, trailers }
  expect(read([text])).toEqual(expected)
  for (let cut = 1; cut < text.length; cut++) {
    expect(read(cutAt(text, [cut]))).toEqual(expected)
    expect(read(cutAt(`${text}1\r\nnext`, [cut]))).toEqual(expected)
    expect(read([text.slice(0, cut)])).toBe('more')
  }
  expect(read(text.split(''))).toEqual(expected)
})

test.each(broken)('broken, whole and octet by octet: %s (RFC 9112 %s)', (_, __, text) => {
  expect(read([text])).toBe('broken')
  expect(read(text.split(''))).toBe('broken')
})

describe('one run', () => {
  test('data of several chunks is moved together, in front of what follows the message', () => {
    const bytes = octets('head3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET')
    const reader = new ChunkReader()
    reader.start()
    expect(reader.read(bytes, 4)).toBe(true)
    expect([bytes.toString('latin1', reader.from, reader.to), bytes.toString('latin1', reader.used), bytes.toString('latin1', 0, 4)]).toEqual(['abcde', 'GET', 'head'])
  })
  test('a read without data is empty', () => {
    const reader = new ChunkReader()
    reader.start()
    reader.read(octets('5\r'), 0)
    expect([reader.to - reader.from, reader.ended]).toEqual([0, false])
  })
  test('a reader is used again', () => {
    const reader = new ChunkReader()
    expect(read(['0\r\nA: 1\r\n\r\n'], reader)).toMatchObject({ trailers: ['A: 1'] })
    expect([read(['1\r\nx'], reader), read(['1\r\ny\r\n0\r\n\r\n'], reader)]).toEqual(['more', { data: 'y', used: 11, trailers: [] }])
    expect(reader.hasTrailers).toBe(false)
  })
  test('chunkLine is what the reader reads', () => { expect(read([`${chunkLine(11)}hello world\r\n0\r\n\r\n`])).toMatchObject({ data: 'hello world' }) })
})

describe('limits', () => {
  const lineOf = (size: number) => `1;${'e'.repeat(size - '1;\r\n'.length)}\r\nx\r\n0\r\n\r\n`
  const trailersOf = (size: number) => `0\r\nA:${'x'.repeat(size - 'A:\r\n\r\n'.length)}\r\n\r\n`
  test('a size line', () => {
    expect(read([lineOf(CHUNK_LINE_BYTES)])).toMatchObject({ data: 'x' })
    expect(read([lineOf(CHUNK_LINE_BYTES + 1)])).toBe('broken')
    expect(read([`${'0'.repeat(CHUNK_LINE_BYTES)}1\r\n`])).toBe('broken')
  })
  test('a chunk', () => {
    expect(read([`${CHUNK_BYTES.toString(16)}\r\nx`])).toBe('more')
    expect(read([`${(CHUNK_BYTES + 1).toString(16)}\r\nx`])).toBe('broken')
    expect(read(['ffffffffffffffff1\r\nx'])).toBe('broken')
  })
  test('a trailer section, at every cut alike', () => {
    for (const cut of [3, 4, 20, TRAILER_BYTES - 5, TRAILER_BYTES]) {
      expect(read(cutAt(trailersOf(TRAILER_BYTES), [cut]))).toMatchObject({ used: TRAILER_BYTES + 3 })
      expect(read(cutAt(trailersOf(TRAILER_BYTES + 1), [cut]))).toBe('broken')
      expect(read(cutAt(trailersOf(TRAILER_BYTES * 2 - 30), [cut]))).toBe('broken')
    }
  })
})

const latin1 = (options: fc.ArrayConstraints = {}) => fc.array(fc.integer({ min: 0, max: 255 }), options).map((codes) => String.fromCharCode(...codes))
const extension = fc.constantFrom('', '', '', ';a', ';a=b', ';a="\\"; "')
const message = fc.record({ chunks: fc.array(fc.tuple(latin1({ minLength: 1, maxLength: 40 }), extension), { maxLength: 8 }), trailers: fc.constantFrom('', '', 'T: 1\r\n', 'T: 1\r\nU: \xfe\r\n') })
  .map(({ chunks, trailers }) => ({
    body: chunks.map(([data]) => data).join(''),
    text: `${chunks.map(([data, more]) => `${data.length.toString(16)}${more}\r\n${data}\r\n`).join('')}0\r\n${trailers}\r\n`,
  }))
const withCuts = message.chain((made) => fc.record({ made: fc.constant(made), cuts: fc.array(fc.integer({ min: 0, max: made.text.length }), { maxLength: 6 }).map((cuts) => cuts.sort((a, b) => a - b)) }))

describe('properties', () => {
  test('any body in any chunks at any cuts is the body', () => {
    fc.assert(fc.property(withCuts, ({ made, cuts }) => {
      expect(read(cutAt(made.text, cuts))).toMatchObject({ data: made.body, used: made.text.length })
    }), { ...PROPERTY, numRuns: 3_000 })
  })

  const changed = fc.record({ at: fc.nat(), kind: fc.constantFrom('replace', 'insert', 'delete'), octet: fc.oneof(fc.constantFrom(13, 10, 48, 49, 59, 34, 32, 9, 92), fc.integer({ min: 0, max: 255 })) })
  const mutate = (text: string, { at, kind, octet }: { at: number; kind: string; octet: number }) => {
    const index = at % text.length
    return text.slice(0, index) + (kind === 'delete' ? '' : String.fromCharCode(octet)) + text.slice(kind === 'insert' ? index : index + 1)
  }
  test('a changed message is read as the grammar reads it, or not at all', () => {
    fc.assert(fc.property(withCuts, fc.array(changed, { minLength: 1, maxLength: 3 }), ({ made, cuts }, changes) => {
      const text = changes.reduce(mutate, made.text)
      const outcome = read(cutAt(text, cuts.filter((cut) => cut < text.length)))
      const decoded = decodeChunks(text)
      const { data, used } = typeof outcome === 'string' ? {} : outcome
      expect([data, used]).toEqual([decoded?.data, decoded?.used])
    }), { ...PROPERTY, numRuns: 10_000 })
  })

  test('the reference itself', () => {
    expect(accepted.map(([, , text]) => decodeChunks(text)?.data)).toEqual(accepted.map(([, , , data]) => data))
    expect(broken.map(([, , text]) => decodeChunks(text)).filter((decoded) => decoded !== undefined)).toEqual([])
  })
})
