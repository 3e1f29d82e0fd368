// What the program under measurement forwards to, in its own process: answers at once, without an end, takes bodies fast or slowly, echoes what is
// upgraded, and says how many octets it was rid of. Reads only what the program sends: a head in one piece. Prints its port.
import { MARK } from './host.ts'

const ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: ${MARK.length}\r\n\r\n${MARK}`
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const PIECE = Buffer.alloc(65_536)
/** Between two reads of a slow one. */
const SLOW_MS = 20

type Role = 'answers' | 'endless' | 'takes' | 'echoes'
type Talk = { role: Role; left: number; slow: boolean }
type Socket = Bun.Socket<Talk>
const counts = { sent: 0, taken: 0 }

/** As much of the endless answer as the kernel takes. */
const pour = (socket: Socket) => {
  while (socket.data.left > 0) {
    const taken = socket.write(PIECE, 0, Math.min(PIECE.length, socket.data.left))
    if (taken <= 0) return
    socket.data.left -= taken
    counts.sent += taken
  }
}

const take = (socket: Socket, octets: number) => {
  counts.taken += octets
  socket.data.left -= octets
  if (socket.data.left <= 0) { socket.data.role = 'answers'; socket.write(ANSWER) }
  else if (socket.data.slow) { socket.pause(); setTimeout(() => socket.resume(), SLOW_MS) }
}

const begin = (socket: Socket, bytes: Buffer) => {
  const end = bytes.indexOf('\r\n\r\n') + 4
  const head = bytes.toString('latin1', 0, end)
  const [method, target = ''] = head.split(' ', 2)
  const url = new URL(target, 'http://origin')
  if (url.pathname === '/counts') return socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${JSON.stringify(counts)}`)
  if (/^upgrade: websocket/im.test(head)) { socket.data.role = 'echoes'; return socket.write(SWITCHING) }
  if (method === 'PUT') {
    socket.data = { role: 'takes', left: Number(/^content-length: (\d+)/im.exec(head)?.[1]), slow: url.pathname === '/slow' }
    return take(socket, bytes.length - end)
  }
  const left = Number(url.searchParams.get('octets') ?? 0)
  if (left === 0) return socket.write(ANSWER)
  socket.data = { role: 'endless', left, slow: false }
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${left}\r\n\r\n`)
  pour(socket)
}

const server = Bun.listen<Talk>({
  hostname: '127.0.0.1', port: 0,
  socket: {
    open(socket) { socket.data = { role: 'answers', left: 0, slow: false } },
    data(socket, bytes) {
      if (socket.data.role === 'takes') take(socket, bytes.length)
      else if (socket.data.role === 'echoes') socket.write(bytes)
      else begin(socket, bytes)
    },
    drain(socket) { if (socket.data.role === 'endless') pour(socket) },
  },
})
console.log(server.port)
