// What there is to know of an accepted connection, and of the listener it came to, or could not come to. Knows no protocol.
import type { Server, Socket } from 'node:net'
import type { Peer } from './message.ts'

/**
 * Read at accept: a closed socket forgets it. Of the handle where there is one: what the socket itself is asked for it keeps, with more that nobody
 * asked for (bun.md §1.8). `::ffff:` is how a dual-stack socket shows IPv4 (bun.md §1.2).
 */
export const peerOf = (socket: Socket): Peer => {
  const handle: unknown = Reflect.get(socket, '_handle')
  const { remoteAddress, remotePort, localPort } = hasEnds(handle) ? handle : socket
  return { address: (remoteAddress ?? '').replace(/^::ffff:/, ''), port: remotePort ?? 0, localPort: localPort ?? 0, tls: null }
}

/** null: not to be had. */
export const descriptorOf = (server: Server): number | null => {
  const handle: unknown = Reflect.get(server, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null
  return typeof fd === 'number' ? fd : null
}

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>
const hasEnds = (handle: unknown): handle is Ends =>
  typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'remoteAddress') === 'string' && typeof Reflect.get(handle, 'localPort') === 'number'

/** Why a port can't be listened on, with the remedy, from the system's error. */
export const portTrouble = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  if (code === 'EADDRINUSE') return 'another program listens there; end it or choose another port'
  if (code === 'EACCES') return 'ports below 1024 need CAP_NET_BIND_SERVICE; choose another port'
  return String(error)
}
