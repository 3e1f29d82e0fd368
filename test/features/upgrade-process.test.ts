// An upgrade on one host: the old and the new program share the ports, and nobody notices. `UPGRADES=10 bun test test/features/upgrade-process.test.ts`
// is the long form: ten of them, ten that are killed and ten that fail, under 500 requests a second and 200 WebSockets.
import { expect, test } from 'bun:test'
import type { Tally } from '../upgrade/lanes.ts'
import { Host } from '../upgrade/scene.ts'

const LONG = Number(process.env['UPGRADES'] ?? 0)
const UPGRADES = LONG || 3
const LOAD = LONG > 0 ? { rate: 500, sockets: 200, graceSeconds: 10 } : { rate: 400, sockets: 30, graceSeconds: 2 }
const WITHIN_MS = LONG > 0 ? 600_000 : 60_000
/** Of the grace time, what WebSockets end over at least. */
const SPREAD = 0.5

const show = (what: string, { done, lost, slowestMs }: Tally) =>
  console.log(`${what}: ${Object.entries(done).map(([name, count]) => `${count} ${name}`).join(', ')}; lost ${lost.length}; slowest ${slowestMs.toFixed(0)} ms`)

test('programs that follow each other: nothing refused, reset or failed; WebSockets end spread over the grace time', async () => {
  const upgrades: Awaited<ReturnType<Host['upgrade']>>[] = []
  const tally = await Host.run(LOAD, async (host) => {
    for (let i = 0; i < UPGRADES; i++) upgrades.push(await host.upgrade())
  })
  show(`${UPGRADES} upgrades`, tally)
  expect(tally.lost).toEqual([])
  expect(upgrades.map(({ exit }) => exit)).toEqual(Array(UPGRADES).fill(0))
  for (const [i, { fromMs, said }] of upgrades.entries()) {
    expect(said).toContain('lintel: another process listens on the same ports: new connections come here from now on, it can be ended')
    const ends = tally.ends.filter((at) => at >= fromMs && at < (upgrades[i + 1]?.fromMs ?? Infinity)).map((at) => at - fromMs)
    expect(ends.length).toBeGreaterThanOrEqual(LOAD.sockets)
    expect(Math.max(...ends) - Math.min(...ends)).toBeGreaterThan(SPREAD * LOAD.graceSeconds * 1000)
  }
}, WITHIN_MS)

test('successors that are killed, or fail with their ports half open, before they are ready: nobody notices', async () => {
  const outcomes: (readonly [ready: boolean, exit: number])[] = []
  const tally = await Host.run(LOAD, async (host) => {
    for (let i = 0; i < UPGRADES; i++) outcomes.push([await host.kill(), await host.fail()])
    expect(await host.isReady()).toBe(false)
    await host.upgrade()
    expect(await host.isReady()).toBe(true)
  })
  show(`${UPGRADES} killed, ${UPGRADES} failed, one upgrade`, tally)
  expect(tally.lost).toEqual([])
  expect(outcomes).toEqual(Array(UPGRADES).fill([false, 2]))
}, WITHIN_MS)
