// How the endpoints of a backend are spoken to over TLS, by the Secret that it names. Knows no connections.
import type { Target } from '../http/dial.ts'
import { EndpointTerms } from '../http/tls/endpoint-terms.ts'
import type { Backend, EndpointTls, Table } from '../model.ts'

type Secrets = Pick<Table, 'certificates' | 'authorities'>

/** null: in clear. */
export const tlsTo = ({ protocol, options: { tls }, material = '' }: Pick<Backend, 'protocol' | 'options' | 'material'>, secrets: Secrets): Target['tls'] => {
  if (protocol !== 'https' && protocol !== 'h2') return null
  return tls === undefined ? ANYONE : { serverName: tls.sendName ? tls.name : '', terms: termsOf(tls, material, secrets) }
}
const ANYONE = { serverName: '' }

/** Where the authority is missing none is trusted: the backend has no endpoints then, as long as the table is what it should be. */
const termsOf = (tls: EndpointTls, material: string, { certificates, authorities }: Secrets): EndpointTerms => {
  const [minVersion, maxVersion] = tls.protocols
  const verify = tls.verify ? { name: tls.name, ca: authorities.get(tls.secret)?.ca ?? '', depth: tls.depth } : null
  return new EndpointTerms({ id: JSON.stringify([material, tls]), certificate: certificates.get(tls.secret) ?? null, verify, minVersion, maxVersion, ciphers: tls.ciphers })
}
