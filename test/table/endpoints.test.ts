// Which of a Service's endpoints get requests: states, families, zones, slices that disagree.
import { describe, expect, test } from 'bun:test'
import type { EndpointSlice } from '../../src/kube/objects.ts'
import { endpointsOf } from '../../src/table/endpoints.ts'
import { slice } from './objects.ts'

type Member = EndpointSlice['endpoints'][number]
const ready = (address: string, ...hints: string[]): Member => ({ addresses: [address], ready: true, serving: true, terminating: false, zone: '', hints })
const leaving = (address: string, ...hints: string[]): Member => ({ ...ready(address, ...hints), ready: false, terminating: true })
const starting = (address: string): Member => ({ ...ready(address), ready: false, serving: false })
const failing = (address: string): Member => ({ ...ready(address), ready: false, serving: false, terminating: true })
const of = (...endpoints: readonly Member[]): EndpointSlice => ({ ...slice('web', []), endpoints })

const port = { name: '', port: 80, targetPort: 8080, protocol: 'TCP' }
const addresses = (slices: readonly EndpointSlice[], { family = 'IPv4', zone = '' }: { family?: 'IPv4' | 'IPv6'; zone?: string } = {}) =>
  endpointsOf(slices, { port, family, zone }).map(({ address }) => address)

describe('states', () => {
  test('ready ones alone, while there are some', () => {
    expect(addresses([of(ready('10.0.0.1'), leaving('10.0.0.2'), starting('10.0.0.3'))])).toEqual(['10.0.0.1'])
  })
  test('without a ready one, those that leave and still serve', () => {
    expect(addresses([of(leaving('10.0.0.2'), starting('10.0.0.3')), of(leaving('10.0.0.1'), failing('10.0.0.4'))])).toEqual(['10.0.0.1', '10.0.0.2'])
  })
  test('never those that serve nobody', () => { expect(addresses([of(starting('10.0.0.1'), failing('10.0.0.2'))])).toEqual([]) })
})

describe('families', () => {
  const both = [of(ready('10.0.0.1'), ready('10.0.0.2')), of(ready('fd00::1'), ready('fd00::2'))]
  test('a pod in slices of both counts once', () => { expect(addresses(both)).toEqual(['10.0.0.1', '10.0.0.2']) })
  test('the Service says in which', () => { expect(addresses(both, { family: 'IPv6' })).toEqual(['fd00::1', 'fd00::2']) })
  test('the other one where that has none', () => { expect(addresses([of(starting('10.0.0.1')), of(ready('fd00::1'))])).toEqual(['fd00::1']) })
  test('a ready one of the other before one that leaves', () => { expect(addresses([of(leaving('10.0.0.1')), of(ready('fd00::1'))])).toEqual(['fd00::1']) })
})

describe('zones', () => {
  const spread = [of(ready('10.0.0.1', 'a'), ready('10.0.0.2', 'b', 'c')), of(ready('10.0.0.3', 'c', 'a'))]
  test.each([
    ['', ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
    ['a', ['10.0.0.1', '10.0.0.3']],
    ['b', ['10.0.0.2']],
    ['d', ['10.0.0.1', '10.0.0.2', '10.0.0.3']],
  ])('ours is %j', (zone, expected) => { expect(addresses(spread, { zone })).toEqual(expected) })
  test('one endpoint without hints: they count for none', () => { expect(addresses([...spread, of(ready('10.0.0.4'))], { zone: 'b' })).toHaveLength(4) })
  test('one without hints that is not ready does not matter', () => { expect(addresses([...spread, of(starting('10.0.0.4'))], { zone: 'b' })).toEqual(['10.0.0.2']) })
  test('the last ones of a rollout answer for every zone', () => { expect(addresses([of(leaving('10.0.0.1', 'a'), leaving('10.0.0.2', 'b'))], { zone: 'a' })).toHaveLength(2) })
})

describe('slices', () => {
  test('the same endpoint in several, even in several states, is one', () => {
    expect(addresses([of(ready('10.0.0.1'), ready('10.0.0.1')), of(ready('10.0.0.1')), of(starting('10.0.0.1'))])).toEqual(['10.0.0.1'])
  })
  test('each has its own port under the name of the Service\'s', () => {
    const named = (number: number, endpoint: Member) => ({ ...of(endpoint), ports: [{ name: 'web', port: number, protocol: 'TCP' }, { name: 'admin', port: 1, protocol: 'TCP' }] })
    const found = endpointsOf([named(8081, ready('10.0.0.2')), named(8080, ready('10.0.0.1'))], { port: { ...port, name: 'web' }, family: 'IPv4', zone: '' })
    expect(found).toEqual([{ address: '10.0.0.1', port: 8080 }, { address: '10.0.0.2', port: 8081 }])
  })
})
