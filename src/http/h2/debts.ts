// What a client owes and must bring in time, counted in ticks of a second: the rest of what it has begun, however busy its other streams are
// (slowloris), and the acknowledgement of our SETTINGS (RFC 9113 §6.5.3). Knows no frames.
import { CODE, ConnectionFault } from './fault.ts'

/** How far a client has come. */
export type Progress = {
  /** Something has begun and is not complete. */
  readonly begun: boolean
  /** Such things that have been completed. */
  readonly completed: number
  /** Our SETTINGS were acknowledged, or can't have arrived. */
  readonly settled: boolean
}

export class Debts {
  readonly #most: number
  #completed = 0
  /** The preface is awaited from the beginning. */
  #ticks = 0
  #unsettledTicks = 0

  /** most: ticks that each may take. */
  constructor(most: number) { this.#most = most }

  /** Throws a ConnectionFault when time is up. */
  tick({ begun, completed, settled }: Progress) {
    if (!begun) this.#ticks = -1 // what is seen at the next tick may have begun just before it
    else if (completed !== this.#completed) this.#ticks = 0
    else if (++this.#ticks >= this.#most) throw new ConnectionFault(CODE.ENHANCE_YOUR_CALM, 'what was begun was not completed in time', 'timeout_header')
    this.#completed = completed
    if (!settled && ++this.#unsettledTicks >= this.#most) throw new ConnectionFault(CODE.SETTINGS_TIMEOUT, 'SETTINGS were not acknowledged in time')
  }
}
