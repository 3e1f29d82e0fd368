// Which conversations are broken where: one suite for each side and protocol.
import { type Conversation, HTTP1, HTTP2, HTTP2_ORIGIN, HTTP2_TUNNEL, type Protocol, TUNNEL } from './conversations.ts'

export type Suite = {
  readonly name: string
  /** Who fails. */
  readonly side: 'client' | 'upstream'
  readonly client: Protocol
  /** The client speaks TLS. */
  readonly tls: boolean
  /** backend-protocol. */
  readonly upstream: 'HTTP' | 'HTTPS' | 'GRPC' | 'GRPCS'
  readonly conversations: readonly Conversation[]
}

const HTTP = { client: 'h1', tls: false, upstream: 'HTTP' } as const

export const SUITES: readonly Suite[] = [
  { ...HTTP, name: 'http1-client', side: 'client', conversations: HTTP1 },
  { ...HTTP, name: 'http1-upstream', side: 'upstream', conversations: HTTP1 },
  { ...HTTP, name: 'http2-client', side: 'client', client: 'h2', conversations: HTTP2 },
  { ...HTTP, name: 'http2-upstream', side: 'upstream', upstream: 'GRPC', conversations: HTTP2_ORIGIN },
  { ...HTTP, name: 'tls-client', side: 'client', tls: true, conversations: HTTP1 },
  { ...HTTP, name: 'tls-http2-client', side: 'client', tls: true, client: 'h2', conversations: HTTP2 },
  { ...HTTP, name: 'tls-upstream', side: 'upstream', upstream: 'HTTPS', conversations: HTTP1 },
  { ...HTTP, name: 'tls-http2-upstream', side: 'upstream', upstream: 'GRPCS', conversations: HTTP2_ORIGIN },
  { ...HTTP, name: 'websocket-client', side: 'client', conversations: TUNNEL },
  { ...HTTP, name: 'websocket-upstream', side: 'upstream', conversations: TUNNEL },
  { ...HTTP, name: 'websocket-http2-client', side: 'client', client: 'h2', conversations: HTTP2_TUNNEL },
  { ...HTTP, name: 'websocket-http2-upstream', side: 'upstream', client: 'h2', conversations: HTTP2_TUNNEL },
]

export const suite = (name: string): Suite => {
  const found = SUITES.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no suite ${name}; there are ${SUITES.map((each) => each.name).join(', ')}`)
  return found
}
