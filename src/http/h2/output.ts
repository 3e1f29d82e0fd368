// What a connection has to send, gathered until its owner takes it: one write per event-loop turn is the largest single gain (hotpath.md part 2 §4).
// Buffers are lent for a turn, so that idle connections hold none. Knows octets only.
import { FRAME_BYTES, OUTPUT_BYTES } from './limits.ts'

/** Holds what small answers of many streams come to in a turn. */
const SMALL_BYTES = 32_768
/** Holds OUTPUT_BYTES of DATA, the frame that goes beyond, and heads. */
const LARGE_BYTES = OUTPUT_BYTES + 4 * FRAME_BYTES
/** Kept of each size: 2 MiB and 2.5 MiB for a worker, what connections that are busy in the same turn need. */
const SMALL_KEPT = 64
const LARGE_KEPT = 8

/** Buffers that are not in use. One for each worker. */
export class OutputBuffers {
  readonly #small: Buffer[] = []
  readonly #large: Buffer[] = []

  lend(octets: number): Buffer {
    if (octets <= SMALL_BYTES) return this.#small.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES)
    if (octets <= LARGE_BYTES) return this.#large.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES)
    return Buffer.allocUnsafeSlow(2 * octets)
  }
  giveBack(buffer: Buffer) {
    if (buffer.length === SMALL_BYTES && this.#small.length < SMALL_KEPT) this.#small.push(buffer)
    if (buffer.length === LARGE_BYTES && this.#large.length < LARGE_KEPT) this.#large.push(buffer)
  }
}

export class Output {
  /** Octets gathered: bytes[0..size). Valid up to the next `reserve`, which may move them. */
  bytes: Buffer = NONE
  size = 0
  readonly #buffers: OutputBuffers
  /** There is something to send, after there was nothing. */
  readonly #woken: () => void
  #taken: Buffer = NONE

  constructor(buffers: OutputBuffers, woken: () => void) {
    this.#buffers = buffers
    this.#woken = woken
  }

  /** Room for so many octets at `size`. */
  reserve(octets: number) {
    const needed = this.size + octets
    if (needed > this.bytes.length) this.#grow(needed)
  }
  #grow(needed: number) {
    const old = this.bytes
    this.bytes = this.#buffers.lend(needed)
    old.copy(this.bytes, 0, 0, this.size)
    if (old !== NONE) this.#buffers.giveBack(old)
    else this.#woken()
  }

  /** Number in 31 or 32 bits. Room was reserved, as for all that follow. */
  uint32(value: number) { this.size = this.bytes.writeUInt32BE(value, this.size) }
  uint16(value: number) { this.size = this.bytes.writeUInt16BE(value, this.size) }
  octet(value: number) { this.bytes[this.size++] = value }
  text(text: string) { this.size += this.bytes.write(text, this.size, 'latin1') }
  copy(bytes: Buffer, from: number, to: number) { this.size += bytes.copy(this.bytes, this.size, from, to) }

  /** All there is, null for nothing. The octets are valid up to `free`. */
  take(): Buffer | null {
    if (this.size === 0) return null
    const bytes = this.bytes.subarray(0, this.size)
    this.#taken = this.bytes
    this.bytes = NONE
    this.size = 0
    return bytes
  }
  /** What `take` gave is not needed any more. */
  free() {
    if (this.#taken !== NONE) this.#buffers.giveBack(this.#taken)
    this.#taken = NONE
  }
}

const NONE: Buffer = Buffer.alloc(0)
