// How many files and sockets the process may open, and how near it is to that. The kernel gives a new descriptor the lowest number that is
// free, so a number says it all, for every thread: who takes only numbers below a bound leaves those above it to others. Knows no connection.
import { closeSync, openSync } from 'node:fs'
import { type Read, readText } from './cgroup.ts'

const WITHOUT_LIMIT = 65_536
/** Left for files of bodies, the log, DNS, the admin port and connections that are refused: Bun spins where accept finds none (bun.md §1.5). */
const LEFT = 64
/** But no more than this share of a small limit. */
const LEFT_SHARE = 0.125
/** Of the others, what clients may take: each of them may need one to an endpoint. */
const CLIENT_SHARE = 0.5
/** Below this share of the limit nobody looks. */
const QUIET_SHARE = 0.25
/** Of those that a look finds free, so many are given out without a further one: a look costs 3-5 µs, a tenth of a request. */
const GIVEN_SHARE = 0.125

/** Soft limit of open files of this process. */
export const descriptorLimit = (read: Read = readText): number => {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits') ?? '') ?? []
  return soft === undefined ? WITHOUT_LIMIT : Number(soft)
}

export class Descriptors {
  /** A client's descriptor is below it. */
  readonly clientsBelow: number
  readonly #below: number
  readonly #quiet: number
  readonly #lowest: () => number
  #alert = false
  /** Asked for since all that was allowed has become descriptors. */
  #asked = 0
  #counting = false
  /** Still to be given out since the last look. */
  #given = 0

  /** lowest: the lowest number that is free. */
  constructor(limit: number, lowest = lowestFree) {
    this.#lowest = lowest
    const usable = limit - Math.min(LEFT, Math.floor(limit * LEFT_SHARE))
    this.clientsBelow = Math.ceil(usable * CLIENT_SHARE)
    this.#below = usable
    this.#quiet = Math.floor(usable * QUIET_SHARE)
  }

  /** A client was accepted with this descriptor: whether it may stay. */
  mayKeep(descriptor: number): boolean {
    if (descriptor >= this.#quiet) this.#alert = true
    return descriptor < this.clientsBelow
  }

  /** Whether there is one for something more, such as a connection to an endpoint. Costs a look where few are left, else nothing. */
  mayOpen(): boolean {
    if (++this.#asked < this.#quiet && !this.#alert) return true
    if (!this.#counting) setImmediate(() => this.#settled())
    this.#counting = true
    if (this.#given > 0) return this.#given-- > 0
    const left = this.#below - this.#lowest() - this.#asked
    this.#given = Math.max(0, Math.floor(left * GIVEN_SHARE))
    return left >= 0
  }
  /** Bun makes a socket of a connect when the turn is over: a burst of requests would find the same number free. */
  #settled() {
    this.#counting = false
    this.#asked = 0
  }

  /** Call now and then: whether many are in use. */
  look() {
    this.#alert = this.#lowest() >= this.#quiet
    this.#asked = this.#given = 0
  }
}

/** Infinity: there is none. */
const lowestFree = (): number => {
  try {
    const descriptor = openSync('/dev/null', 'r')
    closeSync(descriptor)
    return descriptor
  } catch {
    return Infinity
  }
}
