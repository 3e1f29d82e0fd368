// A request's body that is read whole before an endpoint is asked for (proxy-request-buffering): its beginning in memory, the rest in a file.
// It can be sent as often as wanted. Knows no retry rules.
import { HeldFields } from '../http/held-fields.ts'
import { CHUNKED, type Connection, type Exchange, ProxyError, Span } from '../http/message.ts'
import type { RequestBody } from './request-body.ts'
import { Spill, type SpillOwner } from './spill.ts'
import type { SpillSpace } from './spill-space.ts'

/** whole: all of it is there. failed: it never will be, or can't be read again; that is the last that is told. */
export type StoreEvents = { readonly whole: () => void; readonly failed: (error: ProxyError) => void }
export type StoreOptions = StoreEvents & { readonly memoryBytes: number; readonly space: SpillSpace }

export class StoredBody implements RequestBody, SpillOwner {
  readonly first = new Span()
  readonly lasts = true
  readonly lost = false
  readonly #exchange: Exchange
  readonly #options: StoreOptions
  readonly #span = new Span()
  #memory: Buffer[] = []
  #octets = 0
  #spill: Spill | null = null
  #ended = false
  #whole = false
  #broken = false
  /** The connection that gets it, and where in the file that is. */
  #to: Connection | null = null
  #at = 0

  constructor(exchange: Exchange, options: StoreOptions) {
    this.#exchange = exchange
    this.#options = options
  }

  /** Nothing more of it comes. */
  get ended() { return this.#ended }
  /** Without trailers its length is told, however it came: as nginx does, for servers that take no chunked coding. */
  get sized() { return this.#span.trailers === null }
  get length() { return this.sized ? this.#octets : CHUNKED }

  /** Begins to read it. */
  begin() {
    this.append(this.#exchange.first)
    if (!this.#ended && !this.#broken) this.#exchange.receive()
  }

  /** More of it. False: stop until Exchange.resume. */
  append(span: Span): boolean {
    this.#octets += span.size
    this.#ended = span.last
    if (span.trailers !== null) this.#span.trailers = new HeldFields(span.trailers)
    const wants = span.size === 0 || this.#keep(span)
    if (span.last) this.#settle()
    return wants
  }
  #keep({ bytes, from, to }: Span): boolean {
    const { memoryBytes, space } = this.#options
    if (this.#spill === null && this.#octets <= memoryBytes) {
      this.#memory.push(Buffer.from(bytes.subarray(from, to)))
      return true
    }
    if (space.full) {
      this.failed(NO_SPACE)
      return false
    }
    return (this.#spill ??= new Spill(space, this)).append(bytes, from, to)
  }
  #settle() {
    if (this.#whole || this.#broken || this.#spill?.settled === false) return
    const bytes = Buffer.concat(this.#memory)
    this.#memory = []
    this.first.set(bytes, 0, bytes.length).last = this.#spill === null
    if (this.first.last) this.first.trailers = this.#span.trailers
    this.#whole = true
    this.#options.whole()
  }

  // ---- RequestBody

  sendRest(to: Connection, wants: boolean) {
    this.#to = to
    this.#at = 0
    this.#spill?.stop()
    if (wants) this.more()
  }
  more() { if (this.#at < (this.#spill?.size ?? 0)) this.#spill?.read(this.#at) }
  settle() { /* it is still being sent */ }

  /** Nobody wants it any more. */
  close() {
    this.#to = null
    this.#memory = []
    this.#spill?.close()
  }

  // ---- SpillOwner

  written() {
    if (this.#ended) this.#settle()
    else this.#exchange.resume()
  }
  read(bytes: Buffer, octets: number) {
    this.#at += octets
    const span = this.#span
    span.bytes = bytes
    span.from = 0
    span.to = octets
    span.last = this.#at === this.#spill?.size
    if (this.#to?.write(span) === true) this.more()
  }
  failed(error: ProxyError) {
    if (this.#broken) return
    this.#broken = true
    this.#options.failed(error)
  }
}

const NO_SPACE = new ProxyError('internal', 'limit_buffer', { status: 503, message: 'too many request bodies are being stored' })
