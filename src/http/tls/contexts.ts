// One tls.Server for each certificate, made at its first handshake and kept while it is used. None of them listens: sockets are handed in.
// Knows no routes; which certificate a name gets is its owner's decision.
import { createServer, type SecureVersion, type Server, type TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'

export type Keypair = { readonly cert: string; readonly key: string }
export type TlsOptions = { readonly minVersion: SecureVersion; readonly maxVersion: SecureVersion; readonly ciphers: string; readonly ALPNProtocols: string[] }

/** Certificates in use at once by one worker; about 60 KB each. */
const MAX_CONTEXTS = 2_048
/** nginx's client_header_timeout covers its handshake too; a handshake that takes longer is held open on purpose. */
const HANDSHAKE_MS = 60_000

export class TlsContexts {
  readonly #servers = new LRUCache<Keypair, Server>({ max: MAX_CONTEXTS })
  readonly #options: () => TlsOptions
  readonly #secured: (socket: TLSSocket) => void

  constructor(options: () => TlsOptions, secured: (socket: TLSSocket) => void) {
    this.#options = options
    this.#secured = secured
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
    const server = createServer({ cert, key, ...this.#options(), handshakeTimeout: HANDSHAKE_MS, allowHalfOpen: true })
    server.on('secureConnection', this.#secured)
    // A failed handshake is the client's matter; its timeout alone leaves the socket open (bun.md §2.3).
    server.on('tlsClientError', (_, socket) => socket.destroy())
    return server
  }
}
