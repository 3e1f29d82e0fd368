// What the proxies forward to over HTTP/1.1: the answer named on the command line for each read, nothing parsed, so that core 1 is left
// to the load. A proxy sends a GET in one write and waits for its answer: one read is one request. Prints its port.
const BODY = Buffer.alloc(2 << 10, 'lintel ')
const MEBIBYTE = Buffer.alloc(1 << 20, 'lintel ')

const head = (body: Buffer, fields: readonly string[] = []) =>
  Buffer.from(['HTTP/1.1 200 OK', 'Content-Type: text/plain', `Content-Length: ${body.length}`, ...fields, '', ''].join('\r\n'), 'latin1')

const withBody = (body: Buffer, fields?: readonly string[]) => Buffer.concat([head(body, fields), body])

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
}

const kind = process.argv[2] ?? ''
const turn = answers[kind]
if (turn === undefined) throw new Error(`no such answer: ${kind}; there are ${Object.keys(answers).join(', ')}`)

type Rest = { bytes: Buffer }
const NONE = Buffer.alloc(0)
const send = (socket: Bun.Socket<Rest>, bytes: Buffer) => {
  const taken = socket.write(bytes)
  socket.data.bytes = taken < bytes.length ? bytes.subarray(Math.max(0, taken)) : NONE
}
let at = 0
const server = Bun.listen<Rest>({
  hostname: '127.0.0.1',
  port: 0,
  socket: {
    open(socket) { socket.data = { bytes: NONE } },
    data(socket) { send(socket, turn[at++ % turn.length] ?? NONE) },
    drain(socket) { if (socket.data.bytes.length > 0) send(socket, socket.data.bytes) },
  },
})
console.log(server.port)
