// Builds come soon after a burst, never late under a stream, and endpoints do not wait. The clock is the test's.
import { expect, test } from 'bun:test'
import { HoldOff, type Scope } from '../../src/watcher/hold-off.ts'
import { TestClock } from './clock.ts'

const setUp = () => {
  const clock = new TestClock()
  const builds: [scope: Scope, at: number][] = []
  const holdOff = new HoldOff((scope) => { builds.push([scope, clock.now()]) }, clock)
  return { clock, builds, holdOff }
}

test('one change is built after 3 ms of quiet', () => {
  const { clock, builds, holdOff } = setUp()
  holdOff.request('full')
  clock.advance(100)
  expect(builds).toEqual([['full', 3]])
})

test('a burst is one build, 3 ms after its last change', () => {
  const { clock, builds, holdOff } = setUp()
  for (let change = 0; change < 1000; change++) {
    holdOff.request('full')
    clock.advance(0.01)
  }
  clock.advance(100)
  expect(builds).toHaveLength(1)
  expect(builds[0]?.[1]).toBeCloseTo(13, 0)
})

test('a stream that never ends is built every 25 ms', () => {
  const { clock, builds, holdOff } = setUp()
  for (let ms = 0; ms < 100; ms++) {
    holdOff.request('full')
    clock.advance(1)
  }
  expect(builds.map(([, at]) => at)).toEqual([25, 50, 75, 100])
})

test('endpoints alone do not wait, and what is queued is one build', () => {
  const { clock, builds, holdOff } = setUp()
  holdOff.request('endpoints')
  holdOff.request('endpoints')
  expect(builds).toEqual([])
  clock.advance(0)
  expect(builds).toEqual([['endpoints', 0]])
  holdOff.request('endpoints')
  clock.advance(100)
  expect(builds).toHaveLength(2)
})

test('endpoints within a burst are part of its build', () => {
  const { clock, builds, holdOff } = setUp()
  holdOff.request('endpoints')
  holdOff.request('full')
  holdOff.request('endpoints')
  clock.advance(100)
  expect(builds).toEqual([['full', 3]])
})
