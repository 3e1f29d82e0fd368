// Ports: accepts connections, in clear or TLS by server name, and hands them to HTTP/1 or HTTP/2 connections. Knows no routes.
import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { H2ServerConnection } from './h2-server.ts'
import { OutputBuffers } from './h2/output.ts'
import { descriptorOf, ownOfProxy, peerOf, toldPeer } from './accepted.ts'
import type { ClientLimit } from './client-limit.ts'
import { Doorstep, type DoorOptions } from './doorstep.ts'
import { oldestIdle } from './idle.ts'
import { claim, hold, leave, type Leave, type Share } from './port-share.ts'
import { awaitProxyHeader, type HeaderWait, type ProxyHeaderFault } from './proxy-protocol/await-header.ts'
import { letIn } from './reuseport.ts'
import { ServerConnection } from './server.ts'
import type { ServedConnection, ServerOptions } from './server-options.ts'
import { awaitHello } from './tls/await-hello.ts'
import type { ClientProof } from './tls/client-proof.ts'
import { type HandshakeFailure, type Terms, TlsContexts } from './tls/contexts.ts'
import { Proven } from './tls/proven.ts'
import { refuseName } from './tls/refuse-name.ts'
import type { Peer } from './message.ts'
import { Tunnels } from './tunnels.ts'

/** Whether a connection from `address` begins with a PROXY header, and how it is waited for; null: it does not. `believes`: what the header says of the client holds. */
export type ProxyRules = (address: string) => (HeaderWait & { readonly believes: boolean }) | null

/** hello: what was read of the socket, which is paused. told: the client, where a proxy in front said who it is. */
export type Diverted = { readonly serverName: string; readonly hello: Buffer; readonly told: Peer | undefined }

export type ListenerOptions = {
  readonly host: string
  /** What comes to the ports is turned away until `admit`. */
  readonly held: boolean
  /** Who may come in. */
  readonly door: DoorOptions
  readonly clients: ClientLimit
  readonly server: Omit<ServerOptions, 'closed' | 'priorKnowledge' | 'tunnels'>
  /** null: nobody has that name, and the handshake is refused. */
  readonly terms: (serverName: string) => Terms | null
  /** Asked for each connection at accept; null: none begins with a header. */
  readonly proxyRules: () => ProxyRules | null
  /** A connection was closed for its PROXY header: for the metrics. */
  readonly proxyHeaderFailed: (fault: ProxyHeaderFault) => void
  /** Takes a connection over whose TLS is not ended here. False: it is not for that. */
  readonly divert?: (socket: Socket, arrival: Diverted) => boolean
  /** A connection that carries requests began, ended: for the metrics. */
  readonly opened: () => void
  readonly closed: (client: Peer) => void
  /** A TLS client never came to speak: for the metrics. */
  readonly handshakeFailed: (reason: HandshakeFailure) => void
}

type PortKind = 'clear' | 'tls'

/** A listener that closes resets what waits in its accept queue (bun.md §5.4): it goes on accepting for so long after drain began. */
const ACCEPT_TAIL_MS = 250
/** Of the time that a drain may take after that, what tunnels are ended in. The rest is for peers that take their time to close. */
const TUNNELS_SHARE = 0.8

export class Listener {
  readonly #options: ListenerOptions
  readonly #server: ServerOptions & { readonly buffers: OutputBuffers }
  readonly #tunnels: Tunnels
  readonly #door: Doorstep
  readonly #connections = new Set<ServedConnection>()
  readonly #ports: Server[] = []
  readonly #contexts: TlsContexts
  readonly #proven = new Proven<ServedConnection>()
  /** Of connections in their handshake, where a proxy in front said who the client is. */
  readonly #told = new WeakMap<object, Peer>()
  #held: boolean
  #draining = false
  /** The last connection went. */
  #emptied: () => void = () => undefined

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#held = options.held
    this.#tunnels = new Tunnels(options.server.clock)
    this.#door = new Doorstep(options.door, (count) => this.#closeIdle(count))
    this.#server = { ...options.server, buffers: new OutputBuffers(), tunnels: this.#tunnels, closed: (connection) => this.#closed(connection), priorKnowledge: (socket, client, bytes) => this.#http2(socket, client).start(bytes) }
    this.#contexts = new TlsContexts({ secured: (socket, proof) => this.#secured(socket, proof), failed: options.handshakeFailed })
  }

  /** Resolves when the port accepts; rejects with the system's error, EADDRINUSE above all. */
  listen(port: number, kind: PortKind): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => { if (this.#door.enter(socket)) this.#accepted(socket, kind) })
    this.#ports.push(server)
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, host: this.#options.host, reusePort: true }, () => { server.off('error', reject); resolve() })
      if (this.#held) hold(descriptorOf(server))
    })
  }

  /** Takes what comes from now on. */
  admit() {
    this.#held = false
    for (const fd of this.#descriptors()) letIn(fd)
  }

  /** See port-share.ts; what is true of one of the ports. */
  claim(own: number, takeOver: boolean): Share {
    const shares = this.#descriptors().map((fd) => claim(fd, { own, takeOver }))
    return (['refused', 'shared'] as const).find((share) => shares.includes(share)) ?? 'alone'
  }
  #descriptors(): number[] { return this.#ports.map(descriptorOf).filter((fd) => fd !== null) }

  /** Terms may have changed: whoever has shown a certificate by others shows it anew, on a connection of its own. */
  termsChanged() { this.#proven.renew(this.#options.terms) }

  /** In front of all that is spoken on a port: the header of a proxy, where one is expected. */
  #accepted(socket: Socket, kind: PortKind) {
    const { clients } = this.#options
    const rules = this.#options.proxyRules()
    if (rules === null) {
      if (clients.rule !== null && !clients.admits(socket, peerOf(socket).address)) return
      return kind === 'clear' ? this.#http1(socket, peerOf(socket)) : this.#hello(socket)
    }
    const peer = peerOf(socket)
    const wait = rules(peer.address)
    // Who may speak for others is not counted before it has said for whom.
    if (wait?.believes !== true && !clients.admits(socket, peer.address)) return
    if (wait === null) return this.#introduced(socket, kind, { peer, rest: NONE })
    awaitProxyHeader(socket, wait, {
      whole: (header, rest) => {
        const client = header !== null && wait.believes ? toldPeer(peer, header) : peer
        if (!wait.believes || ownOfProxy(header, client) || clients.admits(socket, client.address)) this.#introduced(socket, kind, { peer: client, rest })
      },
      failed: this.#options.proxyHeaderFailed,
    })
  }
  /** The header has been read: what has come behind it is the connection's own. */
  #introduced(socket: Socket, kind: PortKind, { peer, rest }: { readonly peer: Peer; readonly rest: Buffer }) {
    if (kind === 'clear') {
      const connection = this.#http1(socket, peer)
      if (rest.length > 0) connection.start(rest)
      return
    }
    if (peer.told !== null) this.#told.set(socket, peer)
    this.#hello(socket)
    if (rest.length > 0) socket.unshift(rest)
  }

  /** Lets this share of the connections go, if so many are idle. */
  relieve(share: number) { this.#door.relieve(Math.ceil(this.#connections.size * share)) }
  #closeIdle(count: number): number {
    const idle = oldestIdle(this.#connections, count)
    for (const connection of idle) connection.dismiss()
    return idle.length
  }

  #http1(socket: Socket, peer: Peer): ServerConnection {
    this.#options.opened()
    return this.#add(new ServerConnection(socket, peer, this.#server))
  }
  #add<C extends ServedConnection>(connection: C): C {
    this.#connections.add(connection)
    if (this.#draining) connection.drain()
    return connection
  }
  /** By ALPN, or by the preface: then the connection that read it has been closed for the counters. */
  #http2(socket: Socket, client: Peer): H2ServerConnection {
    this.#options.opened()
    return this.#add(new H2ServerConnection(socket, client, this.#server))
  }

  #hello(socket: Socket) {
    awaitHello(socket, this.#server.limits().headMs, { whole: (serverName, hello) => this.#handshake(socket, serverName, hello), failed: this.#options.handshakeFailed })
  }

  #handshake(socket: Socket, serverName: string, hello: Buffer) {
    if (this.#options.divert?.(socket, { serverName, hello, told: this.#told.get(socket) }) === true) return
    try {
      const terms = this.#options.terms(serverName)
      if (terms === null) return this.#refuse(socket)
      socket.unshift(hello)
      this.#contexts.accept(socket, terms)
    } catch {
      // The table holds checked material only: this is for what the TLS library takes alone and not together.
      this.#options.handshakeFailed('refused')
      socket.destroy()
    }
  }
  #refuse(socket: Socket) {
    this.#options.handshakeFailed('unknown_name')
    refuseName(socket)
  }

  #secured(socket: TLSSocket, proof: ClientProof | null) {
    const serverName = typeof socket.servername === 'string' ? socket.servername.toLowerCase().replace(/\.$/, '') : ''
    const peer = { ...this.#toldOf(socket) ?? peerOf(socket), tls: { serverName, proof } }
    const connection = socket.alpnProtocol === 'h2' ? this.#http2(socket, peer) : this.#http1(socket, peer)
    if (proof !== null) this.#proven.add(connection, { serverName, proof })
  }

  /** By the socket beneath, which is kept under an undocumented name (bun.md §2.2). */
  #toldOf(socket: TLSSocket): Peer | undefined {
    const beneath: unknown = Reflect.get(socket, '_parent')
    return typeof beneath === 'object' && beneath !== null ? this.#told.get(beneath) : undefined
  }

  #closed(connection: ServedConnection) {
    this.#connections.delete(connection)
    this.#proven.delete(connection)
    this.#options.closed(connection.client)
    if (this.#connections.size === 0) this.#emptied()
  }

  /**
   * Answers close their connections from now on, and tunnels end one after another once the port is closed: who comes back shall come to others.
   * Where others go on listening, new connections are left to them.
   * Resolves when all are gone, or when time is up: the rest is cut.
   */
  async drain({ timeoutMs, ...listeners }: Leave & { readonly timeoutMs: number }): Promise<void> {
    this.#draining = true
    for (const fd of this.#descriptors()) leave(fd, listeners)
    for (const connection of this.#connections) connection.drain()
    await new Promise((resolve) => setTimeout(resolve, ACCEPT_TAIL_MS))
    for (const port of this.#ports) port.close()
    if (this.#connections.size === 0) return
    const leftMs = Math.max(0, timeoutMs - ACCEPT_TAIL_MS)
    this.#tunnels.endWithin(leftMs * TUNNELS_SHARE)
    const timer = setTimeout(() => this.#cut(), leftMs)
    await new Promise<void>((resolve) => { this.#emptied = resolve })
    clearTimeout(timer)
  }
  #cut() { for (const connection of [...this.#connections]) connection.cut() }
}
const NONE: Buffer = Buffer.alloc(0)
