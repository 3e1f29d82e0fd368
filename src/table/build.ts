// Kubernetes objects → Table and issues: total and deterministic, the same whatever order the objects came in. Work is
// remembered by identity, so a change costs its own objects. Knows no source, no thread and no API.
import type { ChangedKeys, Objects } from '../kube/objects.ts'
import type { Authority, Certificate, Issue, Table } from '../model.ts'
import { authorityLoader, type LoadedAuthority } from './authorities.ts'
import { BackendBuilder } from './backend-set.ts'
import { certificateLoader, type LoadedCertificate } from './certificates.ts'
import { credentialLoader, type LoadedCredential } from './credentials.ts'
import { globals } from './globals.ts'
import { HostBuilder } from './hosts.ts'
import { IngressCompiler } from './ingresses.ts'
import { orderedIssues } from './issues.ts'
import type { BuildOptions } from './options.ts'
import { type Found, SecretStore } from './secret-store.ts'
import { StreamBuilder } from './streams.ts'

/** ingresses: keys of those of our class. changed: keys of what may differ from the table before. */
export type Build = { readonly table: Table; readonly issues: readonly Issue[]; readonly ingresses: ReadonlySet<string>; readonly changed: Changed }
type Changed = { readonly hosts: ReadonlySet<string>; readonly backends: ReadonlySet<string> }

/**
 * Both give what a new builder would give for the same objects, except that the last good version of a Secret or Ingress goes on
 * being served when a bad one comes. What did not change keeps its identity; an unchanged table keeps its version.
 */
export type Builder = {
  full(objects: Objects): Build
  /** Only these changed since the last call: it costs the change. */
  change(objects: Objects, changed: ChangedKeys): Build
}

export function builder(options: BuildOptions): Builder {
  return new TableBuilder(options)
}

type Parts = Omit<Table, 'version'>

/** They stand among the hosts that refer to backends, and are no host's name. */
const FALLBACK = '--default-backend-service'
const STREAMS = '--tcp-services-configmap'

class TableBuilder implements Builder {
  readonly #options: BuildOptions
  readonly #global: ReturnType<typeof globals>
  readonly #ingresses: IngressCompiler
  readonly #certificates: SecretStore<LoadedCertificate>
  readonly #authorities: SecretStore<LoadedAuthority>
  readonly #credentials: SecretStore<LoadedCredential>
  readonly #secrets: readonly Pick<SecretStore<unknown>, 'isDue' | 'refresh'>[]
  readonly #hosts = new HostBuilder()
  readonly #backends: BackendBuilder
  readonly #streams: StreamBuilder
  #built: Build | undefined

  constructor(options: BuildOptions) {
    this.#options = options
    this.#global = globals(options)
    this.#ingresses = new IngressCompiler(options)
    this.#certificates = new SecretStore(certificateLoader(), options.now)
    this.#authorities = new SecretStore(authorityLoader, options.now)
    this.#credentials = new SecretStore(credentialLoader(), options.now)
    this.#secrets = [this.#certificates, this.#authorities, this.#credentials]
    this.#backends = new BackendBuilder(options)
    this.#streams = new StreamBuilder(options)
  }

  full(objects: Objects): Build {
    return this.#build(objects)
  }

  change(objects: Objects, changed: ChangedKeys): Build {
    if (this.#built === undefined || this.#secrets.some(({ isDue }) => isDue)) return this.full(objects)
    if (changed.Ingress.size + changed.Service.size > 0) return this.#build(objects, changed)
    const { table, issues } = this.#built
    return this.#next({ ...table, backends: this.#backends.change(this.#hosts.backends, objects, changed) }, issues)
  }

  #build(objects: Objects, changed?: ChangedKeys): Build {
    const { global, fallback, routeSettings, issues: globalIssues } = this.#global(objects)
    const ingressIssues = this.#ingresses.compile(objects, routeSettings, changed?.Ingress)
    const [certificate, authority] = [this.#certificates.find, this.#authorities.find]
    const stale = changed === undefined ? this.#secrets.filter((store) => store.refresh(objects.Secret)) : []
    const recheck = stale.some((store) => store !== this.#credentials)
    const hosts = this.#hosts.build(this.#ingresses.hosts, { certificate, authority }, recheck)
    this.#hosts.backends.set(FALLBACK, fallback)
    const streams = this.#streams.build(objects, routeSettings)
    this.#hosts.backends.set(STREAMS, streams)
    const backends = changed === undefined
      ? this.#backends.build(this.#hosts.backends, objects, this.#credentials.find)
      : this.#backends.change(this.#hosts.backends, objects, changed)
    const byDefault = this.#defaultCertificate()
    const certificates = entriesOf<Certificate>(this.#hosts.certificates(), certificate, new Map([['', byDefault.certificate]]))
    const authorities = entriesOf<Authority>(this.#hosts.authorities(), authority, new Map())
    addCredentials(this.#backends.credentials(), certificates, authorities)
    const issues = [globalIssues, ingressIssues, this.#hosts.issues(), byDefault.issues, streams.issues, this.#backends.issues(this.#hosts.backends)].flat()
    return this.#next({ global, hosts, backends, certificates, authorities, streams: streams.streams }, orderedIssues(issues))
  }

  #defaultCertificate(): { readonly certificate: Certificate; readonly issues: readonly Issue[] } {
    const { defaultSslCertificate: key, fakeCertificate } = this.#options
    if (key === '') return { certificate: fakeCertificate, issues: [] }
    const { loaded, exists, issues } = this.#certificates.find(key)
    const reason = 'does not exist, and --default-ssl-certificate names it: a self-signed certificate is served until it does'
    return { certificate: loaded?.pem ?? fakeCertificate, issues: exists ? issues : [{ object: `Secret ${key}`, field: '', reason }] }
  }

  #next(parts: Parts, issues: readonly Issue[]): Build {
    const former = this.#built?.table
    const changed = { hosts: this.#hosts.takeChanged(), backends: this.#backends.takeChanged() }
    this.#built = { table: former === undefined ? { ...parts, version: 1 } : successor(former, parts), issues, ingresses: this.#ingresses.ours, changed }
    return this.#built
  }
}

/** `former` itself when nothing changed, else the next version. */
function successor(former: Table, parts: Parts): Table {
  const certificates = sameEntries(former.certificates, parts.certificates) ? former.certificates : parts.certificates
  const authorities = sameEntries(former.authorities, parts.authorities) ? former.authorities : parts.authorities
  const isSame = former.global === parts.global && former.hosts === parts.hosts && former.backends === parts.backends && former.streams === parts.streams
  if (isSame && former.certificates === certificates && former.authorities === authorities) return former
  return { ...parts, certificates, authorities, version: former.version + 1 }
}

function sameEntries<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean {
  return a === b || (a.size === b.size && a.entries().every(([key, value]) => b.get(key) === value))
}

/** What is loaded of `keys`, beside what is there. */
function entriesOf<T extends Certificate | Authority>(keys: ReadonlySet<string>, find: (key: string) => Found<{ readonly pem: T }>, entries: Map<string, T>): Map<string, T> {
  for (const key of keys) {
    const pem = key === '' ? undefined : find(key).loaded?.pem
    if (pem !== undefined) entries.set(key, pem)
  }
  return entries
}

/** What hosts have goes before: of one Secret both say the same. */
function addCredentials(credentials: ReadonlyMap<string, LoadedCredential>, certificates: Map<string, Certificate>, authorities: Map<string, Authority>): void {
  for (const [key, { certificate, authority }] of credentials) {
    if (certificate !== null && !certificates.has(key)) certificates.set(key, certificate.pem)
    if (authority !== null && !authorities.has(key)) authorities.set(key, authority.pem)
  }
}
