// What came of a request's body behind its head, kept while it may have to be sent again. Knows no retry rules.
import { type Connection, Span } from '../http/message.ts'

/** A larger body is not kept: that costs every upload its memory, for the few that could be sent again. What nginx holds of one on 64-bit machines. */
const KEPT_BYTES = 16_384

export class BodyCopy {
  #parts: Buffer[] = []
  #octets = 0
  #ended = false
  #lost = false

  /** Octets have gone that are not kept: the request can't be sent again. */
  get lost() { return this.#lost }

  /** For another request. */
  clear() {
    if (this.#octets > 0) this.#parts = []
    this.#octets = 0
    this.#ended = this.#lost = false
  }

  add(span: Span) {
    if (this.#lost) return
    this.#octets += span.size
    this.#ended = span.last
    // Trailers are their connection's, and hardly anybody sends them.
    this.#lost = this.#octets > KEPT_BYTES || span.trailers !== null
    if (this.#lost) this.#parts = []
    else this.#parts.push(Buffer.from(span.bytes.subarray(span.from, span.to)))
  }

  /** All of it again. False: the connection wants no more for now. */
  sendTo(connection: Connection): boolean {
    let wants = true
    this.#parts.forEach((bytes, i) => {
      const span = new Span().set(bytes, 0, bytes.length)
      span.last = this.#ended && i === this.#parts.length - 1
      wants = connection.write(span)
    })
    return wants
  }
  get isEmpty() { return this.#parts.length === 0 }
}

/** Whether a body will be kept to its end, as far as its length tells. */
export const fitsCopy = (octets: number): boolean => octets >= 0 && octets <= KEPT_BYTES
