// TLS Secrets → certificates that are sure to load, and what they cover. Knows nothing of Ingresses.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { LRUCache } from 'lru-cache'
import type { Secret } from '../kube/objects.ts'
import type { Certificate } from '../model.ts'
import { expiryNotice } from './expiry.ts'
import { isRsaKeyOf } from './rsa-key.ts'
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

/** Issuers that are remembered: they are the same for most. */
const ISSUERS = 256
type Issuers = LRUCache<string, boolean>

export const certificateLoader = (): Loader<LoadedCertificate> => {
  const issuers: Issuers = new LRUCache<string, boolean>({ max: ISSUERS })
  return { load: (secret) => loadCertificate(secret, issuers), notices: certificateNotices }
}

export const certificateNotices: Loader<LoadedCertificate>['notices'] = (key, { expiresAt }, now) =>
  expiryNotice({ object: `Secret ${key}`, field: 'data.tls.crt', what: 'the certificate', expiresAt }, now)

function loadCertificate(secret: Secret, issuers: Issuers): Loading<LoadedCertificate> {
  const { 'tls.crt': cert = '', 'tls.key': key = '' } = secret.data
  // The words of ingress-nginx, which people search their logs for.
  if (cert === '' && key === '') return { fault: 'contains no keypair or CA certificate' }
  if (cert === '' || key === '') return { fault: `has no ${cert === '' ? 'tls.crt' : 'tls.key'}` }
  const leaf = attempt(() => new X509Certificate(cert))
  if (leaf === undefined) return { fault: 'tls.crt is not a certificate in PEM' }
  const keyRead = readKey(leaf, key)
  if ('fault' in keyRead) return keyRead
  const { isUsual, keyKind } = keyRead
  if (!isUsual || !hasUsualChain(cert, issuers)) {
    // What the proxy will do with it.
    if (attempt(() => createSecureContext({ cert, key })) === undefined) return { fault: 'the chain in tls.crt can not be loaded' }
  }
  return { loaded: { pem: { cert, key }, expiresAt: leaf.validToDate.getTime(), keyKind, covers: coverage(leaf) } }
}

/** isUsual: sure to be served with. To try each of thousands too would double the work: 36 µs beside 28 for P-256 (test/tls/certificates.ts). */
type KeyRead = { readonly keyKind: string; readonly isUsual: boolean } | { readonly fault: string }

function readKey(leaf: X509Certificate, key: string): KeyRead {
  const { publicKey } = leaf
  if (publicKey.asymmetricKeyType === 'rsa' && isRsaKeyOf(publicKey.export({ format: 'der', type: 'pkcs1' }), key)) return { keyKind: 'rsa', isUsual: true }
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) return { fault: 'tls.key is not an unencrypted private key in PEM' }
  if (!leaf.checkPrivateKey(privateKey)) return { fault: 'tls.key does not belong to the first certificate of tls.crt' }
  return { keyKind: privateKey.asymmetricKeyType ?? '', isUsual: isUsualKey(privateKey) }
}

const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1']
const RSA_BITS = 2_048

function isUsualKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  return type === 'ec' ? CURVES.includes(details?.namedCurve) : type === 'rsa' && (details?.modulusLength ?? 0) >= RSA_BITS
}

const BEGIN = '-----BEGIN '
const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Nothing but certificates, each of which can be read; the first has been. */
function hasUsualChain(cert: string, issuers: Issuers): boolean {
  if (cert.indexOf(BEGIN) === cert.lastIndexOf(BEGIN)) return true
  const [, ...chain] = cert.match(BLOCK) ?? []
  return chain.every((pem) => {
    const known = issuers.get(pem) ?? attempt(() => new X509Certificate(pem)) !== undefined
    issuers.set(pem, known)
    return known
  }) && cert.split(BEGIN).length === chain.length + 2
}

function coverage(leaf: X509Certificate): (host: string) => boolean {
  const known = new Map<string, boolean>()
  return function covers(host) {
    const answer = known.get(host) ?? (host !== '' && leaf.checkHost(host.replace(/^\*/, ANY_LABEL)) !== undefined)
    known.set(host, answer)
    return answer
  }
}
