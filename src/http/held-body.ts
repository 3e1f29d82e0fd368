// Parts of a body that came while nobody could take them, in order, and copied: their buffers are not ours. Bounded by the window that
// the peer was given. Knows no stream.
import type { ReceivedFields, Span } from './message.ts'

type Part = { bytes: Buffer; size: number; last: boolean; readonly trailers: ReceivedFields | null }

/** Parts are joined up to a frame's size: of a body in frames of an octet each would cost a hundred. */
const JOINED_BYTES = 16_384

export class HeldBody {
  #parts: Part[] = []

  push(span: Span) {
    const tail = this.#parts.at(-1)
    if (tail !== undefined && span.trailers === null && tail.size + span.size <= JOINED_BYTES) join(tail, span)
    else this.#parts.push({ bytes: Buffer.from(span.bytes.subarray(span.from, span.to)), size: span.size, last: span.last, trailers: span.trailers })
  }

  /** The first part into `span`; false: there is none. */
  shift(span: Span): boolean {
    const part = this.#parts.shift()
    if (part === undefined) return false
    span.set(part.bytes, 0, part.size).trailers = part.trailers
    span.last = part.last
    return true
  }

  /** Lets go of all parts; returns how many octets they were. */
  clear(): number {
    const octets = this.#parts.reduce((sum, { size }) => sum + size, 0)
    this.#parts = []
    return octets
  }
}

const join = (part: Part, { bytes, from, to, size, last }: Span) => {
  const needed = part.size + size
  if (needed > part.bytes.length) {
    const grown = Buffer.allocUnsafe(Math.min(JOINED_BYTES, 2 * needed))
    part.bytes.copy(grown, 0, 0, part.size)
    part.bytes = grown
  }
  bytes.copy(part.bytes, part.size, from, to)
  part.size = needed
  part.last = last
}
