// Parts of a body that came while nobody could take them, in order, and copied: their buffers are not ours. Bounded by the window that
// the peer was given. Knows no stream.
import type { ReceivedFields, Span } from './message.ts'

type Part = { readonly bytes: Buffer; readonly last: boolean; readonly trailers: ReceivedFields | null }

export class HeldBody {
  #parts: Part[] = []

  push(span: Span) { this.#parts.push({ bytes: Buffer.from(span.bytes.subarray(span.from, span.to)), last: span.last, trailers: span.trailers }) }

  /** The first part into `span`; false: there is none. */
  shift(span: Span): boolean {
    const part = this.#parts.shift()
    if (part === undefined) return false
    span.set(part.bytes, 0, part.bytes.length).trailers = part.trailers
    span.last = part.last
    return true
  }

  /** Lets go of all parts; returns how many octets they were. */
  clear(): number {
    const octets = this.#parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
    this.#parts = []
    return octets
  }
}
