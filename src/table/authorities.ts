// Secrets with a certificate authority → what is sure to load: ca.crt, and revocation lists in ca.crl. Knows nothing of Ingresses.
import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Secret } from '../kube/objects.ts'
import type { Authority } from '../model.ts'
import { expiryNotice } from './expiry.ts'
import { attempt, type Found, type Loader, type Loading } from './secret-store.ts'

/** expiresAt: epoch ms of the one that lasts longest: bundles keep old ones. */
export type LoadedAuthority = { readonly pem: Authority; readonly expiresAt: number }
export type FoundAuthority = Found<LoadedAuthority>

export const authorityLoader: Loader<LoadedAuthority> = {
  load: loadAuthority,
  notices: (key, { expiresAt }, now) => expiryNotice({ object: `Secret ${key}`, field: 'data.ca.crt', what: 'every certificate in it', expiresAt }, now),
}

const BEGIN = /^-----BEGIN /gm
const CERTIFICATE = /^-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/gm
const REVOCATIONS = /^-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/gm

function loadAuthority(secret: Secret): Loading<LoadedAuthority> {
  const { 'ca.crt': ca = '', 'ca.crl': list = '' } = secret.data
  if (ca === '') return { fault: 'has no ca.crt' }
  const certificates = blocks(ca, CERTIFICATE)?.map((pem) => attempt(() => new X509Certificate(pem)))
  const expiries = certificates?.map((certificate) => Date.parse(certificate?.validTo ?? '')) ?? []
  if (expiries.length === 0 || expiries.some(Number.isNaN) || attempt(() => createSecureContext({ ca })) === undefined) {
    return { fault: 'ca.crt is not one or more certificates in PEM' }
  }
  // The TLS library reads one list of each text.
  const crl = list.trim() === '' ? [] : blocks(list, REVOCATIONS)
  if (crl === undefined || attempt(() => createSecureContext({ ca, crl: [...crl] })) === undefined) return { fault: 'ca.crl is not one or more revocation lists in PEM' }
  return { loaded: { pem: { ca, crl }, expiresAt: Math.max(...expiries) } }
}

/** undefined: it has none, or others besides, cut ones too: who is trusted must not depend on how much of it can be read. */
function blocks(text: string, kind: RegExp): readonly string[] | undefined {
  const found = text.match(kind) ?? []
  return found.length > 0 && found.length === text.match(BEGIN)?.length ? found : undefined
}
