// How long the chain of a peer's certificate is. Knows no rules.
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** No chain that is verified is longer. */
const MOST = 16

/** Certificates from the peer's to that of the authority, both counted; 0 without any. */
export const chainLength = (socket: TLSSocket): number => {
  let certificate: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true)
  let length = 0
  while (certificate?.raw !== undefined && length < MOST) {
    length++
    const issuer: Partial<DetailedPeerCertificate> | undefined = certificate.issuerCertificate
    if (issuer === certificate || issuer?.raw?.equals(certificate.raw) === true) break
    certificate = issuer
  }
  return length
}
