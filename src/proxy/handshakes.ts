// On which terms a TLS handshake is made: by the server name, of the table as it is. Knows no sockets.
import type { SecureVersion } from 'node:tls'
import type { ClientRule, Handshake, Table } from '../model.ts'
import type { Asked } from '../http/tls/client-proof.ts'
import type { Terms, TlsOptions } from '../http/tls/contexts.ts'
import { handshakeRule } from '../policies/client-certificate.ts'
import type { Settings } from '../settings.ts'
import { hostFor, keypairsFor } from './certificates.ts'

type Served = Pick<Table, 'hosts' | 'certificates' | 'authorities' | 'global'>

/** null: ssl-reject-handshake, and no host has the name. Throws where the table lacks what a host refers to. */
export const termsFor = (table: Served, serverName: string): Terms | null => {
  const host = hostFor(table, serverName)
  const { settings } = table.global
  if (host === undefined && settings['ssl-reject-handshake']) return null
  const { ids, keypairs } = keypairsFor(table, serverName)
  const handshake = host?.handshake
  const options = tlsOptions(settings, handshake)
  const asked = handshake?.client === undefined ? null : askedBy(table, handshake.client)
  return { id: JSON.stringify([ids, asked?.rule, options]), keypairs, options, asked }
}

const askedBy = ({ authorities }: Served, client: ClientRule): Asked => {
  const authority = authorities.get(client.authority)
  if (authority === undefined) throw new TypeError('a table has the authorities that its hosts name')
  return { authority, rule: handshakeRule(client), depth: client.depth }
}

const SECOND_MS = 1000

/** A range: BoringSSL knows a lowest and a highest version. nginx's client_header_timeout covers its handshakes too. */
const tlsOptions = (settings: Settings, { ciphers, preferServerCiphers = true, protocols = settings['ssl-protocols'] }: Handshake = {}): TlsOptions => {
  const versions = [...protocols].sort()
  const lowest: SecureVersion = versions[0] ?? 'TLSv1.2'
  return {
    minVersion: lowest, maxVersion: versions.at(-1) ?? lowest, ciphers: ciphers ?? settings['ssl-ciphers'], honorCipherOrder: preferServerCiphers,
    ecdhCurve: settings['ssl-ecdh-curve'], ALPNProtocols: settings['use-http2'] ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: settings['client-header-timeout'] * SECOND_MS,
    sessionSeconds: settings['ssl-session-cache'] || settings['ssl-session-tickets'] ? settings['ssl-session-timeout'] : 0,
  }
}
