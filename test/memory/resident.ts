// Resident memory of a process as the kernel accounts it (proc(5)), and when it has come to rest. Knows no program.
import { readFileSync } from 'node:fs'

export const KIB = 1_024
export const MIB = 1_048_576

/** Rss of /proc/PID/smaps_rollup, in octets: exact, unlike that of /proc/PID/statm, which each CPU counts for itself. */
export const resident = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const kib = /^Rss: +(\d+) kB$/m.exec(text)?.[1]
  if (kib === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no Rss`)
  return Number(kib) * KIB
}

const LOOK_MS = 250
/** Equal readings that make a rest. */
const LOOKS = 5
/** What they may differ by: some pages are always on their way. */
const EQUAL_BYTES = 64 * KIB
/** A collector that never rests is read all the same. */
const REST_MS = 12_000

/** Memory when it has stopped moving, the last reading after REST_MS. */
export const settled = async (pid: number): Promise<number> => {
  const seen: number[] = []
  for (const deadline = performance.now() + REST_MS; performance.now() < deadline;) {
    seen.push(resident(pid))
    const last = seen.slice(-LOOKS)
    if (last.length === LOOKS && Math.max(...last) - Math.min(...last) <= EQUAL_BYTES) break
    await Bun.sleep(LOOK_MS)
  }
  return resident(pid)
}

export type Sample = { readonly atMs: number; readonly bytes: number }

/** Looks at memory until `work` is done. */
export const watched = async (pid: number, everyMs: number, work: () => Promise<void>): Promise<Sample[]> => {
  const samples: Sample[] = []
  const look = () => { samples.push({ atMs: performance.now(), bytes: resident(pid) }) }
  look()
  const timer = setInterval(look, everyMs)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  look()
  return samples
}
