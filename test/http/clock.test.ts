// Deadlines on the wheel: never early, at most two ticks late, and whoever arms last is right. The tick under way counts for nothing.
import { afterEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Clock, type Expiring } from '../../src/http/clock.ts'
import { until } from '../support/until.ts'
import { elapse, stillClock, TICK_MS } from './support.ts'

const WHEEL_MS = 256 * TICK_MS

class Deadline implements Expiring {
  dueTick = 0
  slotTick = 0
  expiries = 0
  again: () => void = () => undefined
  expired() { this.expiries++; this.again() }
}
const armed = (clock: Clock, ...eachMs: number[]): Deadline => {
  const deadline = new Deadline()
  for (const ms of eachMs) clock.arm(deadline, ms)
  return deadline
}
/** Whole ticks in ms until it expires, without the one under way when it was armed; undefined: not within `limitMs`. */
const expiry = (clock: Clock, deadline: Deadline, limitMs = 3 * WHEEL_MS): number | undefined => {
  const before = deadline.expiries
  clock.advance()
  expect(deadline.expiries).toBe(before)
  for (let passed = TICK_MS; passed <= limitMs; passed += TICK_MS) {
    elapse(clock, TICK_MS)
    if (deadline.expiries > before) return passed
  }
  return undefined
}

test.each([[1, TICK_MS], [TICK_MS, TICK_MS], [TICK_MS + 1, 2 * TICK_MS], [5_000, 5_000], [WHEEL_MS - TICK_MS, WHEEL_MS - TICK_MS], [WHEEL_MS, WHEEL_MS], [WHEEL_MS + TICK_MS, WHEEL_MS + TICK_MS], [60_000, 60_000]])(
  'armed for %d ms it expires after %d ms', (ms, after) => {
    const clock = stillClock()
    expect(expiry(clock, armed(clock, ms))).toBe(after)
  })

test.each([[[1_000, 200], 200], [[200, 1_000], 1_000], [[60_000, 200], 200], [[200, 60_000], 60_000], [[60_000, 200, 30_000], 30_000], [[300, 200, 300, 100, 400], 400]])(
  'armed for %p ms one after another it expires after %d ms, once', (eachMs, after) => {
    const clock = stillClock()
    const deadline = armed(clock, ...eachMs)
    expect(expiry(clock, deadline)).toBe(after)
    expect(expiry(clock, deadline)).toBeUndefined()
  })

test('disarmed it does not expire, armed again it does', () => {
  const clock = stillClock()
  const deadline = armed(clock, 500)
  clock.disarm(deadline)
  expect(expiry(clock, deadline)).toBeUndefined()
  clock.arm(deadline, 300)
  expect(expiry(clock, deadline)).toBe(300)
})

test('armed, disarmed and armed sooner within the same turn of the wheel', () => {
  const clock = stillClock()
  const deadline = armed(clock, 1_000)
  clock.disarm(deadline)
  clock.arm(deadline, 200)
  expect(expiry(clock, deadline)).toBe(200)
  clock.arm(deadline, 800) // falls on the slot that it left: expires there once
  expect([expiry(clock, deadline), deadline.expiries]).toEqual([800, 2])
})

test('one that is moved again and again while time passes', () => {
  const clock = stillClock()
  const deadline = armed(clock, 1_000)
  for (let moved = 0; moved < 100; moved++) {
    elapse(clock, 900)
    clock.arm(deadline, 1_000)
  }
  expect([deadline.expiries, expiry(clock, deadline)]).toEqual([0, 1_000])
})

test('arming in expired counts from there', () => {
  const clock = stillClock()
  const deadline = armed(clock, 200)
  deadline.again = () => { if (deadline.expiries < 3) clock.arm(deadline, 200) }
  elapse(clock, 10_000)
  expect(deadline.expiries).toBe(3)
})

test('one that expires may disarm another one of the same tick', () => {
  const clock = stillClock()
  const [first, second] = [armed(clock, 200), armed(clock, 200)]
  first.again = () => clock.disarm(second)
  elapse(clock, 1_000)
  expect([first.expiries, second.expiries]).toEqual([1, 0])
})

test('any sequence of arming, disarming and time behaves as a list of deadlines', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('arm' as const), who: fc.nat({ max: 3 }), ms: fc.constantFrom(1, 100, 250, 1_000, 5_000, WHEEL_MS, 70_000) }),
    fc.record({ kind: fc.constant('disarm' as const), who: fc.nat({ max: 3 }), ms: fc.constant(0) }),
    fc.record({ kind: fc.constant('pass' as const), who: fc.constant(0), ms: fc.constantFrom(100, 200, 900, 5_000, WHEEL_MS) }),
  )
  fc.assert(fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    const clock = stillClock()
    const deadlines = Array.from({ length: 4 }, () => new Deadline())
    const due: (number | null)[] = [null, null, null, null]
    const expected = [0, 0, 0, 0]
    let now = 0
    for (const { kind, who, ms } of steps) {
      const deadline = deadlines[who] ?? new Deadline()
      if (kind === 'arm') { clock.arm(deadline, ms); due[who] = now + (Math.ceil(ms / TICK_MS) + 1) * TICK_MS }
      if (kind === 'disarm') { clock.disarm(deadline); due[who] = null }
      if (kind !== 'pass') continue
      elapse(clock, ms)
      now += ms
      for (const [index, at] of due.entries()) if (at !== null && at <= now) { expected[index]!++; due[index] = null }
      expect(deadlines.map(({ expiries }) => expiries)).toEqual(expected)
    }
  }), { seed: 20261125, numRuns: 500, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false })
})

test('one that expires may forget another one of the same tick', () => {
  const clock = stillClock()
  const [first, second] = [armed(clock, 200), armed(clock, 200)]
  first.again = () => clock.forget(second)
  elapse(clock, 1_000)
  expect([first.expiries, second.expiries]).toEqual([1, 0])
})

test('forgotten it is not kept in memory', () => {
  const clock = stillClock()
  const forgotten = Array.from({ length: 100 }, () => {
    const deadline = armed(clock, 20_000)
    clock.forget(deadline)
    return new WeakRef(deadline)
  })
  Bun.gc(true)
  expect(forgotten.filter((reference) => reference.deref() === undefined).length).toBeGreaterThan(50)
  elapse(clock, WHEEL_MS)
})

describe('by itself', () => {
  let clock: Clock
  afterEach(() => clock.close())
  test('its own timer moves it', async () => {
    clock = new Clock()
    const deadline = armed(clock, 1)
    await until('expiry', () => deadline.expiries === 1)
  })
})
