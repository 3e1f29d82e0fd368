// HPACK's Huffman code is built from its lengths alone: they are checked against what the RFC says of it, and against its examples.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { CODE_LENGTHS, decodeHuffman } from '../../../src/http/h2/huffman.ts'

const EOS = 256

/** The canonical code once more, by counting up within each length (RFC 7541 appendix B is ordered so), as binary digits. */
const codes: string[] = (() => {
  const made: string[] = []
  let next = 0
  for (let bits = 1; bits <= 30; bits++) {
    next *= 2
    CODE_LENGTHS.forEach((length, symbol) => { if (length === bits) made[symbol] = (next++).toString(2).padStart(bits, '0') })
  }
  return made
})()
const encode = (text: string, padding = '1'): Buffer => {
  const bits = [...text].map((char) => codes[char.charCodeAt(0)]).join('')
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, padding)
  return Buffer.from(whole.match(/.{8}/g)?.map((octet) => Number.parseInt(octet, 2)) ?? [])
}
const decode = (bytes: Buffer) => decodeHuffman(bytes, 0, bytes.length)

describe('the code', () => {
  test('has 256 octets and the end of string', () => expect(CODE_LENGTHS.length).toBe(257))

  test('is complete: no sequence of bits is left over, none is used twice', () => {
    expect(CODE_LENGTHS.reduce((sum, bits) => sum + 2 ** -bits, 0)).toBe(1)
  })

  test.each([
    ['0', 0x0, 5], ['a', 0x3, 5], [' ', 0x14, 6], ['%', 0x15, 6], ['A', 0x21, 6], [':', 0x5c, 7], ['z', 0x7b, 7], ['&', 0xf8, 8], ['Z', 0xfd, 8], ['!', 0x3f8, 10],
    ['\0', 0x1ff8, 13], ['\\', 0x7fff0, 19], ['\x80', 0xfffe6, 20], ['\xff', 0x3ffffee, 26], ['\n', 0x3ffffffc, 30], ['\r', 0x3ffffffd, 30],
  ])('gives %j the code of RFC 7541 appendix B', (char, code, bits) => {
    expect(codes[char.charCodeAt(0)]).toBe(code.toString(2).padStart(bits, '0'))
  })

  test('gives the end of string thirty ones', () => expect(codes[EOS]).toBe('1'.repeat(30)))
})

describe('decoding', () => {
  test.each([
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'], ['a8eb10649cbf', 'no-cache'], ['25a849e95ba97d7f', 'custom-key'], ['6402', '302'],
    ['aec3771a4b', 'private'], ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ['', ''],
  ])('reads the example %s of RFC 7541 appendix C', (hex, text) => expect(decode(Buffer.from(hex, 'hex'))).toBe(text))

  test('gives back every string', () => {
    fc.assert(fc.property(fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)), maxLength: 80 }), (text) => {
      expect(decode(encode(text))).toBe(text)
    }))
  })
  test('gives back every octet at every offset of bits', () => {
    for (let octet = 0; octet < 256; octet++) {
      for (const before of ['', '0', '00', '000', '0A', '0AA', '0AAA', '0:']) {
        const text = `${before}${String.fromCharCode(octet)}&`
        expect(decode(encode(text))).toBe(text)
      }
    }
  })

  test.each([
    ['a whole octet of padding', Buffer.concat([encode('no-cache'), Buffer.from([255])])],
    ['a whole octet of padding behind a whole octet', Buffer.concat([encode('&'), Buffer.from([255])])],
    ['padding that is not ones', encode('a', '0')],
    ['the end of string inside', Buffer.from([255, 255, 255, 255])],
    ['the end of string behind a letter', Buffer.concat([encode('&'), Buffer.from([255, 255, 255, 252])])],
    ['half a code', encode('\n').subarray(0, 3)],
  ])('refuses %s (RFC 7541 §5.2)', (_, bytes) => expect(decode(bytes)).toBeNull())
})
