// How an answer leaves on an HTTP/1 connection: framing, added fields, one write where it can be one. Knows no requests but what framing asks.
import { AnswerHead } from './h1/answer.ts'
import { type FieldBlock, noFields } from './fields.ts'
import { JOINED_BYTES } from './h1/limits.ts'
import { answerRoom, chunkRoom, compact, ownAnswerText, putAnswer, putChunk } from './h1/write.ts'
import type { OwnAnswer, ReceivedAnswer, Span } from './message.ts'
import type { Scratch } from './scratch.ts'
import type { Wire } from './wire.ts'

/** What the request and the connection say about how to answer. */
export type AnswerFor = { readonly head: boolean; readonly minor: number; readonly close: boolean }

export class AnswerWriter {
  /** The answer's end can only be shown by closing. */
  untilClose = false
  readonly #wire: Wire
  readonly #scratch: Scratch
  readonly #date: () => string
  #chunked = false

  constructor(wire: Wire, scratch: Scratch, date: () => string) {
    this.#wire = wire
    this.#scratch = scratch
    this.#date = date
  }

  /** Head and first octets. False: the socket is full. */
  respond(head: ReceivedAnswer, added: FieldBlock, more: { span: Span; to: AnswerFor }): boolean {
    const { span, to } = more
    const framing = this.#framing(head, span, to)
    const untouched = framing === '' && added === noFields && !this.#chunked
    if (untouched && head instanceof AnswerHead && head.minor === 1 && span.from === head.end && span.bytes === head.buffer) {
      compact(head)
      return this.#wire.send(head.buffer, head.start, span.to)
    }
    const out = this.#scratch
    const joined = span.size <= JOINED_BYTES
    out.begin(answerRoom(head, added) + (joined ? chunkRoom(span) : 0))
    putAnswer(out, head, { added, framing })
    if (joined) this.#put(span)
    const sent = this.#wire.send(out.bytes, 0, out.at)
    return joined ? sent : this.write(span)
  }

  /** Field lines that say how the answer ends, and whether the connection goes on. */
  #framing(head: ReceivedAnswer, span: Span, to: AnswerFor): string {
    this.#chunked = this.untilClose = false
    let lines = head.dated ? '' : `Date: ${this.#date()}\r\n`
    if (head.length < 0 && !withoutBody(head.status, to.head)) {
      // All there is came at once: its length is known after all.
      if (span.last && span.trailers === null) lines += `Content-Length: ${span.size}\r\n`
      else if (to.minor !== 0) { this.#chunked = true; lines += 'Transfer-Encoding: chunked\r\n' }
      else this.untilClose = true
    }
    if (to.close || this.untilClose) return `${lines}Connection: close\r\n`
    return to.minor === 0 ? `${lines}Connection: keep-alive\r\n` : lines
  }

  #put(span: Span) {
    if (this.#chunked) putChunk(this.#scratch, span)
    else this.#scratch.copy(span.bytes, span.from, span.to)
  }

  write(span: Span): boolean {
    if (!this.#chunked) return span.size === 0 || this.#wire.send(span.bytes, span.from, span.to)
    this.#scratch.begin(chunkRoom(span))
    putChunk(this.#scratch, span)
    return this.#wire.send(this.#scratch.bytes, 0, this.#scratch.at)
  }

  /** 1xx and 101 as they came; 101 with the tunnel's first octets. */
  inform(head: ReceivedAnswer, added: FieldBlock, span: Span | null): boolean {
    this.#chunked = false
    const out = this.#scratch
    out.begin(answerRoom(head, added) + (span?.size ?? 0))
    putAnswer(out, head, { added, framing: head.status === 101 ? `Connection: upgrade\r\nUpgrade: ${head.upgrade}\r\n` : '' })
    if (span !== null) out.copy(span.bytes, span.from, span.to)
    return this.#wire.send(out.bytes, 0, out.at)
  }

  own(own: OwnAnswer, to: AnswerFor) {
    const framing = to.close ? 'Connection: close\r\n' : to.minor === 0 ? 'Connection: keep-alive\r\n' : ''
    this.#wire.sendText(ownAnswerText(own, { framing, date: this.#date(), withBody: !to.head }))
  }
}

/** RFC 9110 §6.4.1: these answers end with their head. */
export const withoutBody = (status: number, head: boolean): boolean => head || status < 200 || status === 204 || status === 304
