// When to build after a change: soon after the last of a burst, never late, never once for each. Knows nothing of what is built.

/** Times in ms. Injected, so that tests own the time. */
export type Clock = {
  now(): number
  after(delayMs: number, run: () => void): void
  /** After what is already queued in the event loop. */
  soon(run: () => void): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => { setTimeout(run, delayMs) },
  soon: (run) => { setImmediate(run) },
}

/** full: anything may have changed. endpoints: EndpointSlices alone, the short way to the table. */
export type Scope = 'full' | 'endpoints'

// Files and API events of one `kubectl apply` follow each other within a millisecond or two.
const quietMs = 3
// A stream of changes that never ends is served too: half of what a change may take from write to live is left for building.
const maxHoldMs = 25

export class HoldOff {
  readonly #build: (scope: Scope) => void
  readonly #clock: Clock
  #firstMs: number | null = null
  #lastMs = 0
  #endpointsQueued = false

  constructor(build: (scope: Scope) => void, clock: Clock = systemClock) {
    this.#build = build
    this.#clock = clock
  }

  /** Endpoints changed together with the rest of a burst wait for it: the table must not mix two states of the world. */
  request(scope: Scope): void {
    if (scope === 'full') this.#hold()
    else if (this.#firstMs === null) this.#queueEndpoints()
  }

  #hold(): void {
    this.#lastMs = this.#clock.now()
    if (this.#firstMs !== null) return
    this.#firstMs = this.#lastMs
    this.#clock.after(quietMs, () => { this.#check() })
  }

  // One timer at a time, put off when it fires, instead of one for each change.
  #check(): void {
    if (this.#firstMs === null) return
    const now = this.#clock.now()
    const waitMs = Math.min(this.#lastMs + quietMs, this.#firstMs + maxHoldMs) - now
    if (waitMs > 0) return this.#clock.after(waitMs, () => { this.#check() })
    this.#firstMs = null
    this.#build('full')
  }

  #queueEndpoints(): void {
    if (this.#endpointsQueued) return
    this.#endpointsQueued = true
    this.#clock.soon(() => {
      this.#endpointsQueued = false
      if (this.#firstMs === null) this.#build('endpoints')
    })
  }
}
