// Heads as octets: what leaves is built from what was understood of what came. No I/O.
import type { OwnAnswer, AnswerEdits, Span, UpstreamRequest } from '../message.ts'
import type { AnswerHead } from './answer.ts'
import type { Head } from './head.ts'
import { CHUNKED } from './request.ts'
import { STATUS_TEXT } from './status.ts'

/** Octets on their way out, put together for one write. One for each worker: filled and sent within one call. */
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
  copy(bytes: Buffer, from: number, to: number) { this.at += bytes.copy(this.bytes, this.at, from, to) }
  lines(head: Head, from: number) { this.at = head.copyLines(from, this.bytes, this.at) }
}
/** Holds the largest head with its additions and a joined body; what is larger gets a buffer of its own. */
const SCRATCH_BYTES = 131_072
/** Room for what is written besides the parts whose size is known: versions, framing fields, chunk lines. */
const FRAMING_ROOM = 256

/** A span of a body of unknown length as one chunk, with the last chunk and the trailers where it ends. */
export const putChunk = (out: Scratch, span: Span) => {
  if (span.size > 0) {
    out.text(`${span.size.toString(16)}\r\n`)
    out.copy(span.bytes, span.from, span.to)
    out.text('\r\n')
  }
  if (!span.last) return
  out.text('0\r\n')
  if (span.trailers !== null) out.lines(span.trailers, span.trailers.fieldsAt)
  out.text('\r\n')
}
export const chunkRoom = (span: Span) => span.size + (span.trailers?.end ?? 0) + FRAMING_ROOM

/** The request, and in the same write what there is of its body. */
export const putRequest = (out: Scratch, request: UpstreamRequest) => {
  const { head, lines, extra, first, length } = request
  out.begin(head.end - head.start + request.target.length + lines.length + extra.bytes.length + head.upgrade.length + chunkRoom(first))
  const verbatim = request.target === head.target && request.method === head.method && head.minor === 1
  if (!verbatim) out.text(`${request.method} ${request.target} HTTP/1.1\r\n`)
  out.lines(head, verbatim ? head.start : head.fieldsAt)
  out.copy(lines, 0, lines.length)
  out.copy(extra.bytes, 0, extra.bytes.length)
  if (length === CHUNKED) out.text('Transfer-Encoding: chunked\r\n')
  else if (head.sized) out.text(`Content-Length: ${length}\r\n`)
  if (head.upgrade !== '') out.text(`Connection: upgrade\r\nUpgrade: ${head.upgrade}\r\n`)
  out.text('\r\n')
  if (length === CHUNKED) putChunk(out, first)
  else out.copy(first.bytes, first.from, first.to)
}

/** An upstream's answer head with additions; `framing` are the field lines that this connection needs. */
export const putAnswer = (out: Scratch, head: AnswerHead, added: { edits: AnswerEdits; framing: string }) => {
  out.text('HTTP/1.1')
  out.lines(head, head.start + VERSION_LENGTH)
  out.copy(added.edits.block.bytes, 0, added.edits.block.bytes.length)
  out.text(`${added.edits.lines}${added.framing}\r\n`)
}
export const answerRoom = (head: AnswerHead, edits: AnswerEdits) => head.end - head.start + edits.block.bytes.length + edits.lines.length + FRAMING_ROOM
const VERSION_LENGTH = 'HTTP/1.1'.length

/** The head without its dropped lines, in place: what stands before a dropped line moves over it. The head then starts later in its buffer. */
export const compact = (head: Head) => {
  if (head.drops === 0) return
  const { buffer, spans } = head
  let to = spans[head.drops - 1]!
  for (let k = head.drops - 2; k >= 0; k -= 2) {
    const runStart = k >= 2 ? spans[k - 1]! : head.start
    to -= spans[k]! - runStart
    buffer.copyWithin(to, runStart, spans[k]!)
  }
  head.fieldsAt += to - head.start
  head.start = to
  head.drops = 0
}

export const statusLine = (status: number) => `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? 'Unknown'}\r\n`

/** An answer of our own as text. */
export const ownAnswerText = (own: OwnAnswer, more: { framing: string; date: string; withBody: boolean }): string => {
  let text = `${statusLine(own.status)}Date: ${more.date}\r\n`
  if (own.body !== '') text += `Content-Type: ${own.contentType}\r\n`
  if (own.status !== 204) text += `Content-Length: ${Buffer.byteLength(own.body)}\r\n` // RFC 9110 §8.6
  for (const [name, value] of own.fields) text += `${name}: ${value}\r\n`
  const body = more.withBody ? Buffer.from(own.body, 'utf8').toString('latin1') : ''
  return `${text}${more.framing}\r\n${body}`
}
