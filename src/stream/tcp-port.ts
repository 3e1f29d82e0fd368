// A port of a TCP service. Knows no endpoints.
import { createServer, type Server, type Socket } from 'node:net'
import { descriptorOf, peerOf } from '../http/accepted.ts'
import type { Stream } from '../model.ts'
import type { StreamStats } from '../telemetry/stream-stats.ts'
import type { StreamPort } from './stream-port.ts'
import type { TcpSessions } from './tcp-sessions.ts'

export class TcpPort implements StreamPort {
  stream: Stream
  readonly #sessions: TcpSessions
  readonly #stats: StreamStats
  readonly #server: Server

  constructor(stream: Stream, sessions: TcpSessions, stats: StreamStats) {
    this.stream = stream
    this.#sessions = sessions
    this.#stats = stats
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accepted(socket))
  }

  open(host: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen({ port: this.stream.port, host, reusePort: true }, () => { this.#server.off('error', reject); resolve() })
    return promise
  }
  close() { this.#server.close() }
  get fd() { return descriptorOf(this.#server) }

  #accepted(socket: Socket) {
    const { backend, upstreamName } = this.stream
    this.#sessions.begin(socket, { client: peerOf(socket), backend, upstreamName, serverName: '', first: null, header: null }, this.#stats)
  }
}
