// Heads as octets: what leaves is built from what was understood of what came. No I/O.
import type { FieldBlock } from '../fields.ts'
import { CHUNKED, type OwnAnswer, type ReceivedAnswer, type Span, type UpstreamRequest } from '../message.ts'
import type { Scratch } from '../scratch.ts'
import { chunkLine } from './chunks.ts'
import type { Head } from './head.ts'
import { STATUS_TEXT } from './status.ts'

/** Room for what is written besides the parts whose size is known: versions, framing fields, chunk lines. */
const FRAMING_ROOM = 256

/** A span of a body of unknown length as one chunk, with the last chunk and the trailers where it ends. */
export const putChunk = (out: Scratch, span: Span) => {
  if (span.size > 0) {
    out.text(chunkLine(span.size))
    out.copy(span.bytes, span.from, span.to)
    out.endLine()
  }
  if (!span.last) return
  out.text('0\r\n')
  span.trailers?.putLines(out)
  out.endLine()
}
export const chunkRoom = (span: Span) => span.size + (span.trailers?.octets ?? 0) + FRAMING_ROOM

/** The request, and in the same write what there is of its body. joined: false leaves that out. */
export const putRequest = (out: Scratch, request: UpstreamRequest, joined = true) => {
  const { head, lines, extra, first, length, sized } = request
  out.begin(head.octets + request.target.length + lines.length + extra.bytes.length + head.upgrade.length + (joined ? chunkRoom(first) : FRAMING_ROOM))
  head.putHead(out, request.target)
  out.copy(lines, 0, lines.length)
  out.copy(extra.bytes, 0, extra.bytes.length)
  if (length === CHUNKED) out.text('Transfer-Encoding: chunked\r\n')
  else if (sized) out.text(`Content-Length: ${length}\r\n`)
  if (head.upgrade !== '') out.text(`Connection: upgrade\r\nUpgrade: ${head.upgrade}\r\n`)
  out.endLine()
  if (!joined) return
  if (length === CHUNKED) putChunk(out, first)
  else out.copy(first.bytes, first.from, first.to)
}

/** An upstream's answer head with additions; `framing` are the field lines that this connection needs. */
export const putAnswer = (out: Scratch, head: ReceivedAnswer, more: { added: FieldBlock; framing: string }) => {
  head.putHead(out)
  out.copy(more.added.bytes, 0, more.added.bytes.length)
  if (more.framing !== '') out.text(more.framing)
  out.endLine()
}
export const answerRoom = (head: ReceivedAnswer, added: FieldBlock) => head.octets + added.bytes.length + FRAMING_ROOM

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
