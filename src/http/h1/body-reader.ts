// The body of one request after another on a connection: which of the octets received are its own. Knows no socket.
import { CHUNKED, type Span } from '../message.ts'
import { ChunkReader } from './chunks.ts'

export class BodyReader {
  /** Of the body so far, without its coding. */
  octets = 0
  /** Octets still to come, or CHUNKED. */
  #left = 0
  #chunks: ChunkReader | null = null

  begin(length: number) {
    this.octets = 0
    this.#left = length
    if (length === CHUNKED) (this.#chunks ??= new ChunkReader()).start()
  }

  /** Sets `span` to what bytes[from..) has of the body. Returns where the next request would start; -1: the chunked coding is broken. */
  read(bytes: Buffer, from: number, span: Span): number {
    const used = this.#left === CHUNKED ? this.#readChunks(bytes, from, span) : this.#readSized(bytes, from, span)
    this.octets += span.size
    return used
  }

  #readSized(bytes: Buffer, from: number, span: Span): number {
    const to = Math.min(bytes.length, from + this.#left)
    this.#left -= to - from
    span.set(bytes, from, to).last = this.#left === 0
    return to
  }

  #readChunks(bytes: Buffer, from: number, span: Span): number {
    const chunks = this.#chunks!
    if (!chunks.read(bytes, from)) return -1
    span.set(bytes, chunks.from, chunks.to).last = chunks.ended
    span.trailers = chunks.ended && chunks.hasTrailers ? chunks.trailers : null
    return chunks.used
  }
}
