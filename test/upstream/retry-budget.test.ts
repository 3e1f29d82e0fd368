// A share of the requests, but so many in any case; whatever comes, retries stay a small part of the load.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { RetryBudget } from '../../src/upstream/retry-budget.ts'

const spent = (budget: RetryBudget, times: number, now: number) => Array.from({ length: times }, () => budget.spend(now)).filter(Boolean).length
const counted = (budget: RetryBudget, requests: number) => { for (let i = 0; i < requests; i++) budget.count() }

test('few requests: 100 in ten seconds', () => {
  const budget = new RetryBudget()
  expect([spent(budget, 1000, 20_000), spent(budget, 1000, 29_999), spent(budget, 1000, 30_000)]).toEqual([100, 0, 100])
})

test('many requests: one in five', () => {
  const budget = new RetryBudget()
  expect(budget.spend(20_000)).toBe(true)
  counted(budget, 5000)
  expect(spent(budget, 5000, 25_000)).toBe(999)
})

test('calm hours earn nothing', () => {
  const budget = new RetryBudget()
  counted(budget, 1_000_000)
  expect(spent(budget, 5000, 3_600_000)).toBe(100)
})

test('all requests fail, at any rate and for any time: less than a fifth of them more, or 10 a second', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 40 }), (perSecond, seconds) => {
    const budget = new RetryBudget()
    let retries = 0
    for (let i = 0; i < perSecond * seconds; i++) {
      budget.count()
      retries += spent(budget, 2, 10_000 + i * 1000 / perSecond)
    }
    const ofWindow = Math.max(perSecond * 10 * 0.2, 100)
    expect(retries).toBeLessThanOrEqual(ofWindow * Math.ceil(seconds / 10) + 1)
  }), { numRuns: 50 })
})
