// Table.hosts from build to build: a host is put together anew only when one of its Ingresses or its certificate changed.
// Knows nothing of Services.
import type { Host, Issue } from '../model.ts'
import type { FoundAuthority } from './authorities.ts'
import type { FoundCertificate } from './certificates.ts'
import type { BackendRef, HostDraft } from './draft.ts'
import { Groups } from './groups.ts'
import { type AssembledHost, assembleHost, compareAge, type HostTls } from './host.ts'
import { type HostCertificate, hostCertificate } from './host-certificate.ts'
import { type HostHandshake, hostHandshake, NO_HANDSHAKE, sameHandshake } from './host-handshake.ts'
import type { CompiledIngress } from './ingress.ts'
import { wildcardOf } from './names.ts'
import { SharedMap } from './shared-map.ts'

type Contributors = Groups<CompiledIngress, HostDraft>
export type Find = { readonly certificate: (key: string) => FoundCertificate; readonly authority: (key: string) => FoundAuthority }
type Entry = { readonly contributors: readonly HostDraft[]; readonly tls: HostTls; readonly assembled: AssembledHost }

export class HostBuilder {
  /** The references to each backend, by its key. */
  readonly backends = new Groups<Pick<AssembledHost, 'backends'>, BackendRef>(({ backends }) => backends.map((ref) => [ref.key, ref]))
  /** Of hosts that have TLS by their own Ingresses. */
  readonly #own = new Map<string, HostCertificate>()
  /** Of hosts whose Ingresses say something about them. */
  readonly #handshakes = new Map<string, HostHandshake>()
  readonly #entries = new Map<string, Entry>()
  readonly #hosts = new SharedMap<Host>()
  /** Names of those that have issues. */
  readonly #faulty = new Set<string>()

  /** `recheck`: what `find` says may have changed for any host. The same map when no host changed. */
  build(contributors: Contributors, find: Find, recheck: boolean): ReadonlyMap<string, Host> {
    const touched = contributors.takeTouched()
    const unsettled = recheck ? this.#names(contributors) : touched
    const wildcardChanged = this.#settleCertificates(unsettled, contributors, find)
    for (const name of unsettled) this.#settleHandshake(name, contributors.of(name), find)
    for (const name of wildcardChanged ? this.#names(contributors) : unsettled) {
      this.#assemble(name, contributors.of(name))
      if (this.#issuesOf(name).length > 0) this.#faulty.add(name)
      else this.#faulty.delete(name)
    }
    return this.#hosts.share()
  }

  /** Of what build returned, keys that changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    return this.#hosts.takeChanged()
  }

  issues(): Issue[] {
    return [...this.#faulty].flatMap((name) => this.#issuesOf(name))
  }

  #issuesOf(name: string): readonly Issue[] {
    const own = this.#own.get(name)?.issues ?? []
    const assembled = this.#entries.get(name)?.assembled.issues ?? []
    return own.length === 0 ? assembled : [...own, ...assembled]
  }

  /** Keys of the certificates that hosts are served with, `` among them. */
  certificates(): ReadonlySet<string> {
    return new Set(this.#own.values().flatMap(({ certificate, second = '' }) => [certificate ?? '', second]))
  }

  /** Keys of the authorities of client certificates. */
  authorities(): ReadonlySet<string> {
    return new Set(this.#handshakes.values().flatMap(({ client }) => client === undefined ? [] : [client.authority]))
  }

  /** Those that there are and those that there were. */
  #names(contributors: Contributors): ReadonlySet<string> {
    return new Set([...contributors.names(), ...this.#entries.keys()])
  }

  /** Whether hosts below a wildcard must be looked at again. */
  #settleCertificates(names: Iterable<string>, contributors: Contributors, find: Find): boolean {
    let wildcardChanged = false
    for (const name of names) {
      const former = this.#own.get(name)
      const own = hostCertificate(name, contributors.of(name).toSorted(compareAge), find.certificate)
      if (own.certificate === null) this.#own.delete(name)
      else this.#own.set(name, own)
      const changed = former?.certificate !== own.certificate || former?.second !== own.second
      if (name.startsWith('*') && changed) wildcardChanged = true
    }
    return wildcardChanged
  }

  /** What says the same stays the same object. */
  #settleHandshake(name: string, contributors: readonly HostDraft[], find: Find): void {
    const former = this.#handshakes.get(name) ?? NO_HANDSHAKE
    const settled = hostHandshake(contributors.toSorted(compareAge), find.authority)
    if (settled === NO_HANDSHAKE) this.#handshakes.delete(name)
    else if (!sameHandshake(former, settled)) this.#handshakes.set(name, settled)
  }

  #assemble(name: string, contributors: readonly HostDraft[]): void {
    const former = this.#entries.get(name)
    const tls: HostTls = { certificate: this.#certificateOf(name), handshake: this.#handshakes.get(name) ?? NO_HANDSHAKE }
    if (contributors.length === 0) return this.#remove(name)
    if (former?.contributors === contributors && sameTls(former.tls, tls)) return
    const assembled = assembleHost(name, contributors.toSorted(compareAge), tls)
    this.#entries.set(name, { contributors, tls, assembled })
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
  #certificateOf(name: string): HostTls['certificate'] {
    return this.#own.get(name) ?? this.#own.get(wildcardOf(name) ?? name) ?? NO_TLS
  }
}

const NO_TLS = { certificate: null }

function sameTls(a: HostTls, b: HostTls): boolean {
  return a.handshake === b.handshake && a.certificate.certificate === b.certificate.certificate && a.certificate.second === b.certificate.second
}
