// The tunnels of a worker, to be ended one after another when it drains: clients that all reconnected in one instant would be a stampede.
// Knows no protocol and no connection.
import type { Clock, Expiring } from './clock.ts'
import { ProxyError } from './message.ts'

/** An exchange that became a tunnel. */
export interface Tunnel {
  /**
   * Ends it with a FIN each way. What it carries is not looked at, so there is no telling where a WebSocket message ends and a close frame
   * (1001, RFC 6455 §7.4.1) could stand: within a message it would break what it is to announce. Clients take the FIN for 1006 and reconnect.
   */
  leave(): void
}

/** Requests, and tunnels, that did not end by themselves before the worker did. */
export const SHUTDOWN = new ProxyError('internal', 'shutdown', { status: 503, message: 'the proxy is shutting down' })

/** How often it is looked whether the next one is due. */
const STEP_MS = 100

export class Tunnels implements Expiring {
  dueTick = 0
  slotTick = 0
  readonly #clock: Clock
  /** The wheel's own ticks would lag on a busy machine, and with them the end. */
  readonly #now: () => number
  /** In the order in which they began. */
  readonly #open = new Set<Tunnel>()
  /** When the next one ends, and when all have. */
  #nextMs = 0
  #untilMs = 0

  constructor(clock: Clock, now: () => number = () => performance.now()) {
    this.#clock = clock
    this.#now = now
  }

  add(tunnel: Tunnel) { this.#open.add(tunnel) }
  remove(tunnel: Tunnel) { this.#open.delete(tunnel) }

  /** Ends them at even intervals, the oldest first, and those that begin meanwhile: the last one has all of ms, then none is left. */
  endWithin(ms: number) {
    this.#nextMs = this.#now()
    this.#untilMs = this.#nextMs + ms
    this.#wait()
    this.#clock.arm(this, 0)
  }
  /** An even part of what is left. */
  #wait() { this.#nextMs += (this.#untilMs - this.#nextMs) / Math.max(1, this.#open.size) }

  expired() {
    const nowMs = this.#now()
    for (const tunnel of this.#open) {
      if (this.#nextMs > nowMs) break
      this.#open.delete(tunnel)
      this.#wait()
      tunnel.leave()
    }
    this.#clock.arm(this, STEP_MS)
  }
}
