// An upgrade on one host: the old and the new program share the ports, and nobody notices, under 500 requests a second (HTTP/1.1 in clear and by TLS, h2 and
// gRPC by TLS) and 200 WebSockets. `UPGRADES=10 bun test test/features/upgrade-process.test.ts` is the long form: ten of each, and more grace.
import { expect, test } from 'bun:test'
import type { Tally } from '../upgrade/lanes.ts'
import { Host } from '../upgrade/scene.ts'

const LONG = Number(process.env['UPGRADES'] ?? 0)
const UPGRADES = LONG || 2
const LOAD = { rate: 500, sockets: 200, graceSeconds: LONG > 0 ? 10 : 3 }
const WITHIN_MS = LONG > 0 ? 1_800_000 : 240_000
/** Listeners: two workers, each for HTTP and HTTPS. */
const ALL = 4
/** Losses in a failure. */
const SHOWN = 10
/** Of the grace time, what WebSockets end over at least. */
const SPREAD = 0.5
/** Of all that end, how many do in one tenth of the grace time at most: spread evenly, an eighth would. */
const CROWD = 0.35

const show = (what: string, { done, lost, slowestMs, seconds }: Tally & { readonly seconds: number }) => {
  const requests = Object.entries(done).filter(([name]) => !name.startsWith('sockets') && name !== 'probes').reduce((sum, [, count]) => sum + count, 0)
  const lanes = Object.entries(done).map(([name, count]) => `${count} ${name}`).join(', ')
  console.log(`${what}: ${requests} requests, ${(requests / seconds).toFixed(0)}/s (${lanes}); lost ${lost.length}; slowest ${slowestMs.toFixed(0)} ms`)
}

test('programs that follow each other: nothing refused, reset or failed; WebSockets end spread over the grace time', async () => {
  const upgrades: Awaited<ReturnType<Host['upgrade']>>[] = []
  const tally = await Host.run(LOAD, async (host) => {
    for (let i = 0; i < UPGRADES; i++) upgrades.push(await host.upgrade())
  })
  show(`${UPGRADES} upgrades`, tally)
  expect(tally.lost.slice(0, SHOWN)).toEqual([])
  expect(upgrades.map(({ exit }) => exit)).toEqual(Array(UPGRADES).fill(0))
  const graceMs = LOAD.graceSeconds * 1000
  for (const [i, { fromMs, said }] of upgrades.entries()) {
    expect(said).toContain('lintel: another process listens on the same ports: new connections come here from now on, it can be ended')
    const ends = tally.ends.filter((at) => at >= fromMs && at < (upgrades[i + 1]?.fromMs ?? Infinity)).map((at) => at - fromMs)
    expect(ends.length).toBeGreaterThanOrEqual(LOAD.sockets)
    expect(Math.max(...ends) - Math.min(...ends)).toBeGreaterThan(SPREAD * graceMs)
    const tenths = ends.reduce<Record<number, number>>((counts, at) => ({ ...counts, [Math.floor(10 * at / graceMs)]: (counts[Math.floor(10 * at / graceMs)] ?? 0) + 1 }), {})
    expect(Math.max(...Object.values(tenths))).toBeLessThan(CROWD * ends.length)
  }
}, WITHIN_MS)

test('successors that are killed before they are ready, with none, one or all of their listeners open, or fail with their ports half open: nobody notices', async () => {
  const outcomes: (readonly [ready: boolean, first: number, all: number, exit: number | null])[] = []
  const tally = await Host.run(LOAD, async (host) => {
    await host.upgrade()
    for (let i = 0; i < UPGRADES; i++) {
      outcomes.push([await host.killAsItAnswers(), await host.killAsItListens(1), await host.killAsItListens(ALL), await host.fail()])
    }
    expect(await host.isReady()).toBe(false)
    await host.upgrade()
    expect(await host.isReady()).toBe(true)
  })
  show(`${UPGRADES} failed and ${3 * UPGRADES} killed, two upgrades`, tally)
  expect(tally.lost.slice(0, SHOWN)).toEqual([])
  expect(outcomes.map(([ready, , all, exit]) => [ready, all, exit])).toEqual(Array(UPGRADES).fill([false, ALL, 3]))
  for (const [, first] of outcomes) expect(first).toBeGreaterThan(0)
}, WITHIN_MS)
