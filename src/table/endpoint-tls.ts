// Annotations about TLS towards endpoints → how they are spoken to. Without a Secret they do nothing, as in ingress-nginx. Knows no Secrets.
import { z } from 'zod'
import type { EndpointTls, Protocol } from '../model.ts'
import { cipherList, tlsVersions } from '../settings/tls-values.ts'
import { count, onOff } from '../settings/values.ts'

const needsSecret = 'Needs proxy-ssl-secret'

export const endpointTlsAnnotations = {
  'proxy-ssl-secret': z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'expected namespace/name').optional()
    .describe('Secret namespace/name, in the namespace of the Ingress, with our certificate for endpoints (tls.crt, tls.key), the authority of theirs (ca.crt), or both. Without a good one: 503'),
  'proxy-ssl-verify': onOff.optional().describe(`\`on\`: an endpoint must have a certificate of that authority for proxy-ssl-name, 502 otherwise. ${needsSecret}. Default: off`),
  'proxy-ssl-verify-depth': count.optional().describe('How many certificates there may be between that of an endpoint and the authority. Default: 1, which 0 means too'),
  'proxy-ssl-name': z.string().regex(/^[A-Za-z0-9.-]+$/, 'expected a name').optional()
    .describe(`Name that the certificate must have, and that proxy-ssl-server-name sends. ${needsSecret}. Default: service.namespace.svc`),
  'proxy-ssl-server-name': onOff.optional().describe(`\`on\`: endpoints are told that name by SNI. ${needsSecret}. Default: off`),
  'proxy-ssl-protocols': tlsVersions.optional().describe(`TLS versions, separated by spaces. ${needsSecret}. Default: TLSv1.2 TLSv1.3`),
  'proxy-ssl-ciphers': cipherList.optional().describe(`Cipher list for TLS 1.2 and older. ${needsSecret}. Default: that of the TLS library`),
}

type Values = { readonly [K in keyof typeof endpointTlsAnnotations]?: z.output<(typeof endpointTlsAnnotations)[K]> }
/** What does nothing without proxy-ssl-secret. */
export const ENDPOINT_TLS = ['proxy-ssl-verify', 'proxy-ssl-verify-depth', 'proxy-ssl-name', 'proxy-ssl-server-name', 'proxy-ssl-protocols', 'proxy-ssl-ciphers'] as const

/** ingress-nginx's; a depth of 0 means it too. */
const DEPTH = 1
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** service: `name.namespace.svc`, where certificates of a cluster's own authority stand. */
export function endpointTls(values: Values, protocol: Protocol, service: string): EndpointTls | undefined {
  const secret = values['proxy-ssl-secret']
  if (secret === undefined || protocol === 'http' || protocol === 'h2c') return undefined
  const versions = [...values['proxy-ssl-protocols'] ?? VERSIONS].sort()
  return {
    secret,
    verify: values['proxy-ssl-verify'] ?? false,
    depth: values['proxy-ssl-verify-depth'] || DEPTH,
    name: values['proxy-ssl-name'] ?? service,
    sendName: values['proxy-ssl-server-name'] ?? false,
    protocols: [versions[0] ?? VERSIONS[0], versions.at(-1) ?? VERSIONS[1]],
    ciphers: values['proxy-ssl-ciphers'] ?? '',
  }
}
