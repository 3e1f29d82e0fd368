// Which certificate a server name gets: the host's own, its wildcard's, that of rules without a host, the default (ingress-nginx.md §4.5).
import type { SecureVersion } from 'node:tls'
import type { TlsOptions } from '../http/tls/contexts.ts'
import type { Certificate, Table } from '../model.ts'
import type { Settings } from '../settings.ts'

export const certificateFor = (table: Pick<Table, 'hosts' | 'certificates'>, serverName: string): Certificate => {
  const names = serverName === '' ? [''] : [serverName, `*${serverName.slice(serverName.indexOf('.'))}`, '']
  for (const name of names) {
    const id = table.hosts.get(name)?.certificate ?? null
    const certificate = id === null ? undefined : table.certificates.get(id)
    if (certificate !== undefined) return certificate
  }
  const fallback = table.certificates.get('')
  if (fallback === undefined) throw new TypeError('a table always has a default certificate')
  return fallback
}

const SECOND_MS = 1000

/** A range: BoringSSL knows a lowest and a highest version. nginx's client_header_timeout covers its handshakes too. */
export const tlsOptions = (settings: Settings): TlsOptions => {
  const versions = [...settings['ssl-protocols']].sort()
  const lowest: SecureVersion = versions[0] ?? 'TLSv1.2'
  return {
    minVersion: lowest, maxVersion: versions.at(-1) ?? lowest, ciphers: settings['ssl-ciphers'], ALPNProtocols: settings['use-http2'] ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: settings['client-header-timeout'] * SECOND_MS,
  }
}
