// Whether an endpoint is slow beside the others of its backend. Knows times to the head alone; they compare only where every endpoint
// gets the same mix of requests.

/** An answer counts a fifth: a dozen of them tell. */
const SHARE = 0.2
const LEAST_ANSWERS = 5
/** Nobody minds less than this, however quick the others are. */
const SLOW_MS = 250
/** Slower than the others by so much: garbage collection and cold caches are not ten times. */
const SLOW_FACTOR = 10

export class Slowness {
  averageMs = 0
  #answers = 0

  answered(headMs: number) {
    this.averageMs += (headMs - this.averageMs) * (this.#answers === 0 ? 1 : SHARE)
    this.#answers++
  }

  /** Slow enough to be compared at all. */
  get isSuspect() { return this.averageMs > SLOW_MS && this.#answers >= LEAST_ANSWERS }

  /** others: averages of those it is compared with, in any order. */
  isOutlier(others: readonly number[]): boolean {
    const median = [...others].sort((a, b) => a - b)[Math.floor(others.length / 2)]
    return median !== undefined && this.averageMs > Math.max(SLOW_MS, median * SLOW_FACTOR)
  }

  /** A trial's answer: what was before it was left out says nothing any more. */
  restart(headMs: number) {
    this.averageMs = headMs
    this.#answers = LEAST_ANSWERS
  }
}
