// TCP services for feature tests: origins and clients that speak no protocol, and the objects that join them. Knows nothing of the program but its ports.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { configMap } from '../support/manifests.ts'
import { changes, DEADLINE_MS } from '../support/until.ts'

export const TCP_FLAG = '--tcp-services-configmap=default/tcp'
export const tcpServices = (entries: Readonly<Record<string | number, string>>): object => configMap({ name: 'tcp' }, entries)

export type Origin = {
  readonly port: number
  /** All connections so far. */
  readonly sockets: readonly Socket[]
  when(condition: () => boolean, withinMs?: number): Promise<boolean>
  /** No new connections; those that there are live on. */
  refuse(): void
  close(): void
}

/** Says its name to whoever comes, then what it hears. */
const echo = (name: string) => (socket: Socket) => {
  socket.write(`${name}:`)
  socket.on('data', (bytes: Buffer) => socket.write(bytes)).on('end', () => { socket.end() })
}

export async function tcpOrigin(name: string, behave: (socket: Socket) => void = echo(name)): Promise<Origin> {
  const { notify, when } = changes()
  const sockets: Socket[] = []
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', notify).on('close', notify).on('end', notify)
    behave(socket)
    notify()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port, sockets, when,
    refuse: () => { server.close() },
    close: () => { server.close(); for (const socket of sockets) socket.destroy() },
  }
}

export type Talk = {
  readonly socket: Socket
  text(): string
  octets(): number
  /** The other side's FIN has come; a reset has. */
  ended(): boolean
  broken(): boolean
  /** It is gone, in whatever way. */
  over(): boolean
  says(text: string, withinMs?: number): Promise<boolean>
  when(condition: () => boolean, withinMs?: number): Promise<boolean>
  destroy(): void
}

export async function talk(port: number, host = '127.0.0.1'): Promise<Talk> {
  const socket = connect({ port, host, allowHalfOpen: true })
  const { notify, when } = changes()
  const pieces: Buffer[] = []
  const state = { octets: 0, ended: false, broken: false, closed: false }
  socket.on('data', (bytes) => { pieces.push(bytes); state.octets += bytes.length; notify() })
  socket.on('end', () => { state.ended ||= !socket.destroyed; notify() })
  socket.on('error', () => { state.broken = true; notify() })
  socket.on('close', () => { state.closed = true; notify() })
  await new Promise<void>((resolve, reject) => { socket.once('connect', resolve).once('error', reject) })
  const text = () => Buffer.concat(pieces).toString('latin1')
  return {
    socket, text, when,
    octets: () => state.octets,
    ended: () => state.ended,
    broken: () => state.broken,
    over: () => state.ended || state.broken || state.closed,
    says: (wanted, withinMs = DEADLINE_MS) => when(() => text().includes(wanted), withinMs),
    destroy: () => { socket.destroy() },
  }
}
