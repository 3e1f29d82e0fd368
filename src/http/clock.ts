// One coarse timer wheel per worker drives every deadline: 'timeout' never fires on a stalled write in Bun (bun.md §1.3), and a timer
// armed for each request costs more than the store that `arm` is. Knows nothing of what expires.

/** Deadlines are never early, and at most two ticks late. */
const TICK_MS = 100
const SLOTS = 256

/** Something that can run out of time. `dueTick` and `slotTick` belong to the Clock and start as 0. */
export interface Expiring {
  dueTick: number
  slotTick: number
  expired(): void
}

export class Clock {
  #tick = 1
  readonly #slots = Array.from({ length: SLOTS }, () => new Set<Expiring>())
  readonly #timer = setInterval(() => this.advance(), TICK_MS)

  /** Expires `ms` from now. Arming again moves it: mostly one store, as an entry visited too early goes on to its real slot. */
  arm(entry: Expiring, ms: number) {
    entry.dueTick = this.#tick + 1 + Math.ceil(ms / TICK_MS)
    if (entry.slotTick === 0 || entry.slotTick > entry.dueTick) this.#place(entry)
  }
  /** When an armed entry was armed with `ms`, as nowMs. */
  armedAtMs(entry: Expiring, ms: number): number { return (entry.dueTick - 1 - Math.ceil(ms / TICK_MS)) * TICK_MS }
  disarm(entry: Expiring) { entry.dueTick = 0 }
  /** Disarmed for good: without this a closed connection stays in memory until its slot comes round. */
  forget(entry: Expiring) {
    this.disarm(entry)
    this.#take(entry)
  }

  /** One tick. Called by the timer, and by tests that bring their own time. */
  advance() {
    const tick = ++this.#tick
    const index = tick % SLOTS
    const visited = this.#slots[index]!
    if (visited.size === 0) return
    this.#slots[index] = new Set()
    for (const entry of visited) {
      if (entry.slotTick !== tick) continue // forgotten by one that has just expired
      entry.slotTick = 0
      if (entry.dueTick === 0) continue
      if (entry.dueTick > tick) { this.#place(entry); continue }
      entry.dueTick = 0
      entry.expired()
    }
  }

  /** Time by its ticks: costs no call, and lags where the event loop was held up. */
  get nowMs() { return this.#tick * TICK_MS }

  close() { clearInterval(this.#timer) }

  #place(entry: Expiring) {
    this.#take(entry)
    entry.slotTick = Math.min(entry.dueTick, this.#tick + SLOTS - 1)
    this.#slots[entry.slotTick % SLOTS]!.add(entry)
  }
  #take(entry: Expiring) {
    if (entry.slotTick !== 0) this.#slots[entry.slotTick % SLOTS]!.delete(entry)
    entry.slotTick = 0
  }
}
