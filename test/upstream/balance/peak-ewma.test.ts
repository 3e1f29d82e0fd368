// Peak EWMA: the faster of two, what is on its way counts, peaks count at once and fade, and nobody draws all requests.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { PeakEwma } from '../../../src/upstream/balance/peak-ewma.ts'
import type { LiveEndpoint, Outcome } from '../../../src/upstream/endpoint.ts'
import { endpoints, shares, sources } from './scene.ts'

const answered = (headMs: number): Outcome => ({ status: 200, headMs, error: '' })
const failed = (error: string): Outcome => ({ status: 0, headMs: 0, error })

function scene(count: number) {
  const at = sources()
  const balancer = new PeakEwma(at)
  const all = endpoints(count)
  balancer.set(all)
  const ended = (endpoint: LiveEndpoint, outcome: Outcome) => {
    endpoint.began()
    endpoint.ended(outcome)
  }
  const share = (endpoint: LiveEndpoint) => (shares(balancer, 2000).get(endpoint) ?? 0) / 2000
  return { at, balancer, all, ended, share }
}

describe('of two', () => {
  test('the one is picked whose average, faded by e in ten seconds, times what it has to do is the lower', () => {
    const state = fc.record({ ms: fc.integer({ min: 1, max: 1000 }), ago: fc.nat(20_000), active: fc.nat(5) })
    fc.assert(fc.property(fc.tuple(state, state), (states) => {
      const { at, balancer, all, ended } = scene(2)
      const start = at.ms
      const costs = states.map(({ ms, ago, active }, i) => {
        at.ms = start + 20_000 - ago
        ended(all[i]!, answered(ms))
        all[i]!.active = active
        return Math.max(0.1, ms * Math.exp(-ago / 10_000)) * (active + 1)
      })
      at.ms = start + 20_000
      fc.pre(costs[0] !== costs[1])
      expect(balancer.pick([])).toBe(all[costs[0]! < costs[1]! ? 0 : 1]!)
    }))
  })

  test('a peak counts at once, better answers by and by', () => {
    const { at, balancer, all, ended } = scene(2)
    for (const endpoint of all) ended(endpoint, answered(10))
    ended(all[0]!, answered(500))
    expect(balancer.pick([])).toBe(all[1]!)
    at.ms += 100
    ended(all[0]!, answered(1))
    expect(balancer.pick([])).toBe(all[1]!)
    at.ms += 60_000
    ended(all[0]!, answered(1))
    ended(all[1]!, answered(10))
    expect(balancer.pick([])).toBe(all[0]!)
  })

  test('an endpoint that fails is not the fast one', () => {
    const { balancer, all, ended } = scene(2)
    ended(all[0]!, failed('connect_failed'))
    ended(all[1]!, answered(200))
    expect(balancer.pick([])).toBe(all[1]!)
  })

  test('a client that leaves says nothing about the endpoint', () => {
    const { balancer, all, ended } = scene(2)
    for (const endpoint of all) ended(endpoint, answered(100))
    ended(all[1]!, answered(101))
    ended(all[0]!, failed('client_gone'))
    expect(balancer.pick([])).toBe(all[0]!)
  })
})

describe('shares', () => {
  test('equal endpoints get equal shares', () => {
    const { balancer, all, ended } = scene(10)
    for (const endpoint of all) ended(endpoint, answered(20))
    const got = shares(balancer, 20_000)
    for (const endpoint of all) expect(Math.abs(got.get(endpoint)! / 2000 - 1)).toBeLessThan(0.1)
  })

  test('the slowest gets none, the others all of it', () => {
    const { all, ended, share } = scene(5)
    for (const endpoint of all) ended(endpoint, answered(endpoint === all[3] ? 900 : 20))
    expect(share(all[3]!)).toBe(0)
  })

  test('a newcomer among busy ones is taken for an average one until it answers, and then for what it is', () => {
    const { balancer, all, ended, share } = scene(4)
    for (const endpoint of all) ended(endpoint, answered(50))
    const [newcomer] = endpoints(1, 100)
    balancer.set([...all, newcomer!])
    expect(share(newcomer!)).toBeCloseTo(0.2, 1)
    ended(newcomer!, answered(10))
    expect(share(newcomer!)).toBeCloseTo(0.4, 1)
  })

  test('in its slow start it gets less, whatever it answers', () => {
    const { at, balancer, all, ended, share } = scene(4)
    for (const endpoint of all) ended(endpoint, answered(50))
    const [newcomer] = endpoints(1, 100)
    newcomer!.startSlowly(10_000, at.ms)
    balancer.set([...all, newcomer!])
    expect(share(newcomer!)).toBeCloseTo(0.1 / 4.1, 2)
    at.ms += 5000
    for (const endpoint of [...all, newcomer!]) ended(endpoint, answered(50))
    expect(share(newcomer!)).toBeCloseTo(0.5 / 4.5, 1)
    at.ms += 5000
    for (const endpoint of [...all, newcomer!]) ended(endpoint, answered(50))
    expect(share(newcomer!)).toBeCloseTo(0.2, 1)
  })
})

test('tried ones and those that are out are passed over, however few are left', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 12 }), fc.array(fc.nat(11)), fc.array(fc.nat(11)), (count, out, failures) => {
    const { balancer, all } = scene(count)
    for (const i of out) if (all[i]) all[i].available = false
    const tried = [...new Set(failures)].flatMap((i) => all[i] ?? [])
    const usable = all.filter((endpoint) => endpoint.available && !tried.includes(endpoint))
    const picked = balancer.pick(tried)
    if (picked === undefined) expect(usable).toEqual([])
    else expect(usable).toContain(picked)
  }))
})
