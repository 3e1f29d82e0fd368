// TLS Secrets → certificates that are sure to load, and what they cover. Knows nothing of Ingresses.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Secret } from '../kube/objects.ts'
import type { Certificate } from '../model.ts'
import { expiryNotice } from './expiry.ts'
import { attempt, type Found, type Loader, type Loading } from './secret-store.ts'

/** A label that no certificate has but by a wildcard. */
const ANY_LABEL = 'any-label-under-this-wildcard'

export type LoadedCertificate = {
  readonly pem: Certificate
  /** Epoch ms. */
  readonly expiresAt: number
  /** `rsa`, `ec` and the like: a server can have one certificate of each. */
  readonly keyKind: string
  /** `*.example` is covered by a wildcard only. */
  covers(host: string): boolean
}
export type FoundCertificate = Found<LoadedCertificate>

export const certificateLoader: Loader<LoadedCertificate> = {
  load: loadCertificate,
  notices: (key, { expiresAt }, now) => expiryNotice({ object: `Secret ${key}`, field: 'data.tls.crt', what: 'the certificate', expiresAt }, now),
}

function loadCertificate(secret: Secret): Loading<LoadedCertificate> {
  const { 'tls.crt': cert = '', 'tls.key': key = '' } = secret.data
  // The words of ingress-nginx, which people search their logs for.
  if (cert === '' && key === '') return { fault: 'contains no keypair or CA certificate' }
  if (cert === '' || key === '') return { fault: `has no ${cert === '' ? 'tls.crt' : 'tls.key'}` }
  const leaf = attempt(() => new X509Certificate(cert))
  if (leaf === undefined) return { fault: 'tls.crt is not a certificate in PEM' }
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return { fault: 'tls.key is not an unencrypted private key in PEM' }
  if (!leaf.checkPrivateKey(privateKey)) return { fault: 'tls.key does not belong to the first certificate of tls.crt' }
  // What the proxy will do with it: the chain behind the leaf is parsed only here.
  if (attempt(() => createSecureContext({ cert, key })) === undefined) return { fault: 'the chain in tls.crt can not be loaded' }
  return { loaded: { pem: { cert, key }, expiresAt: Date.parse(leaf.validTo), keyKind: privateKey.asymmetricKeyType ?? '', covers: coverage(leaf) } }
}

function coverage(leaf: X509Certificate): (host: string) => boolean {
  const known = new Map<string, boolean>()
  return function covers(host) {
    const answer = known.get(host) ?? (host !== '' && leaf.checkHost(host.replace(/^\*/, ANY_LABEL)) !== undefined)
    known.set(host, answer)
    return answer
  }
}
