// Whom an upstream connection is for, as a PROXY header tells it. Knows no pools.
import { canonical } from '../address.ts'
import type { Peer } from '../message.ts'
import type { ProxyEnds } from './header.ts'
import type { ProxySsl, Tlvs } from './tlvs.ts'
import { writeV1 } from './v1.ts'
import { writeV2 } from './v2.ts'

export type ProxyVersion = 'v1' | 'v2'

/** connection: the client's. client: its address; another one than that of the connection where a trusted proxy in front said so in a field. */
export interface Patron { readonly connection: Peer; readonly client: string }

/** null: nobody; the connection is our own. */
export const headerFor = (version: ProxyVersion, patron: Patron | null): Buffer => {
  const ends = patron === null ? null : endsOf(patron)
  if (version === 'v1' || patron === null) return version === 'v1' ? writeV1(ends) : writeV2(ends)
  return writeV2(ends, tlvsOf(patron.connection))
}

/** An address from a field has no port. */
const endsOf = ({ connection: { address, port, localAddress, localPort }, client }: Patron): ProxyEnds | null => {
  if (canonical(client) === null || canonical(localAddress) === null) return null
  return { client: { address: client, port: client === address ? port : 0 }, server: { address: localAddress, port: localPort } }
}

/** What a proxy in front told is told on, but for the protocol that it agreed on: that is not ours. */
const tlvsOf = ({ tls, told }: Peer): Tlvs => {
  const authority = tls?.serverName === undefined || tls.serverName === '' ? told?.tlvs.authority : tls.serverName
  const ssl = tls === null ? told?.tlvs.ssl : sslOf(tls)
  const uniqueId = told?.tlvs.uniqueId
  return { ...(authority !== undefined && { authority }), ...(uniqueId !== undefined && { uniqueId }), ...(ssl !== undefined && { ssl }) }
}
const sslOf = ({ proof }: NonNullable<Peer['tls']>): ProxySsl =>
  ({ secured: true, certificate: proof === null || proof.verdict === 'NONE' ? null : 'connection', verified: proof?.verdict === 'SUCCESS' })
