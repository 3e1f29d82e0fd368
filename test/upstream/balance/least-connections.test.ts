// Least connections against its own definition, turns among equals, and no herd on who comes in under load.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { LeastConnections } from '../../../src/upstream/balance/least-connections.ts'
import { endpoints, shares, sources } from './scene.ts'

const DONE = { status: 200, headMs: 1, error: '' }

test('whoever has the fewest for its weight is picked, of those that are neither tried nor out', () => {
  const one = fc.record({ active: fc.nat(20), weight: fc.integer({ min: 1, max: 4 }), tried: fc.boolean(), available: fc.boolean() })
  fc.assert(fc.property(fc.array(one, { maxLength: 20 }), fc.integer({ min: 1, max: 1000 }), (states, seed) => {
    const all = endpoints(states.length).map((endpoint, i) => {
      const { active = 0, weight = 1, available = true } = states[i] ?? {}
      return Object.assign(endpoint, { active, weight, available })
    })
    const balancer = new LeastConnections(sources(seed))
    balancer.set(all)
    const tried = all.filter((_, i) => states[i]?.tried)
    const usable = all.filter((endpoint) => endpoint.available && !tried.includes(endpoint))
    const load = ({ active, weight }: { active: number; weight: number }) => (active + 1) / weight
    const picked = balancer.pick(tried)
    if (usable.length === 0) expect(picked).toBeUndefined()
    else {
      expect(usable).toContain(picked!)
      expect(load(picked!)).toBe(Math.min(...usable.map(load)))
    }
  }))
})

test('one after the other, each gets as many as any other: equal ones take turns', () => {
  const all = endpoints(7)
  const balancer = new LeastConnections(sources())
  balancer.set(all)
  expect(new Set(shares(balancer, 70).values())).toEqual(new Set([10]))
})

test('requests that stay are levelled', () => {
  const all = endpoints(5)
  const balancer = new LeastConnections(sources())
  balancer.set(all)
  all[2]!.active = 30
  for (let i = 0; i < 120; i++) balancer.pick([])?.began()
  expect(all.map(({ active }) => active)).toEqual([30, 30, 30, 30, 30])
})

test('a newcomer under load gets its share at once and no more, and comes level in ten seconds', () => {
  const at = sources()
  const all = endpoints(4)
  const balancer = new LeastConnections(at)
  balancer.set(all.slice(0, 3))
  for (let i = 0; i < 300; i++) balancer.pick([])?.began()
  balancer.set(all)
  for (let i = 0; i < 40; i++) balancer.pick([])?.began()
  expect(all.map(({ active }) => active)).toEqual([110, 110, 110, 10])
  at.ms += 10_001
  for (let i = 0; i < 100; i++) balancer.pick([])?.began()
  expect(all.map(({ active }) => active)).toEqual([110, 110, 110, 110])
})

test('what ended makes room', () => {
  const all = endpoints(3)
  const balancer = new LeastConnections(sources())
  balancer.set(all)
  for (let i = 0; i < 30; i++) balancer.pick([])?.began()
  for (let i = 0; i < 5; i++) all[1]!.ended(DONE)
  for (let i = 0; i < 5; i++) balancer.pick([])?.began()
  expect(all.map(({ active }) => active)).toEqual([10, 10, 10])
})

test('in its slow start an endpoint gets a part of its turns where nobody has much to do', () => {
  const at = sources()
  const all = endpoints(4)
  const balancer = new LeastConnections(at)
  balancer.set(all.slice(0, 3))
  all[3]!.startSlowly(10_000, at.ms)
  balancer.set(all)
  const start = at.ms
  for (const [passed, share] of [[0, 0.1], [5000, 0.5], [10_000, 1]] as const) {
    at.ms = start + passed
    expect(shares(balancer, 4000).get(all[3]!)! / 4000).toBeCloseTo(share / (3 + share), 1)
  }
})

test('where only endpoints in their slow start are left, they share evenly', () => {
  const at = sources()
  const all = endpoints(3)
  const balancer = new LeastConnections(at)
  for (const endpoint of all) endpoint.startSlowly(10_000, at.ms)
  balancer.set(all)
  for (const count of shares(balancer, 3000).values()) expect(Math.abs(count / 1000 - 1)).toBeLessThan(0.1)
})

test('in its slow start an endpoint carries a part of what the others do', () => {
  const at = sources()
  const all = endpoints(2)
  const balancer = new LeastConnections(at)
  balancer.set(all.slice(0, 1))
  all[1]!.startSlowly(10_000, at.ms)
  balancer.set(all)
  at.ms += 2500
  for (let i = 0; i < 98; i++) balancer.pick([])?.began()
  expect(all[1]!.active / all[0]!.active).toBeCloseTo(0.25, 1)
})
