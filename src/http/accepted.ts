// What there is to know of an accepted connection, and of the listener it came to, or could not come to. Knows no protocol.
import type { Server, Socket } from 'node:net'
import type { Peer } from './message.ts'
import type { ProxyHeader } from './proxy-protocol/header.ts'

/**
 * Read at accept: a closed socket forgets it. Of the handle where there is one: what the socket itself is asked for it keeps, with more that nobody
 * asked for (bun.md §1.8). `::ffff:` is how a dual-stack socket shows IPv4 (bun.md §1.2).
 */
export const peerOf = (socket: Socket): Peer => {
  const handle: unknown = Reflect.get(socket, '_handle')
  const { remoteAddress, remotePort, localAddress, localPort } = hasEnds(handle) ? handle : socket
  return { address: folded(remoteAddress), port: remotePort ?? 0, localAddress: folded(localAddress), localPort: localPort ?? 0, tls: null, told: null }
}
const folded = (address = '') => address.replace(/^::ffff:(?=\d+\.)/, '')

/** Where nginx's controller takes a connection to a proxy in front for one over TLS (ingress-nginx.md §4.4). */
const HTTPS_PORT = 443

/** The peer as a proxy in front tells it. A connection of that proxy's own is taken for what it is. */
export const toldPeer = (peer: Peer, { ends, tlvs }: ProxyHeader): Peer => {
  if (ends === null) return peer
  const { client, server } = ends
  const told = { by: { address: peer.address, port: peer.port }, secured: tlvs.ssl?.secured ?? server.port === HTTPS_PORT, tlvs }
  return { address: client.address, port: client.port, localAddress: server.address, localPort: server.port, tls: peer.tls, told }
}

/** Of the peer that the header told: a proxy says nothing of a client, as for its checks; such connections may carry many clients. */
export const ownOfProxy = (header: ProxyHeader | null, { told }: Peer): boolean => header !== null && told === null

/** null: not to be had. */
export const descriptorOf = (server: Server | Socket): number | null => {
  const handle: unknown = Reflect.get(server, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : null
  return typeof fd === 'number' ? fd : null
}

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>
const hasEnds = (handle: unknown): handle is Ends =>
  typeof handle === 'object' && handle !== null && typeof Reflect.get(handle, 'remoteAddress') === 'string' && typeof Reflect.get(handle, 'localPort') === 'number'

/** Whether the system's error says that others listen on the port. */
export const isTaken = (error: unknown): boolean => codeOf(error) === 'EADDRINUSE'
const codeOf = (error: unknown): unknown => typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined

/** Why a port can't be listened on, with the remedy, from the system's error. */
export const portTrouble = (error: unknown): string => {
  const code = codeOf(error)
  if (code === 'EADDRINUSE') return 'another program listens there; end it or choose another port'
  if (code === 'EACCES') return 'ports below 1024 need CAP_NET_BIND_SERVICE; choose another port'
  return String(error)
}
