// Who the client is and how it reached us: the connection's word, or that of a trusted proxy in front (use-forwarded-headers, enable-real-ip).
// One answer for logs, policies and the fields that upstreams get.
import { FORWARDING } from '../http/fields.ts'
import type { Peer, ReceivedRequest } from '../http/message.ts'
import type { Settings } from '../settings.ts'
import { type ForwardedElement, readForwarded } from './forwarded-field.ts'
import { clientOf, hopAddress } from './hops.ts'
import { trusted, type Trusted } from './trusted.ts'

/** proto: `http`, `https`, or whatever word a trusted proxy used. */
export type ClientView = { readonly address: string; readonly proto: string; readonly host: string; readonly port: string }

/** Whose forwarding fields are believed. Where there is no Trust, nobody's. */
export type Trust = {
  readonly peers: Trusted
  /** Says who the client is. */
  readonly forField: string
  readonly hostField: string
  /** Protocol, host and port are believed too, not the address alone. */
  readonly whole: boolean
  readonly append: boolean
  /** One of the fields is none that heads are searched for anyway. */
  readonly ownFields: boolean
}

export const trustOf = (settings: Settings): Trust | null => {
  const whole = settings['use-forwarded-headers']
  if (!whole && !settings['enable-real-ip']) return null
  const [forField, hostField] = [settings['forwarded-for-header'], settings['forwarded-host-header']]
  const ownFields = [forField, hostField].some((name) => !FORWARDING.includes(name.toLowerCase()))
  return { peers: trusted(settings['proxy-real-ip-cidr']), forField, hostField, whole, ownFields, append: whole && settings['compute-full-forwarded-for'] }
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
  const { address = direct.address, proto, host, port } = isRfc7239(trust) ? ofForwarded(trust, request) : ofFields(trust, request)
  if (!trust.whole) return { ...direct, address }
  return {
    address,
    proto: PROTO.test(proto) ? proto.toLowerCase() : direct.proto,
    host: HOST.test(host) ? host : direct.host,
    port: PORT.test(port) ? port : direct.port,
  }
}
const PROTO = /^[a-z][a-z0-9+.-]{0,15}$/i
const PORT = /^\d{1,5}$/
const HOST = /^[\w.\-:[\]]{1,255}$/

/** `` where nothing is said. */
type Claims = { readonly address: string | undefined; readonly proto: string; readonly host: string; readonly port: string }

const ofFields = (trust: Trust, request: ReceivedRequest): Claims => ({
  address: clientOf(hopsOf(trust, request), { addressOf: hopAddress, peers: trust.peers }),
  proto: first(request, 'X-Forwarded-Proto'),
  host: first(request, trust.hostField),
  port: first(request, 'X-Forwarded-Port'),
})
const hopsOf = ({ forField }: Trust, request: ReceivedRequest) =>
  request.fields(forField).join(',').split(',').map((hop) => hop.trim()).filter((hop) => hop !== '')
const first = (request: ReceivedRequest, name: string) => (request.field(name) ?? '').split(',')[0]!.trim()

const isRfc7239 = ({ forField }: Trust) => forField.toLowerCase() === 'forwarded'
/** Protocol and host as the outermost trusted proxy saw them. X-Forwarded-* say nothing here: who writes the one passes the others on from anybody. */
const ofForwarded = ({ peers }: Trust, request: ReceivedRequest): Claims => {
  let [proto, host] = ['', '']
  const passed = (element: ForwardedElement) => { proto = element.proto ?? proto; host = element.host ?? host }
  const address = clientOf(elementsOf(request), { addressOf: ({ for: hop = '' }) => hopAddress(hop), peers, passed })
  return { address, proto, host, port: /:(\d+)$/.exec(host)?.[1] ?? PORTS[proto.toLowerCase()] ?? '' }
}
const PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }
/** Of the lines behind the last broken one: a client may break its own, but not those that proxies add. */
const elementsOf = (request: ReceivedRequest): ForwardedElement[] => {
  const lines = request.fields('Forwarded').map(readForwarded)
  return lines.slice(lines.lastIndexOf(null) + 1).flatMap((elements) => elements ?? [])
}

/** The addresses that a trusted peer sent, to which it is appended. */
export const chainOf = (trust: Trust, client: Peer, request: ReceivedRequest): string => {
  if (!trust.append || !trust.peers(client.address)) return ''
  if (!isRfc7239(trust)) return hopsOf(trust, request).join(', ')
  return elementsOf(request).flatMap(({ for: hop = '' }) => hopAddress(hop) ?? []).join(', ')
}
