// Budgets against peers that make us work for nothing. Each is spent by what an attack consists of and earned back by real traffic and by time.
// Knows no frames: a ConnectionFault with the attack's name is thrown when a budget is empty.
import { flood, type Flood } from './fault.ts'
import { DRIBBLE_BYTES, EARLY_ENDS, EARLY_ENDS_PER_TICK, NOISE, NOISE_PER_TICK, STREAMS } from './limits.ts'

const KIB_SHIFT = 10
const NOISE_PER_STREAM = 2

export class Budgets {
  readonly #mostEarlyEnds: number
  #earlyEnds: number
  #noise = NOISE

  /** streams: that may be open at once, and so may all end early at once. */
  constructor(streams: number) { this.#mostEarlyEnds = this.#earlyEnds = EARLY_ENDS + Math.max(0, streams - STREAMS) }

  /** A stream ended early, by the peer or because of it. */
  earlyEnd(name: Flood) { if (--this.#earlyEnds < 0) throw flood(name) }

  /** A frame without use. */
  noise(name: Flood, cost = 1) { if ((this.#noise -= cost) < 0) throw flood(name) }

  /** A stream came to its end. */
  streamEnded() {
    this.#forgive(1)
    this.#earnNoise(NOISE_PER_STREAM)
  }

  /** Octets of a body left: the peer answers them with WINDOW_UPDATE. `whole`: as many as there were, not as few as its window let out (CVE-2019-9511). */
  dataSent(octets: number, whole: boolean) { this.#earnNoise((whole || octets >= DRIBBLE_BYTES ? 1 : 0) + (octets >> KIB_SHIFT)) }

  #forgive(ends: number) { this.#earlyEnds = Math.min(this.#mostEarlyEnds, this.#earlyEnds + ends) }
  #earnNoise(frames: number) { this.#noise = Math.min(NOISE, this.#noise + frames) }

  /** A second has passed. */
  tick() {
    this.#forgive(EARLY_ENDS_PER_TICK)
    this.#earnNoise(NOISE_PER_TICK)
  }
}
