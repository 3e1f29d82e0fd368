// HPACK both ways: the RFC's examples, what must be refused, and that any peer reads what the encoder writes.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Decoder } from '../../../src/http/h2/decoder.ts'
import { Encoder } from '../../../src/http/h2/encoder.ts'
import type { FieldSection } from '../../../src/http/h2/field-section.ts'
import { ENCODED_NAMES } from '../../../src/http/h2/limits.ts'
import { Output, OutputBuffers } from '../../../src/http/h2/output.ts'
import { STATIC_FIELDS } from '../../../src/http/h2/static-table.ts'
import { pairsOf } from './endpoint.ts'
import type { Pairs } from './wire.ts'

const decodeHex = (decoder: Decoder, hex: string): FieldSection => {
  const bytes = Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')
  return decoder.decode(bytes, 0, bytes.length)
}
const requestOf = ({ method, scheme, path, authority, fields }: FieldSection) => [method, scheme, path, authority, ...fields.map(({ line }) => line.trim())]

/** Tells the decoder of a table of 256 octets, as the examples C.5 and C.6 have it. */
const TABLE_256 = '3fe101'

describe('RFC 7541 appendix C', () => {
  test.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', [['custom-key', 'custom-header']]],
    ['C.2.3', '100870617373776f726406736563726574', [['password', 'secret']]],
  ])('%s: one field', (_, hex, fields) => expect<unknown>(pairsOf(decodeHex(new Decoder(), hex))).toEqual(fields))
  test('C.2.2 and C.2.4: a path, a method', () => {
    expect(decodeHex(new Decoder(), '040c2f73616d706c652f70617468').path).toBe('/sample/path')
    expect(decodeHex(new Decoder(), '82').method).toBe('GET')
  })

  test.each([
    ['C.3', ['828684410f7777772e6578616d706c652e636f6d', '828684be58086e6f2d6361636865', '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565']],
    ['C.4', ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf']],
  ])('%s: requests on one connection', (_, blocks) => {
    const decoder = new Decoder()
    expect(blocks.map((hex) => requestOf(decodeHex(decoder, hex)))).toEqual([
      ['GET', 'http', '/', 'www.example.com'],
      ['GET', 'http', '/', 'www.example.com', 'cache-control: no-cache'],
      ['GET', 'https', '/index.html', 'www.example.com', 'custom-key: custom-value'],
    ])
  })

  test.each([
    ['C.5', [
      '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
      '4803333037c1c0bf',
      '88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31',
    ]],
    ['C.6', [
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      '4883640effc1c0bf',
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ]],
  ])('%s: answers, with a table that evicts', (_, [first = '', second = '', third = '']) => {
    const decoder = new Decoder()
    const common = [['cache-control', 'private'], ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'], ['location', 'https://www.example.com']]
    const sections = [TABLE_256 + first, second, third].map((hex) => decodeHex(decoder, hex))
    expect(sections.map(({ status }) => status)).toEqual([302, 307, 200])
    expect<unknown>(sections.map(pairsOf)).toEqual([common, common, [
      ['cache-control', 'private'], ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'], ['location', 'https://www.example.com'], ['content-encoding', 'gzip'],
      ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ]])
  })

  test('appendix A: 61 entries, at their places', () => {
    expect(STATIC_FIELDS.length).toBe(61)
    const at = (index: number) => `${STATIC_FIELDS[index - 1]?.name.text} ${STATIC_FIELDS[index - 1]?.value}`.trim()
    expect([1, 2, 7, 8, 14, 15, 16, 17, 28, 31, 38, 55, 61].map(at)).toEqual([':authority', ':method GET', ':scheme https', ':status 200', ':status 500',
      'accept-charset', 'accept-encoding gzip, deflate', 'accept-language', 'content-length', 'content-type', 'host', 'set-cookie', 'www-authenticate'])
  })
})

describe('the decoder refuses', () => {
  test.each([
    ['index 0', '80'],
    ['an index behind the static table, with nothing in the other', 'be'],
    ['a name by such an index', '7f0001610162'],
    ['an index that is cut off', 'ff'],
    ['an index that never ends', 'ffffffffffffff'],
    ['an index too large to be one', 'ff80808080808010'],
    ['a name that is cut off', '400a6162'],
    ['a value that is cut off', '40016105616263'],
    ['a field without a value', '400161'],
    ['a string longer than anything', '400161 7fffffff7f'],
    ['Huffman code with an octet of padding', '400161 83a8ffff'],
    ['a table larger than agreed', '3fe21f'],
    ['a third change of the table', '203fe11f20'],
    ['a change of the table behind a field', '8220'],
  ])('%s', (_, hex) => expect(() => decodeHex(new Decoder(), hex)).toThrow())

  test('an index whose entry a smaller table has dropped (§4.3)', () => {
    const decoder = new Decoder()
    decodeHex(decoder, '400161 0162')
    expect(pairsOf(decodeHex(decoder, 'be'))).toEqual([['a', 'b']])
    expect(() => decodeHex(decoder, '203fe11fbe')).toThrow()
  })

  test('nothing else: a field that just fits stays in the table', () => {
    const decoder = new Decoder()
    decodeHex(decoder, `400161 0162 400178 7fbe1e ${'79'.repeat(4029)}`) // 34 and 4,062 octets
    expect(pairsOf(decodeHex(decoder, 'bebf'))).toEqual([['x', 'y'.repeat(4029)], ['a', 'b']])
  })
  test('nothing else: a field larger than the table empties it (§4.4)', () => {
    const decoder = new Decoder()
    decodeHex(decoder, '400161 0162')
    expect(pairsOf(decodeHex(decoder, `400178 7f8120 ${'79'.repeat(4224)}`))).toEqual([['x', 'y'.repeat(4224)]])
    expect(() => decodeHex(decoder, 'be')).toThrow()
  })
})

class Writer {
  readonly encoder = new Encoder()
  readonly #out = new Output(new OutputBuffers(), () => {})
  block(fields: Pairs): Buffer {
    this.encoder.begin(this.#out)
    for (const [name, value] of fields) this.encoder.field(this.#out, name, value)
    const bytes = this.#out.take() ?? Buffer.alloc(0)
    this.#out.free()
    return Buffer.from(bytes)
  }
}

describe('the encoder', () => {
  test('uses the static table', () => {
    expect(new Writer().block([[':status', '200'], ['Accept-Encoding', 'gzip, deflate']]).toString('hex')).toBe('8890')
    expect(new Writer().block([['content-type', 'a']]).toString('hex')).toBe('0f100161')
  })
  test('puts a field into the table at second sight, and names it afterwards', () => {
    const writer = new Writer()
    const lengths = [1, 2, 3, 4].map(() => writer.block([['x-served-by', 'lintel']]).length)
    expect(lengths).toEqual([20, 20, 1, 1])
  })
  test('knows a name in any case as one', () => {
    const writer = new Writer()
    writer.block([['X-A', '1']])
    expect(writer.block([['X-A', '1']])).toEqual(new Writer().block([['x-a', '1']]).fill(0x40, 0, 1))
  })
  test.each(['authorization', 'cookie', 'Set-Cookie', 'proxy-authorization'])('never puts %s into a table (§7.1.3)', (name) => {
    const writer = new Writer()
    const blocks = [1, 2, 3].map(() => writer.block([[name, 'secret']]))
    expect(blocks.map((bytes) => bytes[0]! & 0xf0)).toEqual([0x10, 0x10, 0x10])
  })
  test('leaves out what HTTP/2 has not', () => {
    expect(new Writer().block([['Connection', 'close'], ['transfer-encoding', 'chunked'], ['Keep-Alive', '1'], ['upgrade', 'x'], ['a b', 'c'], ['', 'd']]).length).toBe(0)
  })
  test('tells of the smallest table, then of the last (§4.2)', () => {
    const writer = new Writer()
    for (const size of [100, 0, 200]) writer.encoder.resize(size)
    expect(writer.block([]).toString('hex')).toBe('203fa901')
    expect(writer.block([]).length).toBe(0)
  })

  const value = fc.oneof(fc.constantFrom('a', 'b', 'text/html', ''), fc.string({ unit: fc.constantFrom(...'abcXYZ019 ;=\xe9'), maxLength: 60 }).map((text) => text.trim()), fc.nat(5000).map((n) => 'v'.repeat(n)))
  const field = fc.tuple(fc.constantFrom('Date', 'etag', 'X-A', 'x-b', 'X-C', 'content-type', 'set-cookie', 'server', 'vary'), value)
  const step = fc.record({ fields: fc.array(field, { maxLength: 12 }), resizes: fc.array(fc.oneof(fc.nat(300), fc.nat(9000)), { maxLength: 3 }) })
  test('is understood by any decoder, with tables of any size', () => {
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
      const writer = new Writer()
      const decoder = new Decoder()
      for (const { fields, resizes } of steps) {
        for (const size of resizes) writer.encoder.resize(size)
        const bytes = writer.block(fields)
        const section = decoder.decode(bytes, 0, bytes.length)
        expect(section.fault).toBe('')
        if (!section.tooLarge) expect(pairsOf(section)).toEqual(fields.map(([name, text]) => [name.toLowerCase(), text]))
      }
    }), { numRuns: 300 })
  })
  test('forgets names when more come than it remembers', () => {
    const writer = new Writer()
    for (let n = 0; n <= ENCODED_NAMES; n++) writer.block([[`x-${n}`, '1']])
    expect(writer.block([['x-0', '1']])[0]).toBe(0)
  })
  test('goes on when more names come than it remembers', () => {
    const writer = new Writer()
    const decoder = new Decoder()
    for (let n = 0; n < 1000; n++) {
      const fields: Pairs = [[`x-${n % 300}`, `${n % 7}`], ['vary', 'a']]
      const bytes = writer.block(fields)
      expect<unknown>(pairsOf(decoder.decode(bytes, 0, bytes.length))).toEqual(fields)
    }
  })
})
