// The TCP sessions of a worker, of all its ports: how many there may be, and how they end when it drains. Knows no ports.
import type { Socket } from 'node:net'
import { Tunnels } from '../http/tunnels.ts'
import type { StreamStats } from '../telemetry/stream-stats.ts'
import type { StreamOptions } from './stream-options.ts'
import { type Arrival, TcpSession } from './tcp-session.ts'

/** Of the time that a drain may take, what sessions are ended in. The rest is for peers that take their time to close. */
const LEAVING_SHARE = 0.8
/** As nginx has it where there are too many connections. */
const UNAVAILABLE = 503

type Refused = Pick<Arrival, 'client' | 'upstreamName' | 'serverName'> & { readonly reason: string; readonly status: number }
const ignored = () => undefined

export class TcpSessions {
  readonly #options: StreamOptions
  readonly #open = new Set<TcpSession>()
  readonly #tunnels: Tunnels
  /** The last one went. */
  #emptied: () => void = () => undefined

  constructor(options: StreamOptions) {
    this.#options = options
    this.#tunnels = new Tunnels(options.wire.clock)
  }

  begin(socket: Socket, arrival: Arrival, stats: StreamStats) {
    if (this.#open.size >= this.#options.limits().sessions) return this.refuse(socket, { ...arrival, reason: 'limit_sessions', status: UNAVAILABLE }, stats)
    stats.accepted++
    stats.open++
    const owner = { stats, finished: (session: TcpSession) => this.#finished(session, stats) }
    const session = new TcpSession(socket, arrival, { owner, options: this.#options })
    this.#open.add(session)
    this.#tunnels.add(session)
  }

  /** A connection that is not served: it was accepted, and counts. */
  refuse(socket: Socket, { client, upstreamName, serverName, reason, status }: Refused, stats: StreamStats) {
    stats.accepted++
    stats.failed(reason)
    socket.on('error', ignored).destroy()
    const now = performance.now()
    this.#options.sink({
      protocol: 'TCP', client: client.address, clientPort: client.port, port: client.localPort, proxyAddress: client.told?.by.address ?? '', serverName, upstreamName,
      start: now, end: now, status, reason, bytesIn: 0, bytesOut: 0, attempts: [],
    })
  }

  #finished(session: TcpSession, stats: StreamStats) {
    this.#open.delete(session)
    this.#tunnels.remove(session)
    stats.open--
    if (this.#open.size === 0) this.#emptied()
  }

  /** They end one after another; resolves when all have, or when time is up: the rest is cut. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return
    this.#tunnels.endWithin(timeoutMs * LEAVING_SHARE)
    const timer = setTimeout(() => { for (const session of [...this.#open]) session.cut() }, timeoutMs)
    await new Promise<void>((resolve) => { this.#emptied = resolve })
    clearTimeout(timer)
  }
}
