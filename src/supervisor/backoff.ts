// How long to wait before a dead thread is started again: not at all the first time, longer while it keeps dying.

const FIRST_MS = 100
/** Long enough to cost nothing, short enough that a mended cause shows at once. */
const LONGEST_MS = 5000
/** Each such time that a thread lives makes up for one death: what strikes now and then finds it soon back, what strikes at each start does not. */
const FORGIVEN_MS = 2000
const MOST_DEATHS = 2 + Math.ceil(Math.log2(LONGEST_MS / FIRST_MS))

/** `next` takes how long the thread lived and gives the wait in ms: 0, 100, 200, 400 … 5000, where it dies at once. */
export function backoff(): { next(livedMs: number): number } {
  let deaths = 0
  return {
    next(livedMs) {
      // Beyond the longest wait no more are counted: they would take as long to make up for.
      deaths = Math.min(MOST_DEATHS, Math.max(0, deaths - Math.floor(livedMs / FORGIVEN_MS)) + 1)
      return deaths === 1 ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (deaths - 2))
    },
  }
}
