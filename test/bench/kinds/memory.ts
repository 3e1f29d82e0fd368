// What a proxy holds, when it has come to rest: PSS of its processes. Whole, after it has served; or what so many connections that rest add
// to it, for each of them.
import { type Measure, startAnew, takeTurns } from '../contest.ts'
import type { Load } from '../loads/load.ts'
import { openCrowd } from '../loads/crowd.ts'
import { memoryOf } from '../proc.ts'

const LOOK_MS = 200
/** Equal readings that make a rest. */
const LOOKS = 4
const EQUAL_BYTES = 256 << 10
/** A collector that never rests is read all the same. */
const REST_LOOKS = 40

const settled = async (pid: number): Promise<number> => {
  const seen: number[] = []
  for (let look = 0; look < REST_LOOKS; look++) {
    seen.push(memoryOf(pid).pss)
    const last = seen.slice(-LOOKS)
    if (last.length === LOOKS && Math.max(...last) - Math.min(...last) <= EQUAL_BYTES) break
    await Bun.sleep(LOOK_MS)
  }
  return seen.at(-1) ?? NaN
}

/** MB after a load of `seconds`, each round after one more. */
export const whole = (load: Load): Measure => (contestants, setup, { rounds, seconds }) => takeTurns(contestants, setup, {
  rounds,
  prepare: async () => {},
  sample: async ({ peer, contestant }) => {
    const { trouble, requests } = await load.run({ port: peer.port, secure: contestant.site.secure, seconds, folder: setup.folder })
    const value = await settled(peer.pid) / 1e6
    return { value, details: { rss: memoryOf(peer.pid).rss }, trouble: trouble ?? (requests === 0 ? 'no request was answered' : undefined) }
  },
})

/** What came and went before: compiled code and room for objects are the program's, not a connection's. */
const WARM_UP = 200

/** KiB for each of `count` connections. Each round starts each proxy anew: one that had them before keeps the room. */
export const each = ({ request, count }: { readonly request: string; readonly count: number }): Measure => (contestants, setup, { rounds }) => startAnew(contestants, setup, {
  rounds,
  sample: async ({ peer }) => {
    await (await openCrowd({ port: peer.port, request, count: WARM_UP })).stop()
    const before = await settled(peer.pid)
    const crowd = await openCrowd({ port: peer.port, request, count })
    const after = await settled(peer.pid)
    await crowd.stop()
    return { value: (after - before) / 1024 / count, details: { pss: after }, trouble: undefined }
  },
})
