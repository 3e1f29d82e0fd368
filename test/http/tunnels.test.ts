// Tunnels that are ended over a time: each after an even part of it, none too early, none left; whoever ended by itself is not ended again.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Tunnel, Tunnels } from '../../src/http/tunnels.ts'
import { stillClock, TICK_MS } from './support.ts'

/** What the clock's ticks and the look every 100 ms may add to a moment. */
const LATE_MS = 3 * TICK_MS

function timed() {
  const clock = stillClock()
  let nowMs = 1_000_000
  const tunnels = new Tunnels(clock, () => nowMs)
  const endings: { name: string; ms: number }[] = []
  const begun = (name: string): Tunnel => {
    const tunnel = { leave: () => { endings.push({ name, ms: nowMs - 1_000_000 }) } }
    tunnels.add(tunnel)
    return tunnel
  }
  const elapse = (ms: number) => { for (const untilMs = nowMs + ms; nowMs < untilMs; clock.advance()) nowMs += TICK_MS }
  return { tunnels, endings, begun, elapse }
}

test('each after an even part of the time, in the order in which they began', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 60_000 }), (count, ms) => {
    const { tunnels, endings, begun, elapse } = timed()
    for (let n = 1; n <= count; n++) begun(String(n))
    tunnels.endWithin(ms)
    elapse(ms + LATE_MS)
    expect(endings.map(({ name }) => name)).toEqual(Array.from({ length: count }, (_, n) => String(n + 1)))
    for (const [n, ending] of endings.entries()) {
      const evenly = (ms * (n + 1)) / count
      expect(ending.ms).toBeGreaterThan(evenly - 1)
      expect(ending.ms).toBeLessThan(evenly + LATE_MS)
    }
  }), { numRuns: 50 })
})

test('whoever ends by itself leaves its time to the others', () => {
  const { tunnels, endings, begun, elapse } = timed()
  const [first, second] = [begun('first'), begun('second')]
  begun('third')
  tunnels.endWithin(9_000)
  tunnels.remove(first)
  elapse(3_000 + LATE_MS)
  expect(endings.map(({ name }) => name)).toEqual(['second'])
  tunnels.remove(second)
  elapse(6_000)
  expect(endings.map(({ name }) => name)).toEqual(['second', 'third'])
})

test('those that begin meanwhile end too, also when the time is over', () => {
  const { tunnels, endings, begun, elapse } = timed()
  tunnels.endWithin(2_000)
  begun('meanwhile')
  elapse(1_000)
  expect(endings).toEqual([])
  elapse(1_000 + LATE_MS)
  begun('late')
  elapse(LATE_MS)
  expect(endings.map(({ name }) => name)).toEqual(['meanwhile', 'late'])
})
