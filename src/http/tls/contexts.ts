// One tls.Server for each set of terms, made at its first handshake and kept while it is used: sessions are resumed within one, and never in
// another (the class of CVE-2025-23419). None of them listens: sockets are handed in. Knows no routes; which terms a name gets is its owner's decision.
import { constants } from 'node:crypto'
import { createServer, type SecureVersion, type Server, type TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'
import { type Asked, ClientProof } from './client-proof.ts'

export type Keypair = { readonly cert: string; readonly key: string }
/** handshakeTimeout: ms; a handshake that takes longer is held open on purpose. sessionSeconds: how long one can be resumed, 0: none is. */
export type TlsOptions = {
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
  readonly ciphers: string
  readonly honorCipherOrder: boolean
  readonly ecdhCurve: string
  readonly ALPNProtocols: string[]
  readonly handshakeTimeout: number
  readonly sessionSeconds: number
}
/**
 * Of a handshake. id: everything but what `keypairs` and `asked.authority` hold, which are compared by identity. keypairs: one for each kind
 * of key; the client's signature algorithms choose. asked: clients are asked for a certificate; null: they are not.
 */
export type Terms = { readonly id: string; readonly keypairs: readonly Keypair[]; readonly options: TlsOptions; readonly asked: Asked | null }

/** refused: no TLS, broken records, or nothing in common. unknown_name: ssl-reject-handshake. */
export type HandshakeFailure = 'refused' | 'timeout' | 'client_gone' | 'unknown_name'
export type TlsEvents = { readonly secured: (socket: TLSSocket, proof: ClientProof | null) => void; readonly failed: (reason: HandshakeFailure) => void }

/** Certificates in use at once by one worker; about 60 KB each. */
const MAX_CONTEXTS = 2_048

type Context = { readonly terms: Terms; readonly server: Server }

export class TlsContexts {
  readonly #contexts = new LRUCache<string, Context>({ max: MAX_CONTEXTS })
  readonly #events: TlsEvents

  constructor(events: TlsEvents) {
    this.#events = events
  }

  /** Starts the handshake on a socket whose octets were put back. Throws where a keypair is none. */
  accept(socket: Socket, terms: Terms) {
    let context = this.#contexts.get(terms.id)
    if (context === undefined || !isSame(context.terms, terms)) this.#contexts.set(terms.id, context = { terms, server: this.#create(terms) })
    context.server.emit('connection', socket)
  }

  #create({ keypairs, options: { sessionSeconds, ...options }, asked }: Terms): Server {
    const server = createServer({
      ...options, cert: keypairs.map(({ cert }) => cert), key: keypairs.map(({ key }) => key), allowHalfOpen: true,
      ...(sessionSeconds > 0 ? { sessionTimeout: sessionSeconds } : { secureOptions: constants.SSL_OP_NO_TICKET }),
      // A bad certificate is answered in HTTP, so that people see what is wrong (ingress-nginx.md §4.5).
      ...(asked !== null && { requestCert: true, rejectUnauthorized: false, ca: asked.authority.ca, crl: [...asked.authority.crl] }),
    })
    server.on('secureConnection', (socket) => this.#events.secured(socket, asked === null ? null : new ClientProof(socket, asked)))
    // A failed handshake is the client's matter; its timeout alone leaves the socket open (bun.md §2.3).
    server.on('tlsClientError', (error, socket) => {
      this.#events.failed(reasonOf(error))
      socket.destroy()
    })
    return server
  }
}

const isSame = (a: Terms, b: Terms): boolean =>
  a.asked?.authority === b.asked?.authority && a.keypairs.length === b.keypairs.length && a.keypairs.every((keypair, index) => keypair === b.keypairs[index])

const reasonOf = (error: NodeJS.ErrnoException): HandshakeFailure => {
  if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout'
  return error.code === 'ECONNRESET' ? 'client_gone' : 'refused'
}
