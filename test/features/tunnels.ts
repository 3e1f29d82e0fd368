// Tunnels for feature tests: the ways in which a client gets one, which from then on look the same, and the origin at their other end.
// Knows nothing of the program but its ports.
import type { Socket } from 'node:net'
import { createHash } from 'node:crypto'
import { windowUpdate } from '../http/h2/wire.ts'
import { type Echo, echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import type { Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { changes, DEADLINE_MS } from '../support/until.ts'
import { h2Client, head, statusOf, type H2Client, type Stream } from './http2-client.ts'

export const WAYS = ['HTTP/1.1', 'HTTP/1.1 over TLS', 'HTTP/2', 'HTTP/2 over TLS'] as const
export type Way = (typeof WAYS)[number]
export const HOST = 'app.example'
const TLS = { tls: { servername: HOST } }

export type Tunnel = {
  send(bytes: string | Buffer): void
  /** Sends so many octets as fast as they are taken; `poured`: how many have been. */
  pour(octets: number): void
  poured(): number
  /** Octets so far. */
  octets(): number
  text(): string
  /** Stop reading, and read on. */
  hold(): void
  go(): void
  /** The proxy ended its way in order: FIN or END_STREAM. */
  ended(): boolean
  /** It cut the tunnel. */
  cut(): boolean
  when(condition: () => boolean, withinMs?: number): Promise<boolean>
  destroy(): void
}

/** `count` of them: each on a connection of its own, or all as streams of one. */
export async function openTunnels(program: Program, way: Way, { path = '/echo', count = 1 } = {}): Promise<Tunnel[]> {
  if (!way.startsWith('HTTP/2')) return Promise.all(Array.from({ length: count }, () => openUpgrade(program, way, path)))
  const client = await (way.endsWith('TLS') ? h2Client(program.https, TLS) : h2Client(program.http))
  return Promise.all(Array.from({ length: count }, () => openStream(client, path)))
}
export async function openTunnel(program: Program, way: Way, path?: string): Promise<Tunnel> {
  const [tunnel] = await openTunnels(program, way, { ...path !== undefined && { path } })
  if (tunnel === undefined) throw new Error('no tunnel')
  return tunnel
}

async function openUpgrade(program: Program, way: Way, path: string): Promise<Tunnel> {
  const client = await (way.endsWith('TLS') ? rawClient(program.https, TLS) : rawClient(program.http))
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
  const response = await client.response()
  if (response?.status !== 101) throw new Error(`no tunnel: ${response?.status} ${response?.body}`)
  return overSocket(client)
}

/** The socket's octets are ours from here on: the client would join all it has with each piece. */
function overSocket({ socket, rest, destroy }: RawClient): Tunnel {
  const { notify, when } = changes()
  const pieces = [rest()]
  let octets = rest().length
  let poured = 0
  let ended = false
  let failed = false
  socket.removeAllListeners('data')
  socket.on('data', (bytes: Buffer) => { pieces.push(bytes); octets += bytes.length; notify() })
  socket.on('end', () => { ended = true; notify() })
  socket.on('error', () => { failed = true; notify() })
  return {
    send: (bytes) => { socket.write(bytes) },
    pour: (count) => { pour(socket, count, { wrote: (total) => { poured = total } }) },
    poured: () => poured,
    octets: () => octets,
    text: () => Buffer.concat(pieces).toString('latin1'),
    hold: () => { socket.pause() },
    go: () => { socket.resume() },
    ended: () => ended,
    cut: () => failed,
    when,
    destroy,
  }
}

const PIECE = Buffer.alloc(64 << 10, 'lintel')
/** Writes so many octets as fast as they are taken, and says how many have been; a write that returns false has taken its octets too. */
export function pour(socket: Socket, octets: number, { wrote, end }: { wrote(total: number): void; end?(): void }): void {
  let total = 0
  const more = () => {
    while (total < octets) {
      total += PIECE.length
      wrote(total)
      if (!socket.write(PIECE)) return
    }
    end?.()
  }
  socket.on('drain', more)
  more()
}

async function openStream(client: H2Client, path: string): Promise<Tunnel> {
  const fields = { ':method': 'CONNECT', ':protocol': 'websocket', ':authority': HOST }
  const stream = client.open(head(path, fields, [['sec-websocket-version', '13']]), { end: false })
  await client.when(() => stream.heads.length > 0)
  if (statusOf(stream) !== 200) throw new Error(`no tunnel: ${statusOf(stream)}`)
  return overStream(client, stream)
}

const overStream = (client: H2Client, stream: Stream): Tunnel => {
  let heldAt = 0
  let poured = 0
  return {
    send: (bytes) => { client.upload(stream, bytes, false) },
    pour: (octets) => { client.upload(stream, Buffer.alloc(poured = octets), false) },
    poured: () => poured - client.waiting - client.socket.writableLength,
    octets: () => stream.octets,
    text: () => Buffer.concat(stream.body).toString('latin1'),
    hold: () => { stream.reading = false; heldAt = stream.octets },
    go: () => {
      stream.reading = true
      if (stream.octets > heldAt) client.send(windowUpdate(stream.id, stream.octets - heldAt))
    },
    ended: () => stream.ended,
    cut: () => stream.reset > 0 || (client.closed && !stream.ended),
    when: (condition, withinMs = DEADLINE_MS) => client.when(condition, withinMs),
    destroy: () => { client.destroy() },
  }
}

/** What an origin does with a tunnel, by path; `/echo` says what it hears. */
export type Tunnelling = Readonly<Record<string, (socket: Socket) => void>>
const ECHO: Tunnelling = { '/echo': (socket) => { socket.on('data', (bytes: Buffer) => socket.write(bytes)).on('end', () => { socket.end() }) } }

/** RFC 6455 §4.2.2: the proxy checks nothing, a client on HTTP/2 never sees it. */
const acceptOf = (key: string) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
export const tunnelOrigin = (more: Tunnelling = {}): Promise<Echo> => echoUpstream({ respond: ({ target, fields }) => {
  const tunnel = { ...ECHO, ...more }[target]
  const accept = acceptOf(values(fields, 'sec-websocket-key')[0] ?? '')
  return tunnel && { raw: `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`, tunnel }
} })
