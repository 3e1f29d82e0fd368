// What a pool counts, for /table and /metrics. Whatever happens to a pool also happens to the whole that it is a part of: all pools of a
// Service, all of a worker. Numbers only: a hit costs three additions.

export type PoolCounts = {
  /** Connections now, those that are being opened too. */
  readonly open: number
  /** Of these: being opened, which requests wait for. */
  readonly waiting: number
  /** Of these: at rest, kept for the next request. */
  readonly idle: number
  /** Requests that found a connection; that had one opened. */
  readonly hits: number
  readonly misses: number
  /** Idle connections that were closed because there were too many, or the limits changed. */
  readonly evictions: number
}

export class PoolStats implements PoolCounts {
  open = 0
  waiting = 0
  idle = 0
  hits = 0
  misses = 0
  evictions = 0
  /** Pools that count here. */
  pools = 0
  /** `namespace/name:port`; `` for all. */
  readonly service: string
  readonly #whole: PoolStats | null

  constructor(service: string, whole: PoolStats | null) {
    this.service = service
    this.#whole = whole
  }

  hit() {
    this.hits++
    this.#whole?.hit()
  }
  /** A connection is being opened. */
  miss() {
    this.misses++
    this.open++
    this.waiting++
    this.#whole?.miss()
  }
  stood() {
    this.waiting--
    this.#whole?.stood()
  }
  /** One more rests, or with -1 one less. */
  idled(change: 1 | -1) {
    this.idle += change
    this.#whole?.idled(change)
  }
  /** standing: it had come to stand. */
  gone(standing: boolean) {
    this.open--
    if (!standing) this.waiting--
    this.#whole?.gone(standing)
  }
  evicted() {
    this.evictions++
    this.#whole?.evicted()
  }

  /** A pool counts here from now on, or with -1 no more. */
  joined(change: 1 | -1) {
    this.pools += change
    this.#whole?.joined(change)
  }
  /** Something was counted since the last `drain`. */
  get hasNews() { return this.hits + this.misses + this.evictions > 0 }
  /** Nothing counts here, or ever will but by a new pool. */
  get isOver() { return this.pools === 0 && this.open === 0 }

  counts(): PoolCounts {
    const { open, waiting, idle, hits, misses, evictions } = this
    return { open, waiting, idle, hits, misses, evictions }
  }
  /** As `counts`, with hits, misses and evictions since the last time. */
  drain(): PoolCounts {
    const counts = this.counts()
    this.hits = this.misses = this.evictions = 0
    return counts
  }
}
