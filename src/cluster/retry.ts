// How long the API server is left alone after it failed or refused: each time longer, as long as it asks for, never for ever. Knows no requests.
import { ApiError } from './api-error.ts'

/** First and longest pause between tries, before jitter: soon enough to go unnoticed, seldom enough for a server that comes back under load. */
const RETRY_MS = 200
const MOST_RETRY_MS = 10_000
/** The longest Retry-After that is believed: whoever stands in between may say anything. */
const MOST_ASKED_MS = 60_000

/** What the server asked for, ms. */
export const retryAfter = (error: unknown): number => (error instanceof ApiError ? Math.min(error.retryAfterMs, MOST_ASKED_MS) : 0)

/** ms. failures: in a row, before this one. random: 0 to 1. */
export function pauseAfter(error: unknown, failures: number, random = Math.random): number {
  // On top of what was asked for: all who were refused at once must not come back at once.
  return retryAfter(error) + Math.min(RETRY_MS * 2 ** failures, MOST_RETRY_MS) * (0.5 + random() / 2)
}

/** For who has much to write: a pause for all of it, where the server has no time or is not there. What it refuses by itself pauses nothing else. */
export class Rest {
  #failures = 0
  #timer: Timer | undefined

  get isOn(): boolean {
    return this.#timer !== undefined
  }

  /** ended: go on. Not called where a pause is on already: what failed with others at once failed once. */
  after(error: unknown, ended: () => void): void {
    const isServers = !(error instanceof ApiError) || error.code === 429 || error.code >= 500
    if (this.isOn || !isServers) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      ended()
    }, pauseAfter(error, this.#failures++))
  }

  succeeded(): void {
    this.#failures = 0
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
