// How many further tries a backend bears: when all its endpoints fail, retries would be most of the load just when it can bear least.
// For one backend and worker. Knows no requests and no endpoints.

/** Of the requests of a window. As Finagle and Linkerd have it. */
const SHARE = 0.2
/** Below SHARE of few requests nothing could be retried: so many a second may be in any case. */
const LEAST_PER_SECOND = 10
/** Long enough that one endpoint of three can die at once without a request lost, short enough to be no store of old credit. */
const WINDOW_MS = 10_000
const LEAST = LEAST_PER_SECOND * WINDOW_MS / 1000

export class RetryBudget {
  #since = 0
  #requests = 0
  #retries = 0

  /** A request begins. */
  count() { this.#requests++ }

  /** Whether one more try may be made at `nowMs` (performance.now()); it is counted. */
  spend(nowMs: number): boolean {
    if (nowMs - this.#since >= WINDOW_MS) this.#renew(nowMs)
    if (this.#retries >= Math.max(LEAST, this.#requests * SHARE)) return false
    this.#retries++
    return true
  }

  #renew(nowMs: number) {
    this.#since = nowMs
    this.#requests = this.#retries = 0
  }
}
