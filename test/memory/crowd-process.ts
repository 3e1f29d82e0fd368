// Clients that each get one answer and then stay, in their own process: `crowd-process.ts KIND PORT COUNT`. Prints `open` when all have
// been answered, and ends with an error when one is lost.
import { FLAG } from '../../src/http/h2/frames.ts'
import { head } from '../features/http2-client.ts'
import { headers, hello, settingsAck } from '../http/h2/wire.ts'
import { HOST, MARK } from './host.ts'

/** What is sent, and the text that its answer ends with: in turn. */
type Step = { readonly send: string | Buffer; readonly until: string }
type Kind = { readonly alpn: string | null; readonly steps: readonly Step[] }


const http1: Step[] = [{ send: `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, until: MARK }]
const http2 = (scheme: string): Step[] => [
  { send: Buffer.concat([hello(), headers(1, head('/', { ':authority': HOST, ':scheme': scheme }), FLAG.END_STREAM)]), until: MARK },
  { send: settingsAck, until: '' },
]
const tunnel: Step[] = [
  { send: `GET /socket HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`, until: '\r\n\r\n' },
  { send: MARK, until: MARK },
]
const kinds: Readonly<Record<string, Kind>> = {
  'http1': { alpn: null, steps: http1 },
  'http1-tls': { alpn: 'http/1.1', steps: http1 },
  'http2': { alpn: null, steps: http2('http') },
  'http2-tls': { alpn: 'h2', steps: http2('https') },
  'tunnel': { alpn: null, steps: tunnel },
  'tunnel-tls': { alpn: 'http/1.1', steps: tunnel },
}

/** How many open at once: what the accept queue holds for sure. */
const AT_ONCE = 64
type Talk = { step: number; unread: string; readonly done: () => void }

const lost = (reason: string): never => {
  console.error(`crowd: ${reason}`)
  process.exit(1)
}
const advance = (socket: Bun.Socket<Talk>, steps: readonly Step[]) => {
  for (let step = steps[socket.data.step]; step !== undefined && socket.data.unread.includes(step.until); step = steps[socket.data.step]) {
    socket.data.unread = ''
    const next = steps[++socket.data.step]
    if (next !== undefined) socket.write(next.send)
  }
  if (socket.data.step >= steps.length) socket.data.done()
}
const join = ({ alpn, steps }: Kind, port: number) => new Promise<void>((done) => {
  const tls = alpn === null ? {} : { tls: { rejectUnauthorized: false, serverName: HOST, ALPNProtocols: String.fromCharCode(alpn.length) + alpn } }
  void Bun.connect<Talk>({
    hostname: '127.0.0.1', port, ...tls, data: { step: 0, unread: '', done },
    socket: {
      [alpn === null ? 'open' : 'handshake'](socket: Bun.Socket<Talk>) { socket.write(steps[0]?.send ?? '') },
      data(socket, bytes) {
        socket.data.unread += bytes.toString('latin1')
        advance(socket, steps)
      },
      close(socket) { lost(`a connection was closed after ${socket.data.unread || 'nothing'}`) },
      connectError(_, error) { lost(String(error)) },
    },
  })
})

const [, , name = '', port = '', count = ''] = process.argv
const kind = kinds[name] ?? lost(`there is no kind ${name}`)
let left = Number(count)
const lane = async () => { while (left-- > 0) await join(kind, Number(port)) }
await Promise.all(Array.from({ length: AT_ONCE }, lane))
console.log('open')
