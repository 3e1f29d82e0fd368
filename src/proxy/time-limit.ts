// How long a request may take in all, and may wait for its place. A request without a limit that does not wait never comes here.
// Knows no connection.
import type { Clock, Expiring } from '../http/clock.ts'
import { ProxyError } from '../http/message.ts'

const OVERTIME = new ProxyError('upstream', 'timeout_request', { status: 504, message: 'the request took longer than it may' })
const NO_PLACE = new ProxyError('upstream', 'timeout_pending', { status: 503, message: 'the upstream had no place for the request in time' })

export class TimeLimit implements Expiring {
  dueTick = 0
  slotTick = 0
  readonly #clock: Clock
  readonly #exceeded: (error: ProxyError) => void
  /** performance.now() when all its time is over; Infinity: never. */
  #overMs = Infinity
  #waits = false

  constructor(clock: Clock, exceeded: (error: ProxyError) => void) {
    this.#clock = clock
    this.#exceeded = exceeded
  }

  /** limitMs: after startMs (performance.now()). */
  begin(startMs: number, limitMs: number) {
    this.#overMs = startMs + limitMs
    this.#arm()
  }
  #arm() { this.#clock.arm(this, Math.max(0, this.#overMs - performance.now())) }

  /** For a place, until `placed`. */
  wait(patienceMs: number) {
    this.#waits = true
    this.#clock.arm(this, Math.min(patienceMs, Math.max(0, this.#overMs - performance.now())))
  }
  placed() {
    this.#waits = false
    if (this.#overMs < Infinity) this.#arm()
    else this.#clock.forget(this)
  }

  end() {
    if (this.dueTick !== 0) this.#clock.forget(this)
    this.#overMs = Infinity
    this.#waits = false
  }

  expired() { this.#exceeded(this.#waits && performance.now() < this.#overMs ? NO_PLACE : OVERTIME) }
}
