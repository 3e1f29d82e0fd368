// An answer on its way from its endpoint to its client through a compressor, a slice at a time, with back-pressure both ways. What it gets is
// compressed and sent at once: an endpoint that pauses leaves nothing behind here. Knows no heads and no retries.
import { HeldFields } from '../../http/held-fields.ts'
import { type Exchange, type ReceivedFields, Span } from '../../http/message.ts'
import type { Compressor } from './compressor.ts'
import type { Outgoing } from './compression.ts'

/** How much is compressed before others have their turn: 0.2 ms of gzip, 1 ms of Brotli (bun.md §9). A read of an endpoint may be eight times as large. */
const SLICE_BYTES = 65_536

export interface CompressedOwner {
  /** All that came is compressed, and the client takes more. */
  compressedAll(): void
  /** The last octets are about to go. Nothing is called afterwards. */
  compressedLast(): void
}

export class CompressedAnswer {
  /** Octets for the client so far. */
  octets = 0
  readonly #exchange: Pick<Exchange, 'respond' | 'write'>
  readonly #compressor: Compressor
  readonly #owner: CompressedOwner
  readonly #span = new Span()
  /** Still to be sent. */
  #head: Outgoing | null
  /** Behind the slice that is being compressed. */
  #rest = NONE
  #ended = false
  #trailers: ReceivedFields | null = null
  #wants = true
  #turn: NodeJS.Immediate | null = null
  #closed = false

  constructor(exchange: Pick<Exchange, 'respond' | 'write'>, head: Outgoing & { readonly compressor: Compressor }, owner: CompressedOwner) {
    this.#exchange = exchange
    this.#head = head
    this.#compressor = head.compressor
    this.#owner = owner
  }

  /** False: stop until `compressedAll`. */
  write({ bytes, from, to, last, trailers }: Span): boolean {
    const end = Math.min(to, from + SLICE_BYTES)
    this.#ended = last
    if (end < to) this.#rest = Buffer.from(bytes.subarray(end, to))
    // They are their connection's, which may have another answer by then.
    this.#trailers = trailers !== null && end < to ? new HeldFields(trailers) : trailers
    return this.#slice(bytes, from, end)
  }

  /** The client takes more. False: this does not, until `compressedAll`. */
  resume(): boolean {
    this.#wants = true
    if (this.#rest.length === 0) return true
    if (this.#turn === null) this.#next()
    return false
  }

  #next() {
    this.#turn = null
    const bytes = this.#rest
    const end = Math.min(bytes.length, SLICE_BYTES)
    this.#rest = end < bytes.length ? bytes.subarray(end) : NONE
    if (this.#slice(bytes, 0, end) && !this.#closed) this.#owner.compressedAll()
  }

  #slice(bytes: Buffer, from: number, to: number): boolean {
    const isLast = this.#rest.length === 0
    if (from === to && !this.#ended) this.#send(bytes, 0, false) // a head without a body yet
    else this.#compressor.write({ bytes, from, to }, !isLast ? 'more' : this.#ended ? 'end' : 'flush', (out, octets, done) => this.#send(out, octets, done && isLast && this.#ended))
    if (isLast || this.#closed) return this.#wants
    if (this.#wants) this.#turn = setImmediate(() => this.#next())
    return false
  }

  #send(out: Buffer, octets: number, last: boolean) {
    const head = this.#head
    if (head === null && octets === 0 && !last) return
    this.#head = null
    this.octets += octets
    const span = this.#span.set(out, 0, octets)
    span.last = last
    if (last) {
      span.trailers = this.#trailers
      this.close()
      this.#owner.compressedLast()
    }
    this.#wants = head === null ? this.#exchange.write(span) : this.#exchange.respond(head.head, head.added, span)
  }

  close() {
    this.#closed = true
    this.#rest = NONE
    if (this.#turn !== null) clearImmediate(this.#turn)
    this.#turn = null
    this.#compressor.close()
  }
}

const NONE: Buffer = Buffer.alloc(0)
