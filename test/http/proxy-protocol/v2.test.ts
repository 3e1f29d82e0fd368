// Version 2: headers put together by hand from the specification, cut anywhere; everything else is refused.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { crc32c } from '../../../src/http/proxy-protocol/crc32c.ts'
import { readProxyHeader } from '../../../src/http/proxy-protocol/read.ts'
import type { Tlvs } from '../../../src/http/proxy-protocol/tlvs.ts'
import { V2_BYTES, writeV2 } from '../../../src/http/proxy-protocol/v2.ts'
import { ends } from './ends.ts'
import { IPV4_BLOCK, IPV6_BLOCK, made, SIGNATURE, summed, tlv } from './headers.ts'

const IPV4 = { client: { address: '192.0.2.1', port: 56324 }, server: { address: '198.51.100.7', port: 443 } }
const IPV6 = { client: { address: '2001:db8::1', port: 56324 }, server: { address: '2001:db8::7', port: 443 } }
const MAPPED_BLOCK = Buffer.concat([...[0, 4].map((at) => Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), IPV4_BLOCK.subarray(at, at + 4)])), IPV4_BLOCK.subarray(8)])
const NAME = tlv(0x02, 'shop.example')
const SSL = tlv(0x20, Buffer.concat([Buffer.from([7, 0, 0, 0, 0]), tlv(0x21, 'TLSv1.3'), tlv(0x22, 'Ada'), tlv(0x23, 'TLS_AES_128_GCM_SHA256'), tlv(0x24, 'SHA256'), tlv(0x25, 'EC256')]))

const headers: readonly (readonly [what: string, header: Buffer, ends: unknown, tlvs: Tlvs])[] = [
  ['IPv4', made({ family: 0x11, block: IPV4_BLOCK }), IPV4, {}],
  ['IPv6', made({ family: 0x21, block: IPV6_BLOCK }), IPV6, {}],
  ['IPv4 in IPv6', made({ family: 0x21, block: MAPPED_BLOCK }), IPV4, {}],
  ['a name', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, NAME]) }), IPV4, { authority: 'shop.example' }],
  ['a protocol, an id and padding twice', made({ family: 0x21, block: Buffer.concat([IPV6_BLOCK, tlv(0x01, 'h2'), tlv(0x04, '\0\0'), tlv(0x05, 'id-1'), tlv(0x04, '')]) }), IPV6, { alpn: 'h2', uniqueId: Buffer.from('id-1') }],
  ['TLS of the client', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, SSL, NAME]) }), IPV4, {
    authority: 'shop.example',
    ssl: { secured: true, certificate: 'connection', verified: true, version: 'TLSv1.3', commonName: 'Ada', cipher: 'TLS_AES_128_GCM_SHA256', signature: 'SHA256', key: 'EC256' },
  }],
  ['a client without TLS', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0x20, Buffer.from([0, 0, 0, 0, 1]))]) }), IPV4, { ssl: { secured: false, certificate: null, verified: false } }],
  ['what nobody knows', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0xea, '\x01vpce-1'), tlv(0x30, 'netns')]) }), IPV4, {}],
  ['a checksum', summed(0x11, IPV4_BLOCK, NAME), IPV4, { authority: 'shop.example' }],
  ['LOCAL', made({ command: 0x20, family: 0, block: Buffer.alloc(0) }), null, {}],
  ['LOCAL with a family, addresses and what is no TLV', made({ command: 0x20, family: 0xff, block: Buffer.concat([IPV4_BLOCK, Buffer.from([1])]) }), null, {}],
  ['UNSPEC', made({ family: 0, block: Buffer.alloc(0) }), null, {}],
  ['UNSPEC with what is to be ignored', made({ family: 0, block: Buffer.from('whatever') }), null, {}],
  ['a datagram', made({ family: 0x12, block: IPV4_BLOCK }), null, {}],
  ['a UNIX socket', made({ family: 0x31, block: Buffer.concat([Buffer.alloc(216), NAME]) }), null, { authority: 'shop.example' }],
]

test.each(headers)('%s, cut at every octet', (_, header, expected, tlvs) => {
  const bytes = Buffer.concat([header, Buffer.from('GET')])
  for (let cut = 0; cut < header.length; cut++) expect(readProxyHeader(bytes.subarray(0, cut))).toBe('more')
  for (const cut of [header.length, bytes.length]) {
    expect(readProxyHeader(bytes.subarray(0, cut))).toEqual({ version: 2, length: header.length, ends: expected, tlvs } as never)
  }
})

describe('refused', () => {
  test.each([
    ['version 1 in binary', made({ command: 0x11, family: 0x11, block: IPV4_BLOCK })],
    ['version 3', made({ command: 0x31, family: 0x11, block: IPV4_BLOCK })],
    ['a command that is neither PROXY nor LOCAL', made({ command: 0x22, family: 0x11, block: IPV4_BLOCK })],
    ['an unknown family', made({ family: 0x41, block: Buffer.alloc(216) })],
    ['an unknown transport', made({ family: 0x13, block: IPV4_BLOCK })],
    ['IPv4 with less than its addresses', made({ family: 0x11, block: IPV4_BLOCK.subarray(1) })],
    ['IPv6 with addresses of IPv4', made({ family: 0x21, block: IPV4_BLOCK })],
    ['UNIX without paths', made({ family: 0x31, block: IPV4_BLOCK })],
    ['a TLV longer than the header', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, NAME.subarray(0, -1)]) })],
    ['half the head of a TLV', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, Buffer.from([2, 0])]) })],
    ['a TLV twice', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, NAME, NAME]) })],
    ['an unknown TLV twice', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0xea, 'a'), tlv(0xea, 'b')]) })],
    ['a checksum of another header', Buffer.concat([summed(0x11, IPV4_BLOCK, NAME).subarray(0, -1), Buffer.from('x')])],
    ['a checksum of three octets', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0x03, 'abc')]) })],
    ['an id of 129 octets', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0x05, 'x'.repeat(129))]) })],
    ['an empty id', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0x05, '')]) })],
    ['TLS without its result', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0x20, Buffer.from([1, 0, 0, 0]))]) })],
    ['TLS with a broken TLV', made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0x20, Buffer.from([1, 0, 0, 0, 0, 0x21, 0, 9]))]) })],
  ])('%s', (_, header) => { expect(readProxyHeader(header)).toBe('broken') })

  test('as soon as it is seen, not when all has come', () => {
    const header = made({ command: 0x22, family: 0x11, block: IPV4_BLOCK })
    expect(readProxyHeader(header.subarray(0, 12))).toBe('more')
    expect(readProxyHeader(header.subarray(0, 13))).toBe('broken')
    expect(readProxyHeader(made({ family: 0x51, block: Buffer.alloc(0) }).subarray(0, 14))).toBe('broken')
  })
  test('any octet of a header with a checksum changed', () => {
    const header = summed(0x11, IPV4_BLOCK, NAME)
    for (let at = 16; at < header.length; at++) {
      const changed = Buffer.from(header)
      changed[at]! ^= 1
      expect(readProxyHeader(changed)).toBe('broken')
    }
  })
})

test('one of 16 KiB works, one octet more is refused before it has come', () => {
  const filled = (bytes: number) => made({ family: 0x11, block: Buffer.concat([IPV4_BLOCK, tlv(0xea, Buffer.alloc(bytes - 31))]) })
  expect(readProxyHeader(filled(V2_BYTES))).toMatchObject({ length: V2_BYTES, ends: IPV4 })
  expect(readProxyHeader(filled(V2_BYTES + 1).subarray(0, 16))).toBe('broken')
})
test('the signature changed at any octet begins no header', () => {
  const signature = Buffer.from(SIGNATURE, 'hex')
  for (let at = 0; at < signature.length; at++) {
    const changed = Buffer.from(signature)
    changed[at]! ^= 0x20
    expect(readProxyHeader(changed)).toBe('none')
  }
})

const text = fc.string({ maxLength: 40 })
const tlvs: fc.Arbitrary<Tlvs> = fc.record({
  authority: text,
  alpn: fc.constantFrom('h2', 'http/1.1'),
  uniqueId: fc.uint8Array({ minLength: 1, maxLength: 128 }).map((array) => Buffer.from(array)),
  ssl: fc.record({
    secured: fc.boolean(), certificate: fc.constantFrom(null, 'connection' as const, 'session' as const), verified: fc.boolean(),
    version: text, commonName: text, cipher: text, signature: text, key: text,
  }, { requiredKeys: ['secured', 'certificate', 'verified'] }),
}, { requiredKeys: [] })

test('what is written is read', () => {
  fc.assert(fc.property(ends, tlvs, fc.string(), (one, extra, behind) => {
    const header = writeV2(one, extra)
    expect(readProxyHeader(Buffer.concat([header, Buffer.from(behind)]))).toEqual({ version: 2, length: header.length, ends: one, tlvs: extra })
  }), { seed: 20261130, numRuns: 2_000 })
})
test('written as the specification has it', () => {
  expect(writeV2(null).toString('hex')).toBe(`${SIGNATURE}20000000`)
  expect(writeV2(IPV4).toString('hex')).toBe(made({ family: 0x11, block: IPV4_BLOCK }).toString('hex'))
  expect(writeV2(IPV6, { authority: 'shop.example' }).toString('hex')).toBe(made({ family: 0x21, block: Buffer.concat([IPV6_BLOCK, NAME]) }).toString('hex'))
})
test('CRC32C of RFC 3720 appendix B.4', () => {
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
  expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
  expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, at) => at)))).toBe(0x46dd794e)
})

test('a changed header is read, or is none: it never throws, and takes no octet that is not there', () => {
  const header = Buffer.concat([headers.find(([what]) => what === 'TLS of the client')![1], Buffer.from('GET')])
  fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 12, max: header.length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }), fc.nat({ max: header.length }), (changes, cut) => {
    const bytes = Buffer.from(header.subarray(0, cut))
    for (const [at, octet] of changes) if (at < cut) bytes[at] = octet
    const read = readProxyHeader(bytes)
    if (typeof read !== 'string') expect(read.length).toBeLessThanOrEqual(cut)
  }), { seed: 20261130, numRuns: 20_000, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false })
})
