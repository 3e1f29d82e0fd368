// Addresses have one form, whatever they came in.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { addressOf, canonical, octetsOf } from '../../src/http/address.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['2001:DB8::0001', '2001:db8::1'],
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:1:0a:0:0:0:0', '0:0:1:a::'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['::192.0.2.1', '::c000:201'],
])('%s is %s (RFC 5952 §4, RFC 4291 §2.5.5.2)', (text, address) => { expect(canonical(text)).toBe(address) })

test.each(['', 'localhost', '192.0.2', '192.0.2.256', '192.0.2.01', '0x7f.0.0.1', '1:2:3:4:5:6:7', ':::', '1::2::3', 'fe80::1%eth0', '[::1]', '::1 ', ' 192.0.2.1', '::ffff:1.2.3', '1.2.3.4:80'])(
  '%j is none', (text) => { expect(canonical(text)).toBeNull() })

test('octets and text are the same thing', () => {
  const zeros = fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 })
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), zeros, fc.uint8Array({ minLength: 4, maxLength: 4 })), (array) => {
    const octets = Buffer.from(array)
    const text = addressOf(octets)
    const again = octetsOf(text)!
    expect(again.equals(again.length === octets.length ? octets : octets.subarray(12))).toBeTrue()
    expect(canonical(text)).toBe(text)
    // The URL parser is another writer of RFC 5952, but for IPv4 in IPv6.
    if (again.length === 16) expect(`[${text}]`).toBe(new URL(`http://[${text}]/`).hostname)
  }), { seed: 20261130, numRuns: 3_000 })
})
