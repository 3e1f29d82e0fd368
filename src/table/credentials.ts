// Secrets towards endpoints → what is sure to load of them: our certificate, the authority of theirs, or both. Knows nothing of Ingresses.
import { createHash } from 'node:crypto'
import type { Secret } from '../kube/objects.ts'
import { authorityLoader, type LoadedAuthority } from './authorities.ts'
import { certificateLoader, certificateNotices, type LoadedCertificate } from './certificates.ts'
import type { BackendRef } from './draft.ts'
import type { Found, Loader, Loading } from './secret-store.ts'

/** material: changes with what is in it. */
export type LoadedCredential = { readonly certificate: LoadedCertificate | null; readonly authority: LoadedAuthority | null; readonly material: string }
export type FoundCredential = Found<LoadedCredential>

export const credentialLoader = (): Loader<LoadedCredential> => {
  const certificates = certificateLoader()
  return { load: (secret) => loadCredential(secret, certificates), notices }
}

const notices: Loader<LoadedCredential>['notices'] = (key, { certificate, authority }, now) => {
  const all = [...certificate === null ? [] : [certificateNotices(key, certificate, now)], ...authority === null ? [] : [authorityLoader.notices(key, authority, now)]]
  return { issues: all.flatMap(({ issues }) => issues), nextAt: Math.min(...all.map(({ nextAt }) => nextAt)) }
}

function loadCredential(secret: Secret, certificates: Loader<LoadedCertificate>): Loading<LoadedCredential> {
  const has = (...names: readonly string[]) => names.some((name) => (secret.data[name] ?? '') !== '')
  const certificate = has('tls.crt', 'tls.key') ? certificates.load(secret) : { loaded: null }
  const authority = has('ca.crt') ? authorityLoader.load(secret) : { loaded: null }
  if ('fault' in certificate) return certificate
  if ('fault' in authority) return authority
  if (certificate.loaded === null && authority.loaded === null) return { fault: 'has neither a certificate (tls.crt, tls.key) nor an authority (ca.crt)' }
  const material = createHash('sha256').update(JSON.stringify([certificate.loaded?.pem.cert, authority.loaded?.pem])).digest('base64url')
  return { loaded: { certificate: certificate.loaded, authority: authority.loaded, material } }
}

/** Why the endpoints of a reference can't be spoken to as they must be, for an issue; undefined: they can. */
export function credentialFault({ service, options: { tls } }: BackendRef, found: FoundCredential | undefined): string | undefined {
  if (tls === undefined || found === undefined) return undefined
  const { secret, verify } = tls
  const namespace = service.slice(0, service.indexOf('/'))
  if (!secret.startsWith(`${namespace}/`)) return `Secret ${secret} of proxy-ssl-secret is in another namespace: requests get 503; use one in ${namespace}`
  if (!found.exists) return `Secret ${secret} of proxy-ssl-secret does not exist: requests get 503 until it does`
  if (found.loaded === undefined) return `Secret ${secret} of proxy-ssl-secret can not be used (it has an issue of its own): requests get 503 until it is mended`
  return verify && found.loaded.authority === null ? `Secret ${secret} of proxy-ssl-secret has no ca.crt to verify endpoints by: requests get 503 until it has` : undefined
}
