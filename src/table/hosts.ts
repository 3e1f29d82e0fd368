// Table.hosts from build to build: a host is put together anew only when one of its Ingresses or its certificate changed.
// Knows nothing of Services.
import type { Host, Issue } from '../model.ts'
import type { FoundCertificate } from './certificates.ts'
import type { BackendRef, HostDraft } from './draft.ts'
import { Groups } from './groups.ts'
import { type AssembledHost, assembleHost, compareAge } from './host.ts'
import { type HostCertificate, hostCertificate } from './host-certificate.ts'
import type { CompiledIngress } from './ingress.ts'
import { wildcardOf } from './names.ts'
import { SharedMap } from './shared-map.ts'

type Contributors = Groups<CompiledIngress, HostDraft>
type Find = (key: string) => FoundCertificate
type Entry = { readonly contributors: readonly HostDraft[]; readonly certificate: string | null; readonly assembled: AssembledHost }

export class HostBuilder {
  /** The references to each backend, by its key. */
  readonly backends = new Groups<Pick<AssembledHost, 'backends'>, BackendRef>(({ backends }) => backends.map((ref) => [ref.key, ref]))
  /** Of hosts that have TLS by their own Ingresses. */
  readonly #own = new Map<string, HostCertificate>()
  readonly #entries = new Map<string, Entry>()
  readonly #hosts = new SharedMap<Host>()

  /** `recheck`: what `find` says may have changed for any host. The same map when no host changed. */
  build(contributors: Contributors, find: Find, recheck: boolean): ReadonlyMap<string, Host> {
    const touched = contributors.takeTouched()
    const unsettled = recheck ? this.#names(contributors) : touched
    const wildcardChanged = this.#settleCertificates(unsettled, contributors, find)
    for (const name of wildcardChanged ? this.#names(contributors) : unsettled) this.#assemble(name, contributors.of(name))
    return this.#hosts.share()
  }

  issues(): Issue[] {
    const issues: Issue[] = []
    for (const own of this.#own.values()) if (own.issues.length > 0) issues.push(...own.issues)
    for (const { assembled } of this.#entries.values()) if (assembled.issues.length > 0) issues.push(...assembled.issues)
    return issues
  }

  /** Keys of the certificates that hosts are served with, `` among them. */
  certificates(): ReadonlySet<string> {
    return new Set(this.#own.values().map(({ certificate }) => certificate ?? ''))
  }

  /** Those that there are and those that there were. */
  #names(contributors: Contributors): ReadonlySet<string> {
    return new Set([...contributors.names(), ...this.#entries.keys()])
  }

  /** Whether hosts below a wildcard must be looked at again. */
  #settleCertificates(names: Iterable<string>, contributors: Contributors, find: Find): boolean {
    let wildcardChanged = false
    for (const name of names) {
      const former = this.#own.get(name)?.certificate
      const own = hostCertificate(name, contributors.of(name).toSorted(compareAge), find)
      if (own.certificate === null) this.#own.delete(name)
      else this.#own.set(name, own)
      if (name.startsWith('*') && former !== this.#own.get(name)?.certificate) wildcardChanged = true
    }
    return wildcardChanged
  }

  #assemble(name: string, contributors: readonly HostDraft[]): void {
    const former = this.#entries.get(name)
    const certificate = this.#certificateOf(name)
    if (contributors.length === 0) return this.#remove(name)
    if (former !== undefined && former.certificate === certificate && former.contributors === contributors) return
    const assembled = assembleHost(name, contributors.toSorted(compareAge), certificate)
    this.#entries.set(name, { contributors, certificate, assembled })
    if (assembled.host === undefined) this.#hosts.delete(name)
    else this.#hosts.set(name, assembled.host)
    this.backends.set(name, assembled)
  }

  #remove(name: string): void {
    this.#entries.delete(name)
    this.#hosts.delete(name)
    this.backends.delete(name)
  }

  /** A host without TLS of its own has that of its wildcard, as SNI finds it (ingress-nginx.md §4.4, §4.5). */
  #certificateOf(name: string): string | null {
    return (this.#own.get(name) ?? this.#own.get(wildcardOf(name) ?? name))?.certificate ?? null
  }
}
