// What a client has shown of itself in its handshake: its certificate and what became of its verification (bun.md §2.4). Knows no routes: whether
// that is enough is a policy.
import type { TLSSocket } from 'node:tls'
import { chainLength } from './chain.ts'
import { distinguishedName } from './distinguished-name.ts'

/** PEM; see Authority in model.ts. */
export type ClientAuthority = { readonly ca: string; readonly crl: readonly string[] }
/** rule: whatever else makes a proof good for one host and not for another. depth: most certificates between the client's and the authority's. */
export type Asked = { readonly authority: ClientAuthority; readonly rule: string; readonly depth: number }

export class ClientProof {
  /** By which the certificate was asked for; `` as soon as that does not hold any more. */
  rule: string
  readonly asked: Asked
  /** As nginx's $ssl_client_verify: NONE, SUCCESS, or FAILED: and the words of OpenSSL. */
  readonly verdict: string
  /** What of FAILED means that the authority is another one: the certificate itself is good, as far as that can be told. */
  readonly foreign: boolean
  /** RFC 2253; `` without a certificate. */
  readonly subject: string
  readonly issuer: string
  /** PEM, `` without. */
  readonly certificate: string

  constructor(socket: TLSSocket, asked: Asked) {
    this.asked = asked
    this.rule = asked.rule
    const leaf = socket.getPeerX509Certificate()
    this.subject = leaf === undefined ? '' : distinguishedName(leaf.subject)
    this.issuer = leaf === undefined ? '' : distinguishedName(leaf.issuer)
    this.certificate = leaf?.toString() ?? ''
    const fault = leaf === undefined ? 'NONE' : faultOf(socket, asked.depth)
    this.foreign = FOREIGN.has(fault)
    this.verdict = leaf === undefined ? 'NONE' : fault === '' ? 'SUCCESS' : `FAILED:${WORDS[fault] ?? fault.toLowerCase().replaceAll('_', ' ')}`
  }
}

/** Code of OpenSSL, `` where all is well. */
const faultOf = (socket: TLSSocket, depth: number): string => {
  if (!socket.authorized) return codeOf(socket.authorizationError)
  return chainLength(socket) - 2 > depth ? 'CERT_CHAIN_TOO_LONG' : ''
}
const codeOf = (error: unknown): string => {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : error
  return typeof code === 'string' && code !== '' ? code : 'UNSPECIFIED'
}

/** What nginx forgives with optional_no_ca (ngx_ssl_verify_error_optional). */
const FOREIGN: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
/** X509_verify_cert_error_string, which endpoints may compare. */
const WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
  UNABLE_TO_GET_CRL: 'unable to get certificate CRL',
  CERT_SIGNATURE_FAILURE: 'certificate signature failure',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CRL_NOT_YET_VALID: 'CRL is not yet valid',
  CRL_HAS_EXPIRED: 'CRL has expired',
  CERT_CHAIN_TOO_LONG: 'certificate chain too long',
  CERT_REVOKED: 'certificate revoked',
  INVALID_CA: 'invalid CA certificate',
  INVALID_PURPOSE: 'unsuitable certificate purpose',
  PATH_LENGTH_EXCEEDED: 'path length constraint exceeded',
  UNSPECIFIED: 'unspecified certificate verification error',
}
