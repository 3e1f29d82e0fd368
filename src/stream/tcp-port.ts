// A port of a TCP service. Knows no endpoints.
import { createServer, type Server, type Socket } from 'node:net'
import { descriptorOf, ownOfProxy, peerOf, toldPeer } from '../http/accepted.ts'
import type { Peer } from '../http/message.ts'
import { awaitProxyHeader } from '../http/proxy-protocol/await-header.ts'
import type { ProxyEnds } from '../http/proxy-protocol/header.ts'
import { writeV1 } from '../http/proxy-protocol/v1.ts'
import type { Stream } from '../model.ts'
import type { StreamStats } from '../telemetry/stream-stats.ts'
import type { StreamOptions } from './stream-options.ts'
import type { StreamPort } from './stream-port.ts'
import type { TcpSessions } from './tcp-sessions.ts'

/** As nginx has it where a header is missing or broken. */
const BAD_REQUEST = 400

type Parts = { readonly sessions: TcpSessions; readonly stats: StreamStats; readonly options: StreamOptions }

export class TcpPort implements StreamPort {
  stream: Stream
  readonly #sessions: TcpSessions
  readonly #stats: StreamStats
  readonly #options: StreamOptions
  readonly #server: Server

  constructor(stream: Stream, { sessions, stats, options }: Parts) {
    this.stream = stream
    this.#sessions = sessions
    this.#stats = stats
    this.#options = options
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
    const client = peerOf(socket)
    if (this.stream.proxyProtocol.in) this.#introduce(socket, client)
    else if (this.#options.clients.admits(socket, client.address)) this.#begin(socket, client, null)
  }

  /** Whoever speaks first here must say whom it speaks for. That is believed of those who may; of others it is only read. */
  #introduce(socket: Socket, peer: Peer) {
    const { clients } = this.#options
    const { headerMs, believes } = this.#options.limits()
    const believed = believes(peer.address)
    if (!believed && !clients.admits(socket, peer.address)) return
    awaitProxyHeader(socket, { required: true, withinMs: headerMs }, {
      whole: (header, rest) => {
        socket.pause()
        const client = header !== null && believed ? toldPeer(peer, header) : peer
        if (!believed || ownOfProxy(header, client) || clients.admits(socket, client.address)) this.#begin(socket, client, rest)
      },
      failed: (fault) => this.#sessions.refuse(socket, { client: peer, upstreamName: this.stream.upstreamName, serverName: '', reason: `proxy_header_${fault}`, status: BAD_REQUEST }, this.#stats),
    })
  }

  #begin(socket: Socket, client: Peer, first: Buffer | null) {
    const { backend, upstreamName, proxyProtocol } = this.stream
    const header = proxyProtocol.out ? writeV1(endsOf(client)) : null
    this.#sessions.begin(socket, { client, backend, upstreamName, serverName: '', first, header }, this.#stats)
  }
}

const endsOf = ({ address, port, localAddress, localPort }: Peer): ProxyEnds => ({ client: { address, port }, server: { address: localAddress, port: localPort } })
