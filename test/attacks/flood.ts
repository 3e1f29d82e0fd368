// The shape that most attacks on HTTP/2 have: something to open with, then frames without end. They are made in batches, so that making
// them costs the attacker little.
import type { Attack } from './attack.ts'

export type Flood = Pick<Attack, 'name' | 'reason' | 'inert' | 'heldMiB'> & {
  readonly settings?: readonly [key: number, value: number][]
  readonly opening?: Buffer
  /** The n-th of them; called once if `same`. */
  readonly frames: (n: number) => Buffer
  readonly same?: boolean
}

/** Frames for one write: some tens of KiB of small ones. */
const BATCH = 256
/** As large as a batch of large frames may be: one beyond it would outlast the time. */
const BATCH_BYTES = 262_144
/** Ids of streams are used up then; no attack gets that far. */
const MAX_FRAMES = 2 ** 29

export const flood = ({ settings = [], opening, frames, same = false, ...attack }: Flood): Attack => ({
  ...attack,
  run: async (attacker) => {
    const line = await attacker.http2(settings)
    if (opening !== undefined) await line.send(opening)
    const first = batch(frames, 0)
    for (let n = 0; !line.closed && !attacker.over && n < MAX_FRAMES;) {
      const { bytes, count } = same ? first : batch(frames, n)
      await line.send(bytes)
      n += count
    }
  },
})

const batch = (frames: Flood['frames'], from: number): { readonly bytes: Buffer; readonly count: number } => {
  const parts: Buffer[] = []
  for (let size = 0; parts.length < BATCH && size < BATCH_BYTES;) size += parts[parts.push(frames(from + parts.length)) - 1]!.length
  return { bytes: Buffer.concat(parts), count: parts.length }
}

/** The n-th stream that a client opens. */
export const id = (n: number): number => 2 * n + 1
