// Opens the socket of a connection to an endpoint, in clear or over TLS. Knows nothing of what it will carry.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { chainLength } from './tls/chain.ts'
import type { EndpointTerms } from './tls/endpoint-terms.ts'

/** Where to connect. Everything that makes two connections interchangeable is in here. */
export type Target = {
  readonly address: string
  readonly port: number
  /** null: in clear. serverName: SNI, `` for none. terms: absent where nothing is verified and nothing shown (ingress-nginx.md §4.6). */
  readonly tls: { readonly serverName: string; readonly terms?: EndpointTerms } | null
  readonly protocol: 'h1' | 'h2'
  /** What each connection begins with: the PROXY header of the one client that it is for. */
  readonly preamble?: Buffer
}

/**
 * standing: the connection may carry requests; what the endpoint had to show, it has. In clear the preamble is the caller's to write: with the first
 * request it costs no write of its own. Over TLS it has been written before the handshake.
 */
export const dial = (target: Target, standing: () => void): Socket => {
  const { address: host, port, tls, protocol } = target
  const allowHalfOpen = protocol === 'h1'
  if (tls === null) return connectTcp({ host, port, noDelay: true, allowHalfOpen }, standing)
  const { serverName: servername, terms } = tls
  const common = { ...beneath(target), servername, ALPNProtocols: [protocol === 'h2' ? 'h2' : 'http/1.1'] }
  if (terms === undefined) return connectTls({ ...common, rejectUnauthorized: false }, standing)
  const { verify } = terms.rules
  if (verify === null) return connectTls({ ...common, secureContext: terms.context, rejectUnauthorized: false }, standing)
  const socket = connectTls({ ...common, secureContext: terms.context, rejectUnauthorized: true, checkServerIdentity: terms.identify }, () => {
    // The library has ended what it does not trust; it has no bound for the chain, though.
    if (!socket.authorized) socket.destroy(untrusted('CERT_UNTRUSTED'))
    else if (chainLength(socket) - 2 > verify.depth) socket.destroy(untrusted('CERT_CHAIN_TOO_LONG'))
    else standing()
  })
  return socket
}

/** Where TLS goes to, or over what. */
const beneath = ({ address: host, port, preamble }: Target) => {
  if (preamble === undefined) return { host, port }
  const socket = connectTcp({ host, port, noDelay: true })
  socket.write(preamble)
  return { socket }
}

const untrusted = (code: string) => Object.assign(new Error('the endpoint is not trusted'), { code })
