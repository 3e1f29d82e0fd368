// Which certificate a server name gets: the host's own, its wildcard's, that of rules without a host, the default (ingress-nginx.md §4.5);
// and which hosts may be asked for on a connection that got it.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { SecureVersion } from 'node:tls'
import type { TlsOptions } from '../http/tls/contexts.ts'
import type { Certificate, Table } from '../model.ts'
import type { Settings } from '../settings.ts'

type Certified = Pick<Table, 'hosts' | 'certificates'>

export const certificateFor = (table: Certified, serverName: string): Certificate => {
  const certificate = ownCertificate(table, serverName) ?? table.certificates.get('')
  if (certificate === undefined) throw new TypeError('a table always has a default certificate')
  return certificate
}

/** undefined: the name has none but the default. */
const ownCertificate = (table: Certified, serverName: string): Certificate | undefined => {
  const names = serverName === '' ? [''] : [serverName, `*${serverName.slice(serverName.indexOf('.'))}`, '']
  for (const name of names) {
    const id = table.hosts.get(name)?.certificate ?? null
    const certificate = id === null ? undefined : table.certificates.get(id)
    if (certificate !== undefined) return certificate
  }
  return undefined
}

/** Of the table as it is: a certificate that was renewed since the handshake speaks for the one that the client saw. */
export class Coverage {
  readonly #table: Certified
  readonly #leaves = new WeakMap<Certificate, X509Certificate>()

  constructor(table: Certified) { this.#table = table }

  /**
   * Whether a host (lower case, no port) has a certificate of its own that the client of this connection has not been shown, nor one that covers it.
   * A client that named nobody, an address, or a name without a certificate here is no browser that shares a connection but a probe, an old device, or
   * a load balancer that says its own name: it can't do better, and is served (ingress-nginx.md §4.5).
   */
  misdirects(serverName: string, host: string): boolean {
    if (serverName === '' || host === '' || isIP(serverName) !== 0) return false
    const [wanted, shown] = [ownCertificate(this.#table, host), ownCertificate(this.#table, serverName)]
    if (wanted === undefined || shown === undefined) return false
    return wanted !== shown && this.#leaf(shown).checkHost(host) === undefined
  }
  #leaf(certificate: Certificate): X509Certificate {
    let leaf = this.#leaves.get(certificate)
    if (leaf === undefined) this.#leaves.set(certificate, leaf = new X509Certificate(certificate.cert))
    return leaf
  }
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
