// The time of day of moments that were taken by the monotonic clock, for logs and between threads. No deadline is held by it: it jumps where the system's clock
// is set, as on a node that boots with a wrong one.

/** Between two looks at the system's clock. */
const LOOK_EVERY_MS = 1000
/** Less is how coarse Date.now is, or the slow hand of NTP: keeping the fraction is worth more. */
const JUMP_MS = 5

export class WallClock {
  #originMs = performance.timeOrigin
  #lookAtMs = 0

  /** Epoch ms with a fraction. moment: of performance.now() in this thread. */
  at(moment: number): number {
    if (moment >= this.#lookAtMs) this.#look(moment)
    return this.#originMs + moment
  }

  now(): number { return this.at(performance.now()) }

  #look(moment: number) {
    this.#lookAtMs = moment + LOOK_EVERY_MS
    const originMs = Date.now() - performance.now()
    if (Math.abs(originMs - this.#originMs) > JUMP_MS) this.#originMs = originMs
  }
}
