// X-Request-ID: 128 random bits as 32 hexadecimal digits, a thousand drawn at a time.
import { randomFillSync } from 'node:crypto'

const DRAWN = 1_024
export const ID_LENGTH = 32

export class RequestIds {
  readonly #random = Buffer.allocUnsafeSlow(DRAWN * ID_LENGTH / 2)
  readonly #digits = Buffer.allocUnsafeSlow(DRAWN * ID_LENGTH)
  #at = DRAWN * ID_LENGTH

  /** Writes a new id to out[at..). */
  write(out: Buffer, at: number) {
    if (this.#at === this.#digits.length) {
      randomFillSync(this.#random)
      this.#digits.write(this.#random.toString('hex'), 'latin1')
      this.#at = 0
    }
    this.#digits.copy(out, at, this.#at, this.#at + ID_LENGTH)
    this.#at += ID_LENGTH
  }
}
