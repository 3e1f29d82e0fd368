// One tls.Server for each certificate, made at its first handshake and kept while it is used. None of them listens: sockets are handed in.
// Knows no routes; which certificate a name gets is its owner's decision.
import { createServer, type SecureVersion, type Server, type TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'

export type Keypair = { readonly cert: string; readonly key: string }
/** handshakeTimeout: ms; a handshake that takes longer is held open on purpose. */
export type TlsOptions = {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
  readonly ciphers: string
  readonly ALPNProtocols: string[]
  readonly handshakeTimeout: number
}

/** refused: no TLS, broken records, or nothing in common. */
export type HandshakeFailure = 'refused' | 'timeout' | 'client_gone'
export type TlsEvents = { readonly secured: (socket: TLSSocket) => void; readonly failed: (reason: HandshakeFailure) => void }

/** Certificates in use at once by one worker; about 60 KB each. */
const MAX_CONTEXTS = 2_048

export class TlsContexts {
  readonly #servers = new LRUCache<Keypair, Server>({ max: MAX_CONTEXTS })
  readonly #options: () => TlsOptions
  readonly #events: TlsEvents

  constructor(options: () => TlsOptions, events: TlsEvents) {
    this.#options = options
    this.#events = events
  }

  /** Starts the handshake on a socket whose octets were put back. Throws where the keypair is no keypair. */
  accept(socket: Socket, keypair: Keypair) {
    let server = this.#servers.get(keypair)
    if (server === undefined) this.#servers.set(keypair, server = this.#create(keypair))
    server.emit('connection', socket)
  }

  /** Protocol versions or ciphers changed: connections go on, handshakes from now on use the new ones. */
  clear() { this.#servers.clear() }

  #create({ cert, key }: Keypair): Server {
    const server = createServer({ cert, key, ...this.#options(), allowHalfOpen: true })
    server.on('secureConnection', this.#events.secured)
    // A failed handshake is the client's matter; its timeout alone leaves the socket open (bun.md §2.3).
    server.on('tlsClientError', (error, socket) => {
      this.#events.failed(reasonOf(error))
      socket.destroy()
    })
    return server
  }
}

const reasonOf = (error: NodeJS.ErrnoException): HandshakeFailure => {
  if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout'
  return error.code === 'ECONNRESET' ? 'client_gone' : 'refused'
}
