// An application that grows and shrinks under load: nobody loses anything. Shares and hashes as it grows: features/balance.test.ts.
import { expect, test } from 'bun:test'
import { underLoad } from './scene.ts'

const WITHIN_MS = 60_000

test('3 → 4 → 10 → 3 pods', async () => {
  const { lost, twice, never, failed, posted } = await underLoad({ replicas: 3, rate: 150, http1: 8, http2: 4, calls: 10, sockets: 20 }, async (deployment) => {
    for (const replicas of [4, 10, 3]) await deployment.scale(replicas)
  })
  expect({ lost, twice, never, failed }).toEqual({ lost: [], twice: [], never: [], failed: [] })
  expect(posted.length).toBeGreaterThan(20)
}, WITHIN_MS)
