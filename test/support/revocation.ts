// Revocation lists made at run time. Knows no files.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { TestCertificate } from './certificate.ts'

const DAY_MS = 24 * 3600 * 1000

/** With a reason: without one the library writes an empty list of extensions, which TLS libraries refuse (RFC 5280 §5.1.2). */
/** PEM: `issuer`'s list with these certificates; daysLeft: until it is out of date, negative: it is. */
export async function revocationList(issuer: TestCertificate, revoked: readonly TestCertificate[], daysLeft = 1): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: issuer.subject,
    thisUpdate: new Date(Date.now() - 30 * DAY_MS),
    nextUpdate: new Date(Date.now() + daysLeft * DAY_MS),
    entries: revoked.map(({ cert }) => ({ serialNumber: new x509.X509Certificate(cert).serialNumber, revocationDate: new Date(Date.now() - DAY_MS), reason: x509.X509CrlReason.keyCompromise })),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    signingKey: issuer.privateKey,
  })
  return `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`
}
