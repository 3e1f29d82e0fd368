// What the proxies forward to over HTTP/1.1: the answer named on the command line for each request, as little parsed as will do, so that
// core 1 is left to the load. A request without a body is one read; one with a body ends where its Content-Length says. Prints its port.
import { json } from '../support/json.ts'

const BODY = Buffer.alloc(2 << 10, 'lintel ')
const MEBIBYTE = Buffer.alloc(1 << 20, 'lintel ')

const head = (body: Buffer, fields: readonly string[], type: string) =>
  Buffer.from(['HTTP/1.1 200 OK', `Content-Type: ${type}`, `Content-Length: ${body.length}`, ...fields, '', ''].join('\r\n'), 'latin1')

const withBody = (body: Buffer, fields: readonly string[] = [], type = 'text/plain') => Buffer.concat([head(body, fields, type), body])

/** Twelve field lines in all. They differ from one answer to the next, so that no proxy gains by remembering a head. */
const fieldsOf = (n: number) => [
  'Date: Tue, 24 Nov 2026 10:00:00 GMT', 'Server: app/1.4', `ETag: "${(0x9e3779b1 * (n + 1) >>> 0).toString(16)}"`, `Last-Modified: Mon, 23 Nov 2026 10:00:${10 + n % 50} GMT`,
  'Cache-Control: private, max-age=60, must-revalidate', 'Vary: Accept-Encoding, Origin', `Set-Cookie: seen=${n}; Path=/; HttpOnly; SameSite=Lax`,
  'X-Content-Type-Options: nosniff', 'X-Frame-Options: SAMEORIGIN', `X-Runtime: 0.0${10 + n}`,
]

/** Each kind's answers, given in turn. */
const answers: Readonly<Record<string, readonly Buffer[]>> = {
  small: [withBody(Buffer.from('Hello, world\n'))],
  fields: Array.from({ length: 64 }, (_, n) => withBody(BODY, fieldsOf(n))),
  mebibyte: [withBody(MEBIBYTE)],
  'json': [withBody(json(10 << 10), [], 'application/json')],
  'json-mebibyte': [withBody(json(1 << 20), [], 'application/json')],
  // The answer to the key of cells.ts.
  tunnel: [Buffer.from('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n', 'latin1')],
}

const kind = process.argv[2] ?? ''
const turn = answers[kind]
if (turn === undefined) throw new Error(`no such answer: ${kind}; there are ${Object.keys(answers).join(', ')}`)

/** unsent: of the answer. expected: octets of the request's body that are still to come. */
type State = { unsent: Buffer; expected: number }
const NONE = Buffer.alloc(0)
const POST = 'P'.charCodeAt(0)

/** Octets of the body that the head at the beginning of `bytes` announces and that are not in it. */
const missing = (bytes: Buffer): number => {
  if (bytes[0] !== POST) return 0
  const end = bytes.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
  if (end < 0 || length === undefined) throw new Error('a head must come in one read, and give a length')
  return end + 4 + Number(length) - bytes.length
}
const send = (socket: Bun.Socket<State>, bytes: Buffer) => {
  const taken = socket.write(bytes)
  socket.data.unsent = taken < bytes.length ? bytes.subarray(Math.max(0, taken)) : NONE
}
let at = 0
const server = Bun.listen<State>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) { socket.data = { unsent: NONE, expected: 0 } },
    data(socket, bytes) {
      const { data } = socket
      data.expected = data.expected > 0 ? data.expected - bytes.length : missing(bytes)
      if (data.expected === 0) send(socket, turn[at++ % turn.length] ?? NONE)
    },
    drain(socket) { if (socket.data.unsent.length > 0) send(socket, socket.data.unsent) },
  },
})
console.log(server.port)
