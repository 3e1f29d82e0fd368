// Who the client is, of a list that proxies wrote: never anything that a client could have put there.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { clientOf, hopAddress } from '../../src/proxy/hops.ts'
import { trusted } from '../../src/proxy/trusted.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'], ['192.0.2.1:8080', '192.0.2.1'], ['2001:DB8::1', '2001:db8::1'], ['[2001:db8::1]', '2001:db8::1'], ['[2001:db8::1]:443', '2001:db8::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'], ['[::ffff:192.0.2.1]:80', '192.0.2.1'],
])('%s is %s', (text, address) => { expect(hopAddress(text)).toBe(address) })
test.each(['', 'unknown', '_hidden', 'localhost', '192.0.2', '192.0.2.1:', '192.0.2.1:port', '192.0.2.1:123456', '192.0.2.1 ', '192.0.2.01', '[192.0.2.1]', '[2001:db8::1', '2001:db8::1]', '[]', '[::1]x', '[::1]:', 'fe80::1%eth0', '"192.0.2.1"', '1.2.3.4,5.6.7.8'])(
  '%j names no address', (text) => { expect(hopAddress(text)).toBeNull() })

const peers = trusted(['10.0.0.0/8', '2001:db8:1::/48', '192.0.2.9'])
const of = (list: string) => clientOf(list.split(', '), { addressOf: hopAddress, peers })

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9, 10.1.1.1', '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9:4711, [2001:db8:1::5]:80, 192.0.2.9, ::ffff:10.0.0.3', '203.0.113.9'],
  ['10.1.1.1, 10.2.2.2', '10.1.1.1'],
  ['6.6.6.6, unknown, 10.1.1.1', '10.1.1.1'],
  ['6.6.6.6, 10.1.1.1, _hidden', undefined],
  ['garbage, 203.0.113.9', '203.0.113.9'],
])('%s: %s', (list, client) => { expect(of(list)).toBe(client) })

test('whatever a client sends, the address that the first trusted proxy saw stays', () => {
  const claim = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.1', 'unknown', '', '"', '[::1', '10.0.0.1:1'), fc.string()), { maxLength: 6 })
  const inner = fc.array(fc.constantFrom('10.0.0.1', '10.3.4.5:80', '[2001:db8:1::7]:443'), { maxLength: 4 })
  fc.assert(fc.property(claim, inner, (claimed, proxies) => {
    expect(clientOf([...claimed, '203.0.113.9', ...proxies], { addressOf: hopAddress, peers })).toBe('203.0.113.9')
  }), { seed: 20261130, numRuns: 2_000 })
})

test('networks: IPv4 and IPv6, one address, none', () => {
  expect(['10.255.255.255', '11.0.0.0', '2001:db8:1:ffff::1', '2001:db8:2::', '192.0.2.9', '192.0.2.8', '', 'localhost'].map(peers)).toEqual([true, false, true, false, true, false, false, false])
  expect(trusted([])('127.0.0.1')).toBeFalse()
  expect(trusted(['0.0.0.0/0'])('::1')).toBeFalse()
  expect(trusted(['::/0'])('192.0.2.1')).toBeFalse()
  expect(['10.1.1.1', '11.1.1.1'].map(trusted(['::ffff:10.0.0.0/104']))).toEqual([true, false])
})
