// A backend that closes connections which have rested for a second, without having said so: no 502, no POST read twice. `run.ts --idle-seconds 300`
// is the long form.
import { expect, test } from 'bun:test'
import { type Found, type Scene, underLoad } from './scene.ts'

const SECONDS = 5
const WITHIN_MS = 60_000
const none = { calls: 0, sockets: 0, http1: 16, http2: 4, pods: { idleMs: 1_000 } }
const run = (scene: Pick<Scene, 'replicas' | 'rate'>): Promise<Found> => underLoad({ ...none, ...scene }, () => Bun.sleep(SECONDS * 1000))

test.each([
  ['a hundred requests a second', { replicas: 3, rate: 100 }],
  // Twenty pools (ten pods, two workers) with a request a second each: most gaps are about as long as the pods wait.
  ['gaps as long as the timeout', { replicas: 10, rate: 20 }],
])('%s', async (_, scene) => {
  const { lost, twice, never, posted } = await run(scene)
  expect({ lost, twice, never }).toEqual({ lost: [], twice: [], never: [] })
  expect(posted.length).toBeGreaterThan(SECONDS * scene.rate / 8)
}, WITHIN_MS)
