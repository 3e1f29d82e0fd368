// Kinds of values about TLS, checked against what the TLS library knows. Knows no key by name.
import { createSecureContext } from 'node:tls'
import { z } from 'zod'

/** Forward secrecy with authenticated encryption only; TLS 1.3 brings its own suites. */
export const CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305', 'DHE-RSA-AES128-GCM-SHA256', 'DHE-RSA-AES256-GCM-SHA384',
].join(':')

const tlsVersion = z.enum(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'], 'expected TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3')
/** In the order given. */
export const tlsVersions = z.string().transform((text) => text.trim().split(/\s+/)).pipe(z.array(tlsVersion))

/** A list without a cipher that the TLS library knows would fail every handshake. */
export const cipherList = z.string()
  .refine((text) => text === CIPHERS || (text !== '' && loads({ ciphers: text })), 'expected OpenSSL cipher names separated by colons, at least one of them known')

export const curves = z.string()
  .refine((text) => text === 'auto' || (text !== '' && loads({ ecdhCurve: text })), 'expected auto, or curves separated by colons, such as X25519:prime256v1')

function loads(options: { readonly ciphers: string } | { readonly ecdhCurve: string }): boolean {
  try {
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}
