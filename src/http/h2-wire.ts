// An HTTP/2 codec on a socket, either role: one write for all that the streams of a connection had to say in a turn of the event loop.
// Knows no streams.
import type { Expiring } from './clock.ts'
import type { H2Connection } from './h2/connection.ts'
import { spent } from './spent.ts'
import { Wire, type WireOptions } from './wire.ts'

/** The codec's second: it forgives a part of what looks like abuse, and counts what takes too long. */
export const TICK_MS = 1_000

export abstract class H2Wire<O> extends Wire {
  abstract readonly codec: H2Connection<O>
  /** Nothing goes out before the socket stands. */
  protected abstract readonly stands: boolean
  readonly #ticker: Expiring = { dueTick: 0, slotTick: 0, expired: () => this.#tick() }
  #scheduled = false
  /** No stream since the last tick. */
  #idle = false

  constructor(options: WireOptions) {
    super(options)
    this.clock.arm(this.#ticker, TICK_MS)
  }

  protected override received(bytes: Buffer) {
    this.codec.receive(bytes)
    spent(bytes)
    this.flush()
  }
  protected override drained() {
    this.codec.sent(true)
    this.flush()
  }
  protected override ended() {
    this.destroy()
    this.codec.lost()
  }
  protected override lost(_: Error | null) { this.codec.lost() }
  protected override shut() { this.clock.forget(this.#ticker) }

  /** The codec has something to send: at the end of the turn, when all have spoken. */
  protected wake() {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => { if (this.#scheduled) this.flush() })
  }
  protected flush() {
    this.#scheduled = false
    while (this.stands && !this.closed && !this.blocked) {
      const bytes = this.codec.take()
      if (bytes === null) return
      this.codec.sent(this.send(bytes, 0, bytes.length))
    }
  }

  /** Without streams for a second or two: what only busy connections need can go. */
  protected rested() { /* nothing, unless somebody has something */ }

  #tick() {
    this.codec.tick()
    this.flush()
    const idle = this.codec.active === 0
    if (idle && !this.#idle) this.rested()
    this.#idle = idle
    this.clock.arm(this.#ticker, TICK_MS)
  }
}
