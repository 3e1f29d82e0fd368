// RFC 7239: fields as the RFC has them are read, everything else is refused as a whole.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { readForwarded } from '../../src/proxy/forwarded-field.ts'

test.each([
  ['for=192.0.2.60;proto=http;by=203.0.113.43', [{ for: '192.0.2.60', proto: 'http', by: '203.0.113.43' }]],
  ['For="[2001:db8:cafe::17]:4711"', [{ for: '[2001:db8:cafe::17]:4711' }]],
  ['for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=https;host=example.com', [{ for: '192.0.2.43' }, { for: '198.51.100.17', by: '203.0.113.60', proto: 'https', host: 'example.com' }]],
  ['for="_gazonk"', [{ for: '_gazonk' }]],
  ['for=unknown', [{ for: 'unknown' }]],
  ['for="a\\"b\\\\c";host="x, for=6.6.6.6"', [{ for: 'a"b\\c', host: 'x, for=6.6.6.6' }]],
  ['for=192.0.2.1 ; proto=https\t,\tfor=192.0.2.2', [{ for: '192.0.2.1', proto: 'https' }, { for: '192.0.2.2' }]],
  [';for=192.0.2.1;, ,for=192.0.2.2;', [{ for: '192.0.2.1' }, { for: '192.0.2.2' }]],
  ['secret=x', [{ secret: 'x' }]],
  ['', []],
])('%s', (line, elements) => { expect(readForwarded(line)).toEqual(elements as never) })

test.each([
  'for', 'for=', '=192.0.2.1', 'for =192.0.2.1', 'for= 192.0.2.1', 'for=192.0.2.1:80', 'for=[2001:db8::1]', 'for=2001:db8::1', 'for="192.0.2.1', 'for="192.0.2.1\\"', 'for=192.0.2.1 proto=http',
  'for=192.0.2.1;for=6.6.6.6', 'for=192.0.2.1;FOR=6.6.6.6', 'for="a"b', '192.0.2.1', 'for=192.0.2.1;proto', 'for=\u00e4',
])('%s is broken', (line) => { expect(readForwarded(line)).toBeNull() })

test('reading ends, whatever comes', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('for', '=', ';', ',', '"', '\\', ' ', '1', '[', 'a') }), (line) => {
    const read = readForwarded(line)
    expect(read === null || Array.isArray(read)).toBeTrue()
  }), { seed: 20261130, numRuns: 5_000 })
})
