// What honest parties say to each other, as scripts: requests and answers of each kind of body, 1xx, trailers, tunnels. The host of a
// request is filled in by the scene. Knows no sockets and no faults.
import { FLAG, TYPE } from '../../src/http/h2/frames.ts'
import { block, continuation, data, frame, headers, hello, last, lone, padded, type Pairs, settings, settingsAck } from '../http/h2/wire.ts'
import { hears, type Script } from '../support/faults/speaker.ts'
import { frames } from './answers.ts'

export type Protocol = 'h1' | 'h2'
/** Whom a request is for. The path is the conversation's own: what comes late of an earlier one is told by it. */
export type Address = { readonly host: string; readonly path: string }
export type Conversation = {
  readonly name: string
  readonly client: (to: Address) => Script
  readonly origin: Script
  /** Bodies as sent, in order: what is taken for whole must be one of them. */
  readonly requests: readonly string[]
  readonly answers: readonly string[]
  /** The end of the answer is the end of its connection, or of a tunnel: any beginning of it may be taken for whole. */
  readonly untilClose?: boolean
}

const UPLOAD = 'forty octets of a body that is sent here.'
const ANSWER = 'the answer of the origin, not a word less'

// ---- HTTP/1

type Head = { readonly method?: string; readonly fields?: string; readonly body?: string }
const request = ({ host, path }: Address, { method = 'GET', fields = '', body = '' }: Head = {}) => `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: t\r\n${fields}\r\n${body}`
const sized = (body: string) => `Content-Length: ${body.length}\r\n`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const chunks = (body: string, trailers = '') => `a\r\n${body.slice(0, 10)}\r\n${(body.length - 10).toString(16)};e="x"\r\n${body.slice(10)}\r\n0\r\n${trailers}\r\n`
const answer = (fields: string, body: string, status = '200 OK') => `HTTP/1.1 ${status}\r\nX-Served-By: origin\r\n${fields}\r\n${body}`
const OK = answer(sized(ANSWER), ANSWER)
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
const HEAD_END = '\r\n\r\n'

const askedH1: Script = [{ after: hears(HEAD_END), say: OK }]
const lastChunk = hears('\r\n0\r\n')

const plain: Conversation = { name: 'get', client: (to) => [{ say: request(to) }], origin: askedH1, requests: [''], answers: [ANSWER] }
const upload: Conversation = {
  name: 'sized', client: (to) => [{ say: request(to, { method: 'POST', fields: sized(UPLOAD), body: UPLOAD }) }],
  origin: [{ after: hears(UPLOAD), say: HINTS }, { say: OK }], requests: [UPLOAD], answers: [ANSWER],
}
const expecting: Conversation = {
  name: 'expect-continue', client: (to) => [
    { say: request(to, { method: 'POST', fields: `${sized(UPLOAD)}Expect: 100-continue\r\n` }) }, { after: hears(' 100 '), say: UPLOAD },
  ],
  origin: [{ after: hears(HEAD_END), say: 'HTTP/1.1 100 Continue\r\n\r\n' }, { after: hears(UPLOAD), say: OK }], requests: [UPLOAD], answers: [ANSWER],
}
const chunked: Conversation = {
  name: 'chunked', client: (to) => [{ say: request(to, { method: 'POST', fields: `${CHUNKED}Trailer: X-Sum\r\nTE: trailers\r\n`, body: chunks(UPLOAD, 'X-Sum: 1\r\n') }) }],
  origin: [{ after: lastChunk, say: `${HINTS}${answer(`${CHUNKED}Trailer: X-Sum\r\n`, chunks(ANSWER, 'X-Sum: 2\r\n'))}` }], requests: [UPLOAD], answers: [ANSWER],
}
const twice: Conversation = {
  name: 'pipelined', client: (to) => [{ say: request(to) + request(to, { method: 'POST', fields: sized(UPLOAD), body: UPLOAD }) }],
  origin: [{ after: hears(HEAD_END), say: OK }], requests: ['', UPLOAD], answers: [ANSWER, ANSWER],
}
const untilClose: Conversation = {
  name: 'until-close', client: (to) => [{ say: request(to) }],
  origin: [{ after: hears(HEAD_END), say: answer('Connection: close\r\n', ANSWER) }, { say: 'end' }], requests: [''], answers: [ANSWER], untilClose: true,
}
const LONG = `${UPLOAD}${'-'.repeat(60_000)}the end`
const early: Conversation = {
  name: 'early-answer', client: (to) => [{ say: request(to, { method: 'POST', fields: sized(LONG), body: LONG }) }],
  origin: [{ after: hears(HEAD_END), say: OK }], requests: [LONG], answers: [ANSWER],
}

export const HTTP1: readonly Conversation[] = [plain, upload, expecting, chunked, twice, untilClose, early]

// ---- WebSocket, and any other upgrade: octets

const FIELDS = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const ACCEPTED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
const talk = (to: Address): Script => [
  { say: request(to, { fields: FIELDS }) }, { after: hears('I speak first'), say: 'client: hello' }, { after: hears('origin: hello'), say: 'client: bye' }, { say: 'end' },
]
const answers: Script = [
  { after: hears(HEAD_END), say: `${ACCEPTED}I speak first;` }, { after: hears('client: hello'), say: 'origin: hello;' }, { after: hears('client: bye'), say: 'origin: bye' }, { say: 'end' },
]
const SAID = 'I speak first;origin: hello;origin: bye'
export const TUNNEL: readonly Conversation[] = [{ name: 'tunnel', client: talk, origin: answers, requests: [''], answers: [SAID], untilClose: true }]

// ---- HTTP/2

const head = ({ host, path }: Address, over: Readonly<Record<string, string>> = {}, fields: Pairs = []): Pairs =>
  [...Object.entries({ ':method': 'GET', ':scheme': 'https', ':authority': host, ':path': path, ...over }), ...fields]
const post = (to: Address, fields: Pairs = []) => head(to, { ':method': 'POST' }, fields)
const HELLO = { say: hello() }
/** Behind the other side's SETTINGS. */
const ACK = { after: (heard: Buffer) => frames(heard).some(({ type }) => type === TYPE.SETTINGS), say: settingsAck }
const says = (...lines: readonly Buffer[]) => [HELLO, { say: Buffer.concat(lines) }, ACK]
/** A head in three frames. */
const continued = (id: number, fields: Pairs): Buffer => {
  const whole = block(fields)
  return Buffer.concat([
    frame(TYPE.HEADERS, { id, flags: FLAG.END_STREAM }, whole.subarray(0, 12)), continuation(id, whole.subarray(12, 40)), continuation(id, whole.subarray(40), FLAG.END_HEADERS),
  ])
}
const H2_GET: Conversation = { ...plain, name: 'h2-get', client: (to) => says(continued(1, head(to))) }
const H2_UPLOAD: Conversation = {
  ...upload, name: 'h2-sized', client: (to) => says(headers(1, post(to, [['content-length', String(UPLOAD.length)]])), padded(1, UPLOAD.slice(0, 9), 7), last(1, UPLOAD.slice(9))),
}
const H2_CHUNKED: Conversation = {
  ...chunked, name: 'h2-trailers', client: (to) => says(headers(1, post(to, [['te', 'trailers']])), data(1, UPLOAD), headers(1, [['x-sum', '1']], FLAG.END_STREAM)),
}
const H2_TWO: Conversation = {
  ...plain, name: 'h2-two-streams', client: (to) => says(lone(1, head(to)), lone(3, head(to))), requests: ['', ''], answers: [ANSWER, ANSWER],
}
export const HTTP2: readonly Conversation[] = [H2_GET, H2_UPLOAD, H2_CHUNKED, H2_TWO]

const H2_TUNNEL: Conversation = {
  name: 'h2-tunnel', client: (to) => [
    ...says(headers(1, head(to, { ':method': 'CONNECT', ':protocol': 'websocket' }, [['sec-websocket-version', '13']]))),
    { after: hears('I speak first'), say: data(1, 'client: hello') }, { after: hears('origin: hello'), say: last(1, 'client: bye') },
  ],
  origin: answers, requests: [''], answers: [SAID], untilClose: true,
}
export const HTTP2_TUNNEL: readonly Conversation[] = [H2_TUNNEL]

/** The stream has a request with its end. */
const asked = (heard: Buffer) => frames(heard).some(({ type, flags }) => (type === TYPE.HEADERS || type === TYPE.DATA) && (flags & FLAG.END_STREAM) !== 0)
const WELCOME = { say: settings() }
const STATUS_OK: Pairs = [[':status', '200'], ['x-served-by', 'origin']]
const serves = (...lines: readonly Buffer[]): Script => [WELCOME, ACK, { after: asked, say: Buffer.concat(lines) }]

/** HTTP/1 clients before HTTP/2 origins. */
export const HTTP2_ORIGIN: readonly Conversation[] = [
  { ...plain, name: 'to-h2-get', origin: serves(headers(1, [...STATUS_OK, ['content-length', String(ANSWER.length)]]), padded(1, ANSWER.slice(0, 5), 9), last(1, ANSWER.slice(5))) },
  { ...upload, name: 'to-h2-sized', origin: serves(headers(1, [[':status', '103'], ['link', '</a.css>']]), headers(1, STATUS_OK), data(1, ANSWER), last(1)) },
  { ...chunked, name: 'to-h2-trailers', origin: serves(headers(1, STATUS_OK), data(1, ANSWER), headers(1, [['x-sum', '2']], FLAG.END_STREAM)) },
]
