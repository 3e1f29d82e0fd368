// The bodies of /table and /issues: what is served, for people and tools. Never a key. Knows no HTTP.
import { X509Certificate } from 'node:crypto'
import type { Backend, Certificate, Endpoint, Issue, Route, Table } from '../model.ts'

type CertificateRow = { readonly subject: string; readonly notAfter: string; readonly names: readonly string[] }

export class Answers {
  // Reading a certificate takes 20 µs, and a page asks for all of them again and again.
  readonly #rows = new WeakMap<Certificate, CertificateRow>()

  /**
   * `{version, workers: [{id, version}], hosts: [{host, certificate, secondCertificate, routes}], fallback, backends: [{key, protocol, options, endpoints, unwell}],
   * certificates: [{id, subject, notAfter, names}], streams: [{protocol, port, backend, configMap, proxyProtocol}]}`, to which main adds the workers' pools and `health`: telemetry/endpoint-rows.ts.
   * workers: the version that each one serves, null: nothing yet. unwell: endpoints that active checks took out.
   */
  table(table: Table, { workers, unwell }: { readonly workers: ReadonlyMap<number, number | null>; readonly unwell: ReadonlyMap<string, readonly Endpoint[]> }): string {
    return JSON.stringify({
      version: table.version,
      workers: [...workers].map(([id, version]) => ({ id, version })),
      hosts: [...table.hosts].map(([host, { certificate, secondCertificate, routes, passthrough }]) => ({ host, certificate, secondCertificate, passthrough: passthrough?.backend, routes: routes.map(routeRow) })),
      fallback: table.global.fallback && routeRow(table.global.fallback),
      backends: [...table.backends].map(([key, backend]) => ({ key, ...shown(backend), unwell: unwell.get(key) })),
      certificates: [...table.certificates].map(([id, certificate]) => ({ id, ...this.#certificateRow(certificate) })),
      streams: [...table.streams.values()].map(({ upstreamName: _, ...stream }) => stream),
    })
  }

  /** `{issues: [{object, field, reason}]}` */
  issues(issues: readonly Issue[]): string {
    return JSON.stringify({ issues })
  }

  #certificateRow(certificate: Certificate): CertificateRow {
    const row = this.#rows.get(certificate) ?? readCertificate(certificate.cert)
    this.#rows.set(certificate, row)
    return row
  }
}

const routeRow = ({ id, ingress, path, backend, alternatives, policies }: Route) => ({ id, ingress, path, backend, alternatives, policies })

/** Not its secret. */
const shown = ({ protocol, options, endpoints }: Backend) => ({ protocol, options, endpoints })

const readCertificate = (pem: string): CertificateRow => {
  const { subject, validToDate, subjectAltName } = new X509Certificate(pem)
  const names = (subjectAltName ?? '').split(', ').filter((name) => name !== '').map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
  return { subject: subject.replaceAll('\n', ', '), notAfter: validToDate.toISOString(), names }
}
