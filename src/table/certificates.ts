// TLS Secrets → certificates that are sure to load, and what they cover. Knows nothing of Ingresses.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Objects, Secret } from '../kube/objects.ts'
import type { Certificate, Issue } from '../model.ts'
import { memoByObject } from './memo.ts'

/** ingress-nginx's warning time, 240 h. */
const EXPIRY_NOTICE_MS = 10 * 24 * 3_600_000
/** A label that no certificate has but by a wildcard. */
const ANY_LABEL = 'any-label-under-this-wildcard'

export type LoadedCertificate = {
  readonly pem: Certificate
  /** Epoch ms. */
  readonly expiresAt: number
  /** `*.example` is covered by a wildcard only. */
  covers(host: string): boolean
}
/** What stands behind a Secret's key. `loaded` may be a former version; `exists` tells a missing Secret from a bad one. */
export type FoundCertificate = {
  readonly loaded: LoadedCertificate | undefined
  readonly exists: boolean
  readonly issues: readonly Issue[]
}
type Loading = { readonly loaded: LoadedCertificate } | { readonly fault: string }
type Finding = { readonly secret: Secret | undefined; readonly found: FoundCertificate }

/** Loads each Secret once, and keeps the last good version of those in use. */
export class CertificateStore {
  readonly #now: () => number
  readonly #load = memoByObject(loadCertificate)
  #secrets: Objects['Secret'] = new Map()
  /** What was asked for since something changed: by key, the Secret that the answer came from. */
  #findings = new Map<string, Finding>()
  #lastGood = new Map<string, LoadedCertificate>()
  /** Epoch ms when time alone changes an answer. */
  #staleAt = Infinity

  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether any answer of `find` may be another one now. */
  refresh(secrets: Objects['Secret']): boolean {
    this.#secrets = secrets
    if (!this.#isStale()) return false
    this.#lastGood = new Map()
    for (const [key, { found: { loaded } }] of this.#findings) if (loaded !== undefined) this.#lastGood.set(key, loaded)
    this.#findings = new Map()
    this.#staleAt = Infinity
    return true
  }

  /** By `namespace/name`, as of the last refresh. */
  find(key: string): FoundCertificate {
    const known = this.#findings.get(key)
    if (known !== undefined) return known.found
    const secret = this.#secrets.get(key)
    const found = this.#find(key, secret)
    this.#findings.set(key, { secret, found })
    return found
  }

  #isStale(): boolean {
    for (const [key, { secret }] of this.#findings) if (this.#secrets.get(key) !== secret) return true
    return this.#now() >= this.#staleAt
  }

  #find(key: string, secret: Secret | undefined): FoundCertificate {
    if (secret === undefined) return { loaded: undefined, exists: false, issues: [] }
    const loading = this.#load(secret)
    if ('loaded' in loading) return { loaded: loading.loaded, exists: true, issues: this.#expiryIssues(key, loading.loaded) }
    const former = this.#lastGood.get(key)
    const instead = former === undefined ? 'it is not served' : 'its last good version is served'
    const issue = { object: `Secret ${key}`, field: 'data', reason: `${loading.fault}: ${instead} until it is mended` }
    return { loaded: former, exists: true, issues: [issue] }
  }

  #expiryIssues(key: string, { expiresAt }: LoadedCertificate): Issue[] {
    const now = this.#now()
    const next = [expiresAt - EXPIRY_NOTICE_MS, expiresAt].find((at) => at > now) ?? Infinity
    this.#staleAt = Math.min(this.#staleAt, next)
    if (expiresAt - now > EXPIRY_NOTICE_MS) return []
    const state = expiresAt > now ? 'expires' : 'expired'
    const reason = `the certificate ${state} ${new Date(expiresAt).toISOString()}: renew it`
    return [{ object: `Secret ${key}`, field: 'data.tls.crt', reason }]
  }
}

function loadCertificate(secret: Secret): Loading {
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
  return { loaded: { pem: { cert, key }, expiresAt: Date.parse(leaf.validTo), covers: coverage(leaf) } }
}

function coverage(leaf: X509Certificate): (host: string) => boolean {
  const known = new Map<string, boolean>()
  return function covers(host) {
    const answer = known.get(host) ?? (host !== '' && leaf.checkHost(host.replace(/^\*/, ANY_LABEL)) !== undefined)
    known.set(host, answer)
    return answer
  }
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
