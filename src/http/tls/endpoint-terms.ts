// On which terms a TLS connection to an endpoint is made, and what the endpoint must show. Knows no sockets and no Secrets.
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext, type SecureVersion } from 'node:tls'

/**
 * id: whatever makes two connections differ. certificate: ours, where the endpoint asks for one. verify: the endpoint must have a certificate for
 * this name, signed by that authority (PEM), with no more than so many others between them; null: anyone may be there. ciphers: `` for those
 * of the TLS library.
 */
export type EndpointRules = {
  readonly id: string
  readonly certificate: { readonly cert: string; readonly key: string } | null
  readonly verify: { readonly name: string; readonly ca: string; readonly depth: number } | null
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion
  readonly ciphers: string
}

export class EndpointTerms {
  readonly rules: EndpointRules
  #context: SecureContext | null = null

  constructor(rules: EndpointRules) { this.rules = rules }

  /** Made at the first connection: to read a certificate for each would cost more than its handshake. */
  get context(): SecureContext {
    const { certificate, verify, minVersion, maxVersion, ciphers } = this.rules
    return this.#context ??= createSecureContext({ minVersion, maxVersion, ...(verify !== null && { ca: verify.ca }), ...certificate, ...(ciphers !== '' && { ciphers }) })
  }

  /** An error where the certificate is not for the name; whatever name the handshake said. */
  readonly identify = (_: string, shown: PeerCertificate): Error | undefined =>
    this.rules.verify === null ? undefined : checkServerIdentity(this.rules.verify.name, shown)
}

/** Whether a handshake failed by what the endpoint showed. */
export const isUntrusted = (error: Error | null): boolean => {
  const code: unknown = error === null ? undefined : Reflect.get(error, 'code')
  return typeof code === 'string' && UNTRUSTED.test(code)
}
/** X509_verify's codes as Node has them, and its own for names. */
const UNTRUSTED = /^(?:ERR_TLS_CERT_ALTNAME|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_|PATH_LENGTH|HOSTNAME_)/
