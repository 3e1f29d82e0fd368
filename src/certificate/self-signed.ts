// Certificates made at run time: the default one, the demo's, the tests'. Knows nothing of Secrets and TLS connections.
// Loading the library takes 70 ms and 27 MB (measured): who must be small makes them in a thread that ends (workers/certificate.ts).
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

export type CertificateRequest = {
  /** DNS names or IPv4 addresses it is for. */
  readonly names: readonly string[]
  /** RFC 4514, `O=Acme Co, CN=name`; absent: the first name as CN. */
  readonly subject?: string
  readonly kind: 'rsa' | 'p256'
  readonly ca?: boolean
  /** From now, a year where absent; below 0: it has expired. */
  readonly lifeDays?: number
  /** Absent: self-signed. */
  readonly issuer?: MadeCertificate
}
/** PEM, and what signing with it needs. */
export type MadeCertificate = { readonly cert: string; readonly key: string; readonly subject: string; readonly privateKey: CryptoKey; readonly kind: 'rsa' | 'p256' }

const DAY_MS = 24 * 3600 * 1000
const LIFE_DAYS = 365
const ALGORITHMS = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 },
  p256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/

/** A fresh key and its certificate, valid from yesterday (clocks differ). */
export const makeCertificate = async ({ names, subject = `CN=${names[0]}`, kind, ca = false, lifeDays = LIFE_DAYS, issuer }: CertificateRequest): Promise<MadeCertificate> => {
  const keys = await crypto.subtle.generateKey(ALGORITHMS[kind], true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.subject ?? subject,
    notBefore: new Date(Date.now() + Math.min(0, lifeDays) * DAY_MS - DAY_MS),
    notAfter: new Date(Date.now() + lifeDays * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: issuer?.privateKey ?? keys.privateKey,
    signingAlgorithm: ALGORITHMS[issuer?.kind ?? kind],
    extensions: [
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: IPV4.test(value) ? 'ip' : 'dns', value }))),
      new x509.BasicConstraintsExtension(ca, undefined, true),
      ...(ca ? [] : [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth])]),
    ],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { cert: `${made.toString('pem')}\n`, key: `${key}\n`, subject, privateKey: keys.privateKey, kind }
}

/** ingress-nginx's "fake" certificate to the letter (ingress-nginx.md §4.5): RSA, since the cipher list may leave no other. */
export const FAKE: CertificateRequest = {
  names: ['ingress.local'], subject: 'O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate', kind: 'rsa',
}
