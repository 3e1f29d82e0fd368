// Time that passes when the test says so.
import type { Clock } from '../../src/watcher/hold-off.ts'

export class TestClock implements Clock {
  #now = 0
  #timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): void {
    this.#timers.push({ at: this.#now + delayMs, run })
  }

  soon(run: () => void): void {
    this.after(0, run)
  }

  /** Runs what is due until then, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((timer) => timer !== due)
      this.#now = due.at
      due.run()
    }
    this.#now = until
  }
}
