// What an endpoint's attempts say of it: three failures in a row, silence, slowness; then one trial at a time, further and further apart.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { FIRST_BACKOFF_MS, Health, LONGEST_BACKOFF_MS } from '../../../src/upstream/health/health.ts'
import { Pace } from '../../../src/upstream/health/pace.ts'

const unjittered = () => new Health(() => 0.5)
const attempt = (health: Health, error: string, { from, to = from }: { from: number; to?: number }) => {
  health.began(from, null)
  if (error === '') health.answered(from)
  return health.ended(error, from, to)
}
const ejected = (error = 'connect_failed') => {
  const health = unjittered()
  for (const from of [0, 1, 2]) attempt(health, error, { from })
  return health
}

test('three failures in a row leave it out, two do not; a whole answer between them starts anew', () => {
  const health = unjittered()
  attempt(health, 'upstream_reset', { from: 0 })
  attempt(health, 'upstream_reset', { from: 1 })
  attempt(health, '', { from: 2 })
  attempt(health, 'upstream_reset', { from: 3 })
  attempt(health, 'upstream_reset', { from: 4 })
  expect(health.condition).toBe('well')
  expect(attempt(health, 'upstream_reset', { from: 5 })).toBe(true)
  expect(health).toMatchObject({ condition: 'out', reason: 'failing', trial: false })
})

test('refused connections say that it is dead', () => {
  expect(ejected('connect_failed')).toMatchObject({ condition: 'dead', reason: 'refused' })
  expect(ejected('timeout_connect')).toMatchObject({ condition: 'dead', reason: 'refused' })
})

test('failures far apart have nothing to do with each other', () => {
  const health = unjittered()
  for (const from of [0, 20_000, 40_000, 60_000]) attempt(health, 'timeout_header', { from })
  expect(health.condition).toBe('well')
})

test('what the client did says nothing', () => {
  const health = unjittered()
  for (let from = 0; from < 20; from++) attempt(health, 'client_gone', { from })
  expect(health.condition).toBe('well')
})

test('one trial when it is due; while that runs nothing else goes', () => {
  const health = ejected()
  expect(health.wake(2 + FIRST_BACKOFF_MS - 1)).toBe(false)
  expect(health.wake(2 + FIRST_BACKOFF_MS)).toBe(true)
  expect(health.trial).toBe(true)
  expect(health.began(2000, null)).toBe(true)
  expect(health.trial).toBe(false)
  expect(health.answered(2000)).toBe(true)
  expect(health).toMatchObject({ condition: 'well', reason: null, dueMs: Infinity })
})

test('an answer to what began before it was left out does not bring it back', () => {
  const health = unjittered()
  health.began(0, null)
  for (const from of [1, 2, 3]) attempt(health, 'timeout_header', { from, to: 10 })
  expect(health.answered(0)).toBe(false)
  expect(health.condition).toBe('out')
})

test('after a trial one failure is enough, and it waits twice as long', () => {
  const health = ejected('upstream_reset')
  health.wake(5000)
  health.began(5000, null)
  health.answered(5000)
  expect(health.condition).toBe('well')
  health.ended('upstream_reset', 5000, 5100)
  expect(health).toMatchObject({ condition: 'out', dueMs: 5100 + 2 * FIRST_BACKOFF_MS })
})

test('it hangs: five attempts and half a second without an answer, while others answer', () => {
  const health = unjittered()
  const pace = new Pace()
  const begin = (nowMs: number) => health.began(nowMs, pace)
  for (const nowMs of [0, 100, 200, 300, 400, 600]) expect(begin(nowMs)).toBe(false) // nobody answers
  pace.answered(610, 5)
  expect(begin(620)).toBe(true)
  expect(health.reason).toBe('silent')
})

test('it does not hang where all take their time, nor where it answers now and then', () => {
  const health = unjittered()
  const pace = new Pace()
  pace.answered(1, 30_000)
  for (let nowMs = 0; nowMs < 20_000; nowMs += 100) { pace.answered(nowMs, 30_000); expect(health.began(nowMs, pace)).toBe(false) }
  const quick = new Pace()
  const other = unjittered()
  for (let nowMs = 0; nowMs < 20_000; nowMs += 50) {
    quick.answered(nowMs, 5)
    expect(other.began(nowMs, quick)).toBe(false)
    if (nowMs % 400 === 0) other.answered(nowMs)
  }
})

test('waits grow from trial to trial up to a bound, whatever the chance', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 12, maxLength: 12 }), (chances) => {
    const next = chances.values()
    const health = new Health(() => next.next().value ?? 0.5)
    for (const from of [0, 1, 2]) attempt(health, 'connect_failed', { from })
    let now = 2
    let last = 0
    for (let trials = 0; trials < 10; trials++) {
      const wait = health.dueMs - now
      expect(wait).toBeGreaterThan(Math.min(last, LONGEST_BACKOFF_MS * 0.9) * 0.9)
      expect(wait).toBeLessThanOrEqual(LONGEST_BACKOFF_MS * 1.1)
      last = wait
      now = health.dueMs
      expect(health.wake(now)).toBe(true)
      attempt(health, 'connect_failed', { from: now })
    }
    expect(last).toBeGreaterThan(LONGEST_BACKOFF_MS * 0.85)
  }))
})

test('whatever happens, it takes at most one attempt for each trial while it is left out', () => {
  const step = fc.record({ pass: fc.integer({ min: 0, max: 3000 }), error: fc.constantFrom('', 'connect_failed', 'upstream_reset', 'client_gone') })
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const health = unjittered()
    let now = 1
    let trials = 0
    let taken = 0
    for (const { pass, error } of steps) {
      now += pass
      if (health.wake(now)) trials++
      if (health.condition !== 'well' && !health.trial) continue // not picked
      if (health.trial) taken++
      attempt(health, error, { from: now })
      expect(health.trial).toBe(false)
      expect(taken).toBeLessThanOrEqual(trials)
      if (error === '') expect(health.condition).toBe('well')
    }
  }))
})

test('its state as people see it: on trial once one is due, while it runs, and ejected again when it fails', () => {
  const health = ejected()
  expect([health.stateAt(FIRST_BACKOFF_MS), unjittered().stateAt(0)]).toEqual(['ejected', 'well'])
  expect(health.stateAt(FIRST_BACKOFF_MS + 2)).toBe('trial') // due, and nobody has asked yet
  health.wake(FIRST_BACKOFF_MS + 2)
  expect(health.stateAt(FIRST_BACKOFF_MS + 2)).toBe('trial')
  health.began(FIRST_BACKOFF_MS + 3, null)
  expect(health.stateAt(FIRST_BACKOFF_MS + 4)).toBe('trial')
  health.ended('connect_failed', FIRST_BACKOFF_MS + 3, FIRST_BACKOFF_MS + 5)
  expect(health.stateAt(FIRST_BACKOFF_MS + 6)).toBe('ejected')
})
