// Annotations about the TLS of a host, and what they make of its handshakes. Knows no Secrets.
import { z } from 'zod'
import { cipherList, tlsVersions } from '../settings/tls-values.ts'
import { boolean, count } from '../settings/values.ts'
import type { Handshake } from '../model.ts'

const verify = z.enum(['on', 'off', 'optional', 'optional_no_ca'], 'expected on, off, optional or optional_no_ca')
/** ingress-nginx takes them into nginx's configuration as they stand, hence its narrow form. */
const pattern = z.string().regex(/^CN=/, 'expected CN= and a regular expression').refine(isPattern, 'expected a regular expression of JavaScript after CN=')

export const tlsAnnotations = {
  'auth-tls-secret': z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'expected namespace/name').optional()
    .describe('Secret namespace/name with the authority (ca.crt, and ca.crl) of client certificates, in the namespace of the Ingress. Holds for the whole host; without a good one all of it answers 403'),
  'auth-tls-verify-client': verify.optional()
    .describe('`on`: 400 without a good certificate; `optional`: a bad one only; `optional_no_ca`: one of another authority is good too; `off`: none is asked for. Requests in clear that are not redirected count as without one, unlike in ingress-nginx. Default: on'),
  'auth-tls-verify-depth': count.optional().describe('How many certificates there may be between that of a client and the authority. Default: 1, which 0 means too'),
  'auth-tls-error-page': z.string().regex(/^https?:\/\/[\w.~:/?#[\]@!&'()*+,;=%-]+$/i, 'expected an http or https URL without variables').optional()
    .describe('Where clients without a good certificate are sent, with 302, instead of 400'),
  'auth-tls-pass-certificate-to-upstream': boolean.optional()
    .describe('The endpoint gets the certificate in ssl-client-cert. ssl-client-verify, -subject-dn and -issuer-dn it gets in any case. Default: false'),
  'auth-tls-match-cn': pattern.optional()
    .describe('`CN=` and a regular expression, which the subject of a certificate must have (RFC 2253, found anywhere); 403 otherwise'),
  'ssl-ciphers': cipherList.optional().describe('Cipher list of the host for TLS 1.2 and older. Default: the ConfigMap'),
  'ssl-prefer-server-ciphers': boolean.optional().describe('Our order of ciphers goes before that of the client. Default: true'),
  'lintel.dev/ssl-protocols': tlsVersions.optional().describe('TLS versions of the host, separated by spaces. Default: the ConfigMap'),
}

type HandshakeValues = { readonly [K in 'ssl-ciphers' | 'ssl-prefer-server-ciphers' | 'lintel.dev/ssl-protocols']?: z.output<(typeof tlsAnnotations)[K]> }

/** What is said by annotations, client certificates apart. */
export function handshakeOf(values: HandshakeValues): Omit<Handshake, 'client'> {
  const { 'ssl-ciphers': ciphers, 'ssl-prefer-server-ciphers': preferServerCiphers, 'lintel.dev/ssl-protocols': protocols } = values
  return { ...(ciphers !== undefined && { ciphers }), ...(preferServerCiphers !== undefined && { preferServerCiphers }), ...(protocols !== undefined && { protocols }) }
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}
