// Who the client is and how it reached us: the connection's word, or that of a trusted proxy in front (use-forwarded-headers).
// One answer for logs, policies and the fields that upstreams get.
import { isIP } from 'node:net'
import type { Peer, ReceivedRequest } from '../http/message.ts'
import type { Settings } from '../settings.ts'
import { trusted, type Trusted } from './trusted.ts'

/** proto: `http`, `https`, or whatever word a trusted proxy used. */
export type ClientView = { readonly address: string; readonly proto: string; readonly host: string; readonly port: string }

/** Whose forwarding fields are believed. Where there is no Trust, nobody's. */
export type Trust = { readonly peers: Trusted; readonly forField: string; readonly append: boolean }

export const trustOf = (settings: Settings): Trust | null => {
  if (!settings['use-forwarded-headers']) return null
  return { peers: trusted(settings['proxy-real-ip-cidr']), forField: settings['forwarded-for-header'], append: settings['compute-full-forwarded-for'] }
}

/** The connection's own word, or that of the proxy that it came through. The TLS port is always told as 443, as ingress-nginx does. */
export const directView = (client: Peer, host: string): ClientView => {
  const { address, localPort, tls, told } = client
  const isSecured = tls !== null || told?.secured === true
  return { address, proto: isSecured ? 'https' : 'http', host, port: tls === null || told !== null ? String(localPort) : '443' }
}

/** What a trusted peer says, where it says it. */
export const forwardedView = (trust: Trust, client: Peer, request: ReceivedRequest): ClientView => {
  const direct = directView(client, request.host)
  if (!trust.peers(client.address)) return direct
  const proto = first(request, 'X-Forwarded-Proto')
  const host = first(request, 'X-Forwarded-Host')
  const port = first(request, 'X-Forwarded-Port')
  return {
    address: realAddress(trust, request) ?? direct.address,
    proto: PROTO.test(proto) ? proto.toLowerCase() : direct.proto,
    host: HOST.test(host) ? host : direct.host,
    port: PORT.test(port) ? port : direct.port,
  }
}
const PROTO = /^[a-z][a-z0-9+.-]{0,15}$/i
const PORT = /^\d{1,5}$/
const HOST = /^[\w.\-:[\]]{1,255}$/

const first = (request: ReceivedRequest, name: string) => (request.field(name) ?? '').split(',')[0]!.trim()

/** The last address in the chain that is not a trusted proxy itself (nginx: real_ip_recursive on); the first where all are. */
const realAddress = (trust: Trust, request: ReceivedRequest): string | undefined => {
  const chain = request.fields(trust.forField).join(',').split(',').map((address) => address.trim()).filter((address) => isIP(address) !== 0)
  return chain.findLast((address) => !trust.peers(address)) ?? chain[0]
}
