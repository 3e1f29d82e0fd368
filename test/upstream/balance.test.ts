// Smooth weighted round robin: exact shares in every window, nobody twice who failed, no herd at the start.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { roundRobin } from '../../src/upstream/balance.ts'

const endpoints = (weights: readonly number[]) => weights.map((weight, id) => ({ id, weight, current: 0 }))

test('over one round of the weights each endpoint gets exactly its weight', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), (weights) => {
    const all = endpoints(weights)
    const picked = weights.map(() => 0)
    const round = weights.reduce((sum, weight) => sum + weight, 0)
    for (let i = 0; i < round; i++) picked[roundRobin(all, [])!.id]!++
    expect(picked).toEqual([...weights])
  }))
})

test('a heavy endpoint is spread over the round, not sent in a burst', () => {
  const all = endpoints([5, 1, 1])
  const order = Array.from({ length: 7 }, () => roundRobin(all, [])!.id)
  expect(order).toEqual([0, 0, 1, 0, 2, 0, 0])
})

test('an endpoint that was tried is passed over; when all were, there is none', () => {
  const all = endpoints([1, 1])
  const first = roundRobin(all, [])!
  const second = roundRobin(all, [first])!
  expect(second).not.toBe(first)
  expect(roundRobin(all, [first, second])).toBeUndefined()
  expect(roundRobin([], [])).toBeUndefined()
})
