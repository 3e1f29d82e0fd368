// Consistent hashing: the same endpoint for the same text everywhere, even shares, and no more moves than a change asks for.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Hash } from '../../../src/upstream/balance/hash.ts'
import { hashOf } from '../../../src/upstream/balance/rendezvous.ts'
import type { LiveEndpoint } from '../../../src/upstream/endpoint.ts'
import { endpoints, request, shares, sources } from './scene.ts'

const KEYS = Array.from({ length: 10_000 }, (_, i) => `/users/${i}/orders`)

function over(all: readonly LiveEndpoint[], { subset = 0, seed = 1 } = {}) {
  const balancer = new Hash({ by: '$request_uri', subset }, sources(seed))
  balancer.set(all)
  return balancer
}
/** By name: workers have endpoint objects of their own. */
const picks = (balancer: Hash) => KEYS.map((key) => balancer.pick([], request(key))?.name)

test('every worker finds the same endpoint, in whatever order the table has them', () => {
  const shuffled = fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 8 })
  fc.assert(fc.property(shuffled, fc.string({ minLength: 1 }), (order, key) => {
    const here = over(endpoints(8)).pick([], request(key))
    const there = over(order.map((at) => endpoints(1, at)[0]!), { seed: 2 }).pick([], request(key))
    expect(there?.name).toBe(here!.name)
  }))
})

test('the hash is the same in every version: cookies and caches rely on it', () => {
  expect(['', 'a', '/users/1', 'ä€😀'].map(hashOf)).toEqual(['', 'a', '/users/1', 'ä€😀'].map(reference))
})
/** FNV-1a and MurmurHash3's finaliser as they are published, in exact integers. */
function reference(text: string): number {
  const MASK = 0xffff_ffffn
  let hash = 0x811c9dc5n
  for (let i = 0; i < text.length; i++) hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x01000193n) & MASK
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & MASK
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & MASK
  return Number(hash ^ (hash >> 16n))
}

test.each([2, 3, 10, 30])('%i endpoints: each share within 10 %% of what chance allows', (count) => {
  const all = endpoints(count)
  const got = shares(over(all), KEYS.length, (i) => request(KEYS[i]))
  const fair = KEYS.length / count
  for (const endpoint of all) expect(Math.abs(got.get(endpoint)! - fair)).toBeLessThan(0.1 * fair + 3 * Math.sqrt(fair))
})

test.each([[3, 4], [4, 30], [10, 11], [100, 101]])('from %i to %i endpoints: only newcomers get keys, and back only theirs move', (few, many) => {
  const all = endpoints(many)
  const [before, after] = [picks(over(all.slice(0, few))), picks(over(all))]
  const newcomers = new Set(all.slice(few).map(({ name }) => name))
  const moved = after.filter((name, i) => name !== before[i])
  expect(moved.every((name) => newcomers.has(name!))).toBe(true)
  expect(moved.length / KEYS.length).toBeLessThan(((many - few) / many) * 1.1 + 0.01)
  expect(moved.length).toBeGreaterThan(0)
})

test('an endpoint that is out or was tried gives up its own keys alone, to all others', () => {
  const all = endpoints(5)
  const before = picks(over(all))
  all[2]!.available = false
  const balancer = over(all)
  const after = picks(balancer)
  expect(before.every((name, i) => name === all[2]!.name || name === after[i])).toBe(true)
  expect(new Set(after.filter((_, i) => before[i] === all[2]!.name)).size).toBe(4)
  all[2]!.available = true
  for (const key of KEYS.slice(0, 100)) {
    const first = balancer.pick([], request(key))!
    const second = balancer.pick([first], request(key))!
    expect(second).not.toBe(first)
    expect(balancer.pick([first], request(key))).toBe(second)
  }
  expect(balancer.pick(all, request('x'))).toBeUndefined()
})

describe('subset', () => {
  test('a key has `size` endpoints and uses them evenly; another key has others', () => {
    const all = endpoints(12)
    const balancer = over(all, { subset: 3 })
    const groups = KEYS.slice(0, 50).map((key) => {
      const got = shares(balancer, 300, () => request(key))
      expect(got.size).toBe(3)
      for (const count of got.values()) expect(Math.abs(count - 100)).toBeLessThan(40)
      return [...got.keys()].map(({ name }) => name).sort().join()
    })
    expect(new Set(groups).size).toBeGreaterThan(30)
  })

  test('over all keys each endpoint has its share', () => {
    const all = endpoints(12)
    const got = shares(over(all, { subset: 3 }), KEYS.length, (i) => request(KEYS[i]))
    for (const endpoint of all) expect(Math.abs(got.get(endpoint)! / (KEYS.length / 12) - 1)).toBeLessThan(0.15)
  })

  test('fewer endpoints than the size: all of them; one out: the next takes its place', () => {
    const all = endpoints(2)
    expect(shares(over(all, { subset: 3 }), 100, () => request('x')).size).toBe(2)
    const many = endpoints(6)
    const balancer = over(many, { subset: 3 })
    const [out] = shares(balancer, 100, () => request('x')).keys()
    out!.available = false
    const left = shares(balancer, 100, () => request('x'))
    expect(left.size).toBe(3)
    expect(left.has(out!)).toBe(false)
  })
})

test('requests without a value take turns', () => {
  const all = endpoints(4)
  expect(new Set(shares(over(all), 40, () => request('')).values())).toEqual(new Set([10]))
})
