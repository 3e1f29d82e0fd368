// What of a conversation is over, read from all octets that one side has heard: HTTP/1 and HTTP/2 answers at the client, requests at the
// origin. Knows no sockets.
import { Decoder } from '../../src/http/h2/decoder.ts'
import { FLAG, PREFACE, TYPE } from '../../src/http/h2/frames.ts'
import type { Seen } from '../http/h2/wire.ts'
import { parseRequest, parseResponse } from '../support/http1.ts'
import type { Heard } from '../support/faults/speaker.ts'

/** whole: it ended as its framing says; cut: its stream was reset. status 0: none came. */
export type Answer = { readonly status: number; readonly body: string; readonly whole: boolean; readonly cut: boolean }
/** The answers heard so far; the last one may not be whole. */
export type Answers = (heard: Heard) => readonly Answer[]
export type Request = { readonly path: string; readonly body: string }
/** The requests that an origin took for whole; an error where it had to refuse one. */
export type Requests = (heard: Buffer) => readonly Request[]

/** What follows a 101 is the body of that answer, whole when the other side has ended it. */
export const http1Answers: Answers = ({ bytes, ended }) => {
  const answers: Answer[] = []
  for (let rest = bytes; rest.length > 0;) {
    const parsed = parseResponse(rest, { method: 'GET', ended: ended === 'fin' })
    if (parsed === undefined) break
    rest = rest.subarray(parsed.length)
    const { status, body, complete } = parsed.response
    if (status === 101) return [...answers, { status, body: rest.toString('latin1'), whole: ended === 'fin', cut: false }]
    if (status >= 200) answers.push({ status, body, whole: complete, cut: false })
    if (!complete) break
  }
  return answers
}

export const http1Requests: Requests = (heard) => {
  const requests: Request[] = []
  for (let rest = heard; rest.length > 0;) {
    const parsed = parseRequest(rest)
    if (parsed.state === 'invalid') throw new Error(`the origin got what is no request: ${parsed.reason}`)
    if (parsed.state === 'partial') break
    const { target, body, fields } = parsed.request
    requests.push({ path: target, body })
    // Behind a handshake come the octets of the tunnel.
    if (fields.some(([name]) => name.toLowerCase() === 'upgrade')) break
    rest = rest.subarray(parsed.length)
  }
  return requests
}

const FRAME_HEAD_OCTETS = 9

/** Whole frames behind the preface, where there is one. */
export function frames(heard: Buffer): Seen[] {
  const seen: Seen[] = []
  for (let at = heard.subarray(0, PREFACE.length).equals(PREFACE) ? PREFACE.length : 0; at + FRAME_HEAD_OCTETS <= heard.length;) {
    const end = at + FRAME_HEAD_OCTETS + heard.readUIntBE(at, 3)
    if (end > heard.length) break
    seen.push({ type: heard.readUInt8(at + 3), flags: heard.readUInt8(at + 4), id: heard.readUInt32BE(at + 5), payload: heard.subarray(at + FRAME_HEAD_OCTETS, end) })
    at = end
  }
  return seen
}

type Message = { status: number; path: string; body: string; ended: boolean; reset: boolean }
/** Streams in the order in which they were heard of. */
function messages(heard: Buffer): Message[] {
  const decoder = new Decoder()
  const streams = new Map<number, Message>()
  for (const { type, flags, id, payload } of frames(heard)) {
    if (id === 0) continue
    const message = streams.getOrInsertComputed(id, () => ({ status: 0, path: '', body: '', ended: false, reset: false }))
    if (type === TYPE.RST_STREAM) message.reset = true
    if (type === TYPE.DATA) message.body += payload.toString('latin1')
    if (type === TYPE.HEADERS) {
      const { status, path } = decoder.decode(payload, 0, payload.length)
      message.status = status || message.status
      message.path = path ?? message.path
    }
    if ((type === TYPE.DATA || type === TYPE.HEADERS) && (flags & FLAG.END_STREAM) !== 0) message.ended = true
  }
  return [...streams.values()]
}

export const http2Answers: Answers = ({ bytes }) =>
  messages(bytes).filter(({ status, reset }) => status >= 200 || reset).map(({ status, body, ended, reset }) => ({ status, body, whole: ended, cut: reset }))

export const http2Requests: Requests = (heard) => messages(heard).filter(({ ended, reset }) => ended && !reset).map(({ path, body }) => ({ path, body }))
