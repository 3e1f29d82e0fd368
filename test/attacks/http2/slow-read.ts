// Large answers that are not taken: CVE-2019-9511, -9517 and their kin. The proxy holds what it has read of them.
import { SETTING } from '../../../src/http/h2/frames.ts'
import { head } from '../../features/http2-client.ts'
import { lone, windowUpdate } from '../../http/h2/wire.ts'
import type { Attack } from '../attack.ts'
import { id } from '../flood.ts'
import { LARGE_PATH } from '../scene.ts'

const STREAMS = 128
const STEP_MS = 20
/** Requests a step: as many as are answered before the next one. */
const HEADS = 50
const requests = Buffer.concat(Array.from({ length: STREAMS }, (_, n) => lone(id(n), head(LARGE_PATH))))
const ABSURD_WINDOW = 2 ** 30
/** One octet more for each stream. */
const drops = Buffer.concat(Array.from({ length: STREAMS }, (_, n) => windowUpdate(id(n), 1)))
/** Of each stream the first read of its answer, 128 KiB; the buffers it was read into, and those of the round before, until they are collected. */
const HELD_MIB = 64
/** A stream is reset, and a connection given up, 60 s after the last progress; seconds are counted on a coarse clock. */
const SEND_SECONDS = 70
/** Who neither reads nor writes does not see that it was cut; over TLS Bun does not always tell who writes. */
const LOOK_MS = 1_000
/** Streams whose answers can't leave stay open: so long, at most, until the kernel is full of answers and there are too many. */
const FULL_SECONDS = 60

export const slowRead: readonly Attack[] = [
  {
    name: 'zero-window',
    reason: 'timeout_send',
    inert: 'each stream is reset after its time, the connection stays',
    heldMiB: HELD_MIB,
    seconds: SEND_SECONDS,
    run: async (attacker) => {
      const line = await attacker.http2([[SETTING.INITIAL_WINDOW_SIZE, 0]])
      await line.send(requests)
      await attacker.hold()
    },
  },
  {
    name: 'data-dribble',
    reason: 'window_update_flood',
    run: async (attacker) => {
      const line = await attacker.http2([[SETTING.INITIAL_WINDOW_SIZE, 0]])
      await line.send(requests)
      while (!line.closed && !attacker.over) await line.send(drops)
    },
  },
  {
    name: 'data-dribble-slow',
    reason: 'window_update_flood',
    heldMiB: HELD_MIB,
    run: async (attacker) => {
      const line = await attacker.http2([[SETTING.INITIAL_WINDOW_SIZE, 0]])
      await line.send(requests)
      for (; !line.closed && !attacker.over; await attacker.pause(STEP_MS)) await line.send(drops)
    },
  },
  {
    name: 'deaf-heads',
    reason: 'stream_limit_flood',
    inert: 'they are requests, and are answered as long as the kernel takes the answers',
    heldMiB: HELD_MIB,
    seconds: FULL_SECONDS,
    run: async (attacker) => {
      const line = await attacker.http2([], { deaf: true })
      for (let n = 0; !line.closed && !attacker.over; n += HEADS, await attacker.pause(STEP_MS)) {
        await line.send(Buffer.concat(Array.from({ length: HEADS }, (_, k) => lone(id(n + k), head('/', { ':method': 'HEAD' })))))
      }
    },
  },
  {
    name: 'deaf',
    transport: 'clear',
    reason: 'timeout_send',
    heldMiB: HELD_MIB,
    seconds: SEND_SECONDS,
    run: async (attacker) => {
      const line = await attacker.http2([[SETTING.INITIAL_WINDOW_SIZE, ABSURD_WINDOW]], { deaf: true })
      await line.send(requests)
      for (; !line.closed && !attacker.over; await attacker.pause(LOOK_MS)) await line.send(windowUpdate(0, 1))
    },
  },
]
