// Who may come in: accepts or refuses each connection before an octet of it is read, and lets idle ones go where there is no room. Counts
// sockets of every kind, in handshakes too. Knows no protocol.
import type { Socket } from 'node:net'
import { descriptorOf } from './accepted.ts'
import { turnAway } from './turn-away.ts'

/** What keeps a client out: max-worker-connections, no descriptors, no memory. */
export type DoorReason = 'connections' | 'descriptors' | 'memory'

export type DoorOptions = {
  /** Connections at once, and what to say of those beyond. */
  readonly limit: () => { readonly connections: number; readonly reason: DoorReason }
  /** Whether there are descriptors for others if a client has this one. */
  readonly mayKeep: (descriptor: number) => boolean
  /** A connection was reset as it came: for the metrics. */
  readonly refused: (reason: DoorReason) => void
  /** An idle one was closed to make room. */
  readonly evicted: () => void
}

/** Of its connections, what a full door lets go at once where they are idle: one walk over all makes room for many. */
const RELIEF_SHARE = 1 / 32
/** After a walk that found nothing it is not looked again for so long for each connection: a flood would make us look for each of its own, at 20 ns. */
const VAIN_MS = 0.005

export class Doorstep {
  readonly #options: DoorOptions
  /** Closes so many idle connections, the longest idle first; returns how many it found. */
  readonly #closeIdle: (count: number) => number
  readonly #left: () => void
  #open = 0
  /** Of these, what was told to go: its 'close' is yet to come. */
  #going = 0
  #vainUntilMs = 0

  constructor(options: DoorOptions, closeIdle: (count: number) => number) {
    this.#options = options
    this.#closeIdle = closeIdle
    this.#left = () => {
      this.#open--
      if (this.#going > 0) this.#going--
    }
  }

  /** Connections that are here to stay. */
  get open() { return this.#open - this.#going }

  /** False: it is gone. */
  enter(socket: Socket): boolean {
    const reason = this.#refusal(socket)
    if (reason === null) {
      this.#open++
      socket.once('close', this.#left)
      return true
    }
    this.#options.refused(reason)
    turnAway(socket)
    return false
  }

  #refusal(socket: Socket): DoorReason | null {
    const descriptor = descriptorOf(socket)
    if (descriptor !== null && !this.#options.mayKeep(descriptor)) {
      this.relieve(Math.ceil(this.open * RELIEF_SHARE)) // the next ones get their numbers
      return 'descriptors'
    }
    const { connections, reason } = this.#options.limit()
    if (this.open < connections) return null
    this.relieve(Math.ceil(this.open * RELIEF_SHARE))
    return this.open < connections ? null : reason
  }

  /** Lets so many idle connections go, if there are. */
  relieve(count: number) {
    const nowMs = performance.now()
    if (nowMs < this.#vainUntilMs) return
    const found = this.#closeIdle(count)
    this.#going += found
    if (found === 0) this.#vainUntilMs = nowMs + this.open * VAIN_MS
    for (let i = 0; i < found; i++) this.#options.evicted()
  }
}
