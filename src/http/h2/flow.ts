// What we let a peer send (RFC 9113 §5.2, §6.9). Knows octets only.

/** A window of ours, of a stream or a connection. Octets come back to it when their receiver has passed them on, not when they arrive: the window bounds what we hold. */
export class ReceiveWindow {
  /** Octets that it lets us hold. */
  size: number
  readonly #step: number
  /** Octets that the peer may send now. */
  #open: number
  /** Octets passed on of which the peer has not been told. */
  #returned = 0

  /** step: octets of which the peer is told at a time: a frame for each that is passed on would double the packets. */
  constructor(size: number, step: number) {
    this.size = size
    this.#step = step
    this.#open = size
  }

  /** False: the peer sends more than it may. */
  take(octets: number): boolean {
    if (octets > this.#open) return false
    this.#open -= octets
    return true
  }

  /** Octets were passed on. What to announce, 0: nothing yet. */
  giveBack(octets: number): number {
    this.#returned += octets
    if (this.#returned < this.#step) return 0
    const announced = this.#returned
    this.#open += announced
    this.#returned = 0
    return announced
  }
  /** To be announced by its owner. */
  grow(octets: number) {
    this.size += octets
    this.#open += octets
  }
}
