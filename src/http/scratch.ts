// Octets on their way out, put together for one write. One for each worker: filled and sent within one call. Knows no protocol.

/** Holds the largest head with its additions and a joined body; what is larger gets a buffer of its own. */
const SCRATCH_BYTES = 131_072

export class Scratch {
  bytes: Buffer = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
  at = 0
  readonly #own = this.bytes

  /** Starts anew with room for `octets`. */
  begin(octets: number) {
    this.bytes = octets > SCRATCH_BYTES ? Buffer.allocUnsafe(octets) : this.#own
    this.at = 0
  }
  text(text: string) { this.at += this.bytes.write(text, this.at, 'latin1') }
  copy(bytes: Buffer, from: number, to: number) { if (from < to) this.at += bytes.copy(this.bytes, this.at, from, to) }
  /** Cheaper than a text of two. */
  endLine() {
    this.bytes[this.at++] = 13
    this.bytes[this.at++] = 10
  }
}
