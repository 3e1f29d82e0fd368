// What a header of the PROXY protocol says, in either version (haproxy.org, proxy-protocol.txt). Knows no octets.
import type { Tlvs } from './tlvs.ts'

/** address: canonical, IPv4 in IPv6 as IPv4. */
export type Place = { readonly address: string; readonly port: number }
/** client: who opened the connection. server: where it was accepted by the first proxy. */
export type ProxyEnds = { readonly client: Place; readonly server: Place }

export type ProxyHeader = {
  readonly version: 1 | 2
  /** Octets that it takes; what follows is the connection's own. */
  readonly length: number
  /** null: a connection of the sender itself (LOCAL), or of somebody without an IP address (UNKNOWN, AF_UNSPEC, AF_UNIX): the socket's own ends hold. */
  readonly ends: ProxyEnds | null
  readonly tlvs: Tlvs
}

/** more: a beginning of one. none: no header begins so. broken: one that is not as it has to be; the connection must be closed. */
export type ProxyRead = ProxyHeader | 'more' | 'none' | 'broken'
