// A port of a UDP service: datagrams of one client address are a session, as long as something of it is outstanding. Knows no endpoints.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Stream } from '../model.ts'
import type { StreamStats } from '../telemetry/stream-stats.ts'
import type { StreamOptions } from './stream-options.ts'
import type { StreamPort } from './stream-port.ts'
import { MOST_QUEUED_BYTES, type UdpOwner, UdpSession } from './udp-session.ts'

/** Sessions of all UDP ports of a worker: each has a socket. */
export type UdpBudget = { open: number }
type Parts = { readonly stats: StreamStats; readonly options: StreamOptions; readonly budget: UdpBudget }

export class UdpPort implements StreamPort {
  stream: Stream
  readonly #stats: StreamStats
  /** Who gets a datagram is decided by its client's address: to steer the port would tear sessions apart. */
  readonly fd = null
  readonly #options: StreamOptions
  readonly #budget: UdpBudget
  readonly #socket: Socket
  /** By `address port` of the client. */
  readonly #sessions = new Map<string, UdpSession>()
  #isClosed = false

  constructor(stream: Stream, { stats, options, budget }: Parts) {
    this.stream = stream
    this.#stats = stats
    this.#options = options
    this.#budget = budget
    this.#socket = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4', reusePort: true })
  }

  open(host: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const socket = this.#socket
    socket.on('error', reject).on('message', (bytes, from) => this.#received(bytes, from))
    socket.bind({ port: this.stream.port, address: host }, resolve)
    return promise
  }
  /** Answers would have to come from this port: what is outstanding ends with it. */
  close() {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const session of this.#sessions.values()) session.close()
    this.#socket.close()
  }

  #received(bytes: Buffer, { address, port }: RemoteInfo) {
    const key = `${address} ${port}`
    const known = this.#sessions.get(key)
    const session = known === undefined || known.isOver ? this.#begin(key, { address, port }) : known
    session?.send(bytes)
  }
  #begin(key: string, { address, port }: Pick<RemoteInfo, 'address' | 'port'>): UdpSession | null {
    if (this.#budget.open >= this.#options.limits().sessions) {
      this.#stats.failed('limit_sessions')
      return null
    }
    this.#budget.open++
    this.#stats.accepted++
    this.#stats.open++
    const client = { address: address.replace(/^::ffff:(?=\d+\.)/, ''), port, localPort: this.stream.port }
    const session = new UdpSession(client, this.stream.backend, { owner: this.#ownerOf(key, { address, port }), options: this.#options })
    this.#sessions.set(key, session)
    return session
  }
  #ownerOf(key: string, { address, port }: Pick<RemoteInfo, 'address' | 'port'>): UdpOwner {
    return {
      stats: this.#stats,
      upstreamName: this.stream.upstreamName,
      answer: (bytes) => this.#answer(bytes, { address, port }),
      finished: (session) => {
        this.#budget.open--
        this.#stats.open--
        if (this.#sessions.get(key) === session) this.#sessions.delete(key)
      },
    }
  }
  #answer(bytes: Buffer, { address, port }: Pick<RemoteInfo, 'address' | 'port'>) {
    if (this.#isClosed) return
    if (this.#socket.getSendQueueSize() > MOST_QUEUED_BYTES) return this.#stats.failed('limit_queue')
    // What can't be sent is lost, as any datagram may be.
    this.#socket.send(bytes, port, address, () => undefined)
  }
}
