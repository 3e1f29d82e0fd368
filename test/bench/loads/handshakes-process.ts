// `handshakes-process.ts PORT CONNECTIONS SECONDS`: so many connections at a time, each a full TLS 1.3 handshake and one GET. Bun.connect
// offers no session of an earlier one ($ssl_session_reused of nginx says so). Prints a report as JSON.
import { host } from '../site.ts'

const [port = NaN, connections = NaN, seconds = NaN] = process.argv.slice(2).map(Number)
const REQUEST = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
const SUCCESS = 'HTTP/1.1 200'

type Talk = { octets: number; good: boolean }
let requests = 0
let octets = 0
let trouble: string | undefined
const from = performance.now()
const until = from + seconds * 1000

const ended = ({ good, octets: got }: Talk) => {
  if (!good) trouble = 'a connection was closed without a 200'
  requests += good ? 1 : 0
  octets += got
}

/** Resolves when the connection is closed. */
const ask = () => new Promise<void>((resolve) => {
  const fail = (error: Error) => {
    trouble = error.message
    resolve()
  }
  Bun.connect<Talk>({
    hostname: '127.0.0.1', port, tls: { serverName: host, rejectUnauthorized: false }, data: { octets: 0, good: false },
    socket: {
      handshake(socket) { socket.write(REQUEST) },
      data({ data }, bytes) {
        if (data.octets === 0) data.good = bytes.toString('latin1', 0, SUCCESS.length) === SUCCESS
        data.octets += bytes.length
      },
      close({ data }) {
        ended(data)
        resolve()
      },
      connectError(_, error) { fail(error) },
    },
  }).catch(fail)
})

const lane = async () => { while (performance.now() < until && trouble === undefined) await ask() }
await Promise.all(Array.from({ length: connections }, lane))
console.log(JSON.stringify({ requests, seconds: (performance.now() - from) / 1000, octets, trouble }))
process.exit()
