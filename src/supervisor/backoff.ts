// How long to wait before a dead thread is started again: not at all the first time, longer while it keeps dying.

const FIRST_MS = 100
/** Long enough to cost nothing, short enough that a mended cause shows at once. */
const LONGEST_MS = 5000
/** Whoever lived so long died of something new. */
const STEADY_MS = 10_000

/** `next` takes how long the thread lived and gives the wait in ms: 0, 100, 200, 400 … 5000. */
export function backoff(): { next(livedMs: number): number } {
  let deaths = 0
  return {
    next(livedMs) {
      deaths = livedMs >= STEADY_MS ? 1 : deaths + 1
      return deaths === 1 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (deaths - 2))
    },
  }
}
