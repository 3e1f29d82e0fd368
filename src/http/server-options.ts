// What a connection from a client needs of its port, in both protocols, and what the port may ask of it. Types only.
import type { Socket } from 'node:net'
import type { NameTable } from './fields.ts'
import type { HeadLimits } from './head-limits.ts'
import type { Idling } from './idle.ts'
import type { Exchange, Peer, Responder } from './message.ts'
import type { Scratch } from './scratch.ts'
import type { Tunnels } from './tunnels.ts'
import type { WireOptions } from './wire.ts'

/** What people set; read anew for each request. */
export type ServerLimits = {
  readonly headMs: number
  readonly bodyMs: number
  /** Between two writes to a client that takes nothing. */
  readonly sendMs: number
  readonly keepAliveMs: number
  readonly requestsPerConnection: number
  /** Age from which a connection gets no more requests. */
  readonly connectionMs: number
  readonly heads: HeadLimits
  /** At once, of an HTTP/2 connection that begins. */
  readonly streamsPerConnection: number
}
/** A connection as the listener knows it. */
export interface ServedConnection extends Idling {
  readonly client: Peer
  /** Finish what there is, take no more. */
  drain(): void
  /** Time is up. */
  cut(): void
  /** Its room is needed: it is idle, and closed. */
  dismiss(): void
}
export type ServerOptions = WireOptions & {
  readonly scratch: Scratch
  readonly tunnels: Tunnels
  readonly date: () => string
  readonly names: () => NameTable
  readonly limits: () => ServerLimits
  readonly responder: (exchange: Exchange) => Responder
  /** A client in clear that speaks HTTP/2 from the start (RFC 9113 §3.3): its socket, and what was read of it. */
  readonly priorKnowledge: (socket: Socket, client: Peer, bytes: Buffer) => void
  /** The connection is gone. */
  readonly closed: (connection: ServedConnection) => void
}
