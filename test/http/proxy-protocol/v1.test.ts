// Version 1: lines as the specification has them, cut anywhere; everything else is refused.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { readProxyHeader } from '../../../src/http/proxy-protocol/read.ts'
import { V1_BYTES, writeV1 } from '../../../src/http/proxy-protocol/v1.ts'
import { ends } from './ends.ts'

const read = (text: string) => readProxyHeader(Buffer.from(text, 'latin1'))

const LONGEST = `PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`

const lines: readonly (readonly [line: string, ends: unknown])[] = [
  ['PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n', { client: { address: '192.0.2.1', port: 56324 }, server: { address: '198.51.100.7', port: 443 } }],
  ['PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', { client: { address: '255.255.255.255', port: 65535 }, server: { address: '255.255.255.255', port: 65535 } }],
  ['PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n', { client: { address: '0.0.0.0', port: 0 }, server: { address: '0.0.0.0', port: 0 } }],
  ['PROXY TCP6 2001:DB8::1 2001:db8::0007 56324 443\r\n', { client: { address: '2001:db8::1', port: 56324 }, server: { address: '2001:db8::7', port: 443 } }],
  ['PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 1 2\r\n', { client: { address: '192.0.2.1', port: 1 }, server: { address: '198.51.100.7', port: 2 } }],
  ['PROXY UNKNOWN\r\n', null],
  ['PROXY UNKNOWN 1.2.3.4 what ever\r\n', null],
  [LONGEST, null],
]

test.each(lines)('%j, cut at every octet', (line, expected) => {
  const bytes = Buffer.from(`${line}GET / HTTP/1.1\r\n`)
  for (let cut = 0; cut < line.length; cut++) expect(readProxyHeader(bytes.subarray(0, cut))).toBe('more')
  for (let cut = line.length; cut <= bytes.length; cut++) {
    expect(readProxyHeader(bytes.subarray(0, cut))).toEqual({ version: 1, length: line.length, ends: expected, tlvs: {} } as never)
  }
})

test('the longest line works, one octet more is refused', () => {
  expect(LONGEST.length).toBe(V1_BYTES)
  expect(read(LONGEST.replace('\r\n', 'x\r\n'))).toBe('broken')
  expect(read(`PROXY UNKNOWN ${'x'.repeat(V1_BYTES - 15)}`)).toBe('more')
  expect(read(`PROXY UNKNOWN ${'x'.repeat(V1_BYTES - 14)}`)).toBe('broken')
})

test.each([
  'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 \r\n',
  'PROXY TCP4 192.0.2.1  198.51.100.7 56324 443\r\n',
  'PROXY  TCP4 192.0.2.1 198.51.100.7 56324 443\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 1\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 -1 443\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 0443 443\r\n',
  'PROXY TCP4 192.0.2.1 198.51.100.7 0x50 443\r\n',
  'PROXY TCP4 192.0.2.01 198.51.100.7 56324 443\r\n',
  'PROXY TCP4 192.0.2 198.51.100.7 56324 443\r\n',
  'PROXY TCP4 192.0.2.1 2001:db8::7 56324 443\r\n',
  'PROXY TCP4 ::ffff:192.0.2.1 198.51.100.7 56324 443\r\n',
  'PROXY TCP6 192.0.2.1 198.51.100.7 56324 443\r\n',
  'PROXY TCP6 fe80::1%1 ::1 56324 443\r\n',
  'PROXY TCP6 [::1] [::1] 56324 443\r\n',
  'PROXY TCP4 localhost localhost 56324 443\r\n',
  'PROXY UDP4 192.0.2.1 198.51.100.7 56324 443\r\n',
  'PROXY UNKNOWNX\r\n',
  'PROXY unknown\r\n',
  'PROXY \r\n',
  'PROXY TCP4\r\n',
  'PROXY TCP4\tx\r\n',
])('%j is refused', (line) => { expect(read(line)).toBe('broken') })

test.each(['proxy TCP4 ', 'PROXY\t', 'PROPFIND / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n', 'GET / HTTP/1.1\r\n', ' PROXY', '\r\nPROXY TCP4', '\x16\x03\x01'])('%j begins no header', (text) => { expect(read(text)).toBe('none') })

test('nothing, and the beginning of the word, may become one', () => {
  for (const text of ['', 'P', 'PROXY', 'PROXY ', 'PROXY T']) expect(read(text)).toBe('more')
})

test('what is written is read', () => {
  fc.assert(fc.property(ends, fc.string(), (one, behind) => {
    const line = writeV1(one)
    expect(line.length).toBeLessThanOrEqual(V1_BYTES)
    expect(readProxyHeader(Buffer.concat([line, Buffer.from(behind)]))).toEqual({ version: 1, length: line.length, ends: one, tlvs: {} })
  }), { seed: 20261130, numRuns: 2_000 })
})
test('written as the specification has it', () => {
  expect(writeV1(null).toString()).toBe('PROXY UNKNOWN\r\n')
  expect(writeV1({ client: { address: '192.0.2.1', port: 1 }, server: { address: '198.51.100.7', port: 2 } }).toString()).toBe('PROXY TCP4 192.0.2.1 198.51.100.7 1 2\r\n')
  expect(writeV1({ client: { address: '2001:db8::1', port: 1 }, server: { address: '198.51.100.7', port: 2 } }).toString()).toBe('PROXY TCP6 2001:db8::1 ::ffff:198.51.100.7 1 2\r\n')
})

test('a changed line is read, or is none: it never throws, and takes no octet that is not there', () => {
  const line = Buffer.from('PROXY TCP6 2001:db8::1 ::ffff:1.2.3.4 56324 443\r\nGET')
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: line.length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }), fc.nat({ max: line.length }), (changes, cut) => {
    const bytes = Buffer.from(line.subarray(0, cut))
    for (const [at, octet] of changes) if (at < cut) bytes[at] = octet
    const header = readProxyHeader(bytes)
    if (typeof header !== 'string') expect(header.length).toBeLessThanOrEqual(cut)
  }), { seed: 20261130, numRuns: 20_000, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false })
})
