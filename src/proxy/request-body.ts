// The body of one request, for one try after another: as it comes from the client, with its beginning kept. Knows no retry rules.
import type { Connection, Exchange, Span } from '../http/message.ts'
import { BodyCopy, fitsCopy } from './body-copy.ts'

/** What Forward asks of a body, wherever it comes from. */
export interface RequestBody {
  /** What goes with the head; valid until the answer begins. */
  readonly first: Span
  /** Octets in all, or CHUNKED; sized: that is told. */
  readonly length: number
  readonly sized: boolean
  /** As far as is known now, it will never be lost. */
  readonly lasts: boolean
  /** It can't be sent from its beginning any more. */
  readonly lost: boolean
  /** What follows `first`, to this connection and to no other from now on. Not before it wants it. */
  sendRest(to: Connection, wants: boolean): void
  /** The connection wants more. */
  more(): void
  /** There will be no other try. */
  settle(): void
}

export class StreamedBody implements RequestBody {
  readonly #exchange: Exchange
  readonly #copy = new BodyCopy()
  /** More of it was asked for. */
  #receiving = false

  constructor(exchange: Exchange) { this.#exchange = exchange }

  /** For another request. */
  begin() {
    this.#copy.clear()
    this.#receiving = false
  }

  get first() { return this.#exchange.first }
  get length() { return this.#exchange.request.length }
  get sized() { return this.#exchange.request.sized }
  get lasts() { return this.first.last || fitsCopy(this.length) }
  get lost() { return this.#copy.lost }

  /** Behind what a former try had of it. The rest is not asked for before the connection wants it: until then it can go elsewhere. */
  sendRest(to: Connection, wanted: boolean) {
    const wants = this.#copy.isEmpty ? wanted : this.#copy.sendTo(to) && wanted
    if (wants) this.more()
    else if (this.#receiving) this.#exchange.pause()
  }
  more() {
    if (this.#receiving) return this.#exchange.resume()
    if (this.first.last) return
    this.#receiving = true
    this.#exchange.receive()
  }

  /** A part of it has come, and goes to the connection. */
  keep(span: Span) { this.#copy.add(span) }
  settle() { this.#copy.clear() }
}
