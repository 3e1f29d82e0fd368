// Rollouts of an application without a preStop hook, under requests, calls and WebSockets: nobody loses anything. `run.ts` is the long form.
import { expect, test } from 'bun:test'
import { underLoad } from './scene.ts'

const WITHIN_MS = 60_000
const CALLS = 10
const SOCKETS = 30
const load = { replicas: 3, rate: 150, http1: 8, http2: 4, calls: CALLS, sockets: SOCKETS }

test('no answer of 500 or more, no reset, each POST read exactly once', async () => {
  const { lost, twice, never, failed, posted, calls, sockets } = await underLoad(load, async (deployment) => {
    for (let i = 0; i < 2; i++) await deployment.roll()
  })
  expect({ lost, twice, never, failed }).toEqual({ lost: [], twice: [], never: [], failed: [] })
  expect(posted.length).toBeGreaterThan(50)
  // Every pod of the first rollout is gone: each call and each WebSocket has begun anew at least once.
  expect(calls).toBeGreaterThanOrEqual(2 * CALLS)
  expect(sockets).toBeGreaterThanOrEqual(2 * SOCKETS)
}, WITHIN_MS)

test('of pods that close in the moment of the signal: nothing but POSTs that no pod has read', async () => {
  const { lost, twice, never, inVain, posted } = await underLoad({ ...load, pods: { abrupt: true } }, (deployment) => deployment.roll())
  expect({ lost: lost.filter((text) => !text.startsWith('POST ')), twice, never, inVain }).toEqual({ lost: [], twice: [], never: [], inVain: [] })
  expect(posted.length).toBeGreaterThan(20)
}, WITHIN_MS)

test('what a pod takes along when it is killed is noticed', async () => {
  const { lost } = await underLoad({ ...load, http1: 0, http2: 0 }, (deployment) => deployment.crash())
  expect(lost.some((text) => text.startsWith('call'))).toBe(true)
  expect(lost.some((text) => text.startsWith('socket'))).toBe(true)
}, WITHIN_MS)
