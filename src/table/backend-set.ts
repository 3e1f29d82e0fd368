// Table.backends from build to build: a backend is put together anew only when its Service or one of its slices changed, and
// keeps its identity when that made no difference. Knows nothing of hosts or routes.
import type { ChangedKeys, EndpointSlice, Objects, Service } from '../kube/objects.ts'
import type { Backend, Issue } from '../model.ts'
import { affinitySecret } from './affinity-secret.ts'
import { backendFault, backendOf, sameBackend } from './backends.ts'
import { credentialFault, type FoundCredential, type LoadedCredential } from './credentials.ts'
import type { BackendRef } from './draft.ts'
import { Groups } from './groups.ts'
import type { AssembledHost } from './host.ts'
import type { BuildOptions } from './options.ts'
import { SharedMap } from './shared-map.ts'

type References = Groups<Pick<AssembledHost, 'backends'>, BackendRef>
type Entry = {
  readonly ref: BackendRef
  readonly service: Service | undefined
  readonly slices: readonly EndpointSlice[]
  readonly isFaulty: boolean
  readonly credential: FoundCredential | undefined
}
type Find = (key: string) => FoundCredential

export class BackendBuilder {
  readonly #disableExternalName: boolean
  readonly #zone: string
  readonly #seed: string
  /** By `namespace/name` of the Service. */
  readonly #slices = new Groups<EndpointSlice, EndpointSlice>((slice) => [[`${slice.meta.namespace}/${slice.service}`, slice]])
  readonly #entries = new Map<string, Entry>()
  /** Keys of entries by their Service. */
  readonly #byService = new Map<string, Set<string>>()
  /** Keys of entries that lead nowhere, and of those that show or want a certificate. */
  readonly #faulty = new Set<string>()
  readonly #secured = new Set<string>()
  readonly #backends = new SharedMap<Backend>()
  #find: Find = () => ({ loaded: undefined, exists: false, issues: [] })

  constructor({ disableSvcExternalName, zone, fakeCertificate }: Pick<BuildOptions, 'disableSvcExternalName' | 'zone' | 'fakeCertificate'>) {
    this.#disableExternalName = disableSvcExternalName
    this.#zone = zone
    this.#seed = fakeCertificate.key
  }

  /** The same map when no backend changed. */
  build(references: References, objects: Objects, find: Find): ReadonlyMap<string, Backend> {
    this.#find = find
    this.#slices.reconcile(objects.EndpointSlice)
    this.#slices.takeTouched()
    this.#renewTouched(references, objects)
    for (const { ref, service, slices, credential } of this.#entries.values()) {
      const current = objects.Service.get(ref.service)
      if (current !== service || this.#slices.of(ref.service) !== slices || this.#credentialOf(ref) !== credential) this.#renew(ref, current)
    }
    return this.#backends.share()
  }

  /** After a build, where of Services and slices only these changed, and Secrets did not: looks at the backends of theirs alone. */
  change(references: References, objects: Objects, changed: ChangedKeys): ReadonlyMap<string, Backend> {
    for (const key of changed.EndpointSlice) this.#slices.renew(key, objects.EndpointSlice.get(key))
    this.#renewTouched(references, objects)
    for (const service of new Set([...this.#slices.takeTouched(), ...changed.Service])) for (const key of this.#byService.get(service) ?? []) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) this.#renew(entry.ref, objects.Service.get(service))
    }
    return this.#backends.share()
  }

  #renewTouched(references: References, objects: Objects): void {
    for (const key of references.takeTouched()) {
      const [ref] = references.of(key)
      if (ref === undefined) this.#remove(key)
      else this.#renew(ref, objects.Service.get(ref.service))
    }
  }

  /** Of what build and change returned, keys that changed since the last call. */
  takeChanged(): ReadonlySet<string> {
    return this.#backends.takeChanged()
  }

  /** Each reference that leads nowhere is an issue of who made it. */
  issues(references: References): Issue[] {
    const issues: Issue[] = []
    for (const key of this.#faulty) for (const ref of references.of(key)) {
      const reason = this.#faultOf(ref, this.#entries.get(key)?.service)
      if (reason !== undefined) issues.push({ object: ref.object, field: ref.field, reason })
    }
    const secrets = new Set([...this.#secured].map((key) => this.#entries.get(key)?.credential))
    return [...issues, ...[...secrets].flatMap((found) => found?.issues ?? [])]
  }

  /** By key, what endpoints are shown and must show. */
  credentials(): ReadonlyMap<string, LoadedCredential> {
    const loaded = new Map<string, LoadedCredential>()
    for (const key of this.#secured) {
      const { ref, credential } = this.#entries.get(key) ?? {}
      if (ref?.options.tls !== undefined && credential?.loaded !== undefined) loaded.set(ref.options.tls.secret, credential.loaded)
    }
    return loaded
  }

  #credentialOf({ options: { tls } }: BackendRef): FoundCredential | undefined { return tls === undefined ? undefined : this.#find(tls.secret) }
  #faultOf(ref: BackendRef, service: Service | undefined): string | undefined {
    return backendFault(ref, service, this.#disableExternalName) ?? credentialFault(ref, this.#credentialOf(ref))
  }

  #renew(ref: BackendRef, service: Service | undefined): void {
    const slices = this.#slices.of(ref.service)
    const former = this.#backends.get(ref.key)
    const credential = this.#credentialOf(ref)
    const isFaulty = this.#faultOf(ref, service) !== undefined
    const material = credential?.loaded?.material
    const good = service === undefined || isFaulty ? { protocol: ref.protocol, options: ref.options, endpoints: [] } : this.#backendOf(ref, service, slices)
    const fresh = material === undefined ? good : { ...good, material }
    const backend = former !== undefined && sameBackend(former, fresh) ? former : fresh
    this.#backends.set(ref.key, backend)
    this.#enter({ ref, service, slices, isFaulty, credential })
  }

  #backendOf(ref: BackendRef, service: Service, slices: readonly EndpointSlice[]): Backend {
    const { balance } = ref.options
    const isKeyed = balance.kind === 'sticky' && balance.persistent
    return { ...backendOf({ ref, service, slices, zone: this.#zone }), ...(isKeyed && { secret: affinitySecret(service, this.#seed) }) }
  }

  #enter(entry: Entry): void {
    const { key, service } = entry.ref
    this.#entries.set(key, entry)
    put(this.#faulty, key, entry.isFaulty)
    put(this.#secured, key, entry.credential !== undefined)
    const keys = this.#byService.get(service)
    if (keys === undefined) this.#byService.set(service, new Set([key]))
    else keys.add(key)
  }

  #remove(key: string): void {
    const service = this.#entries.get(key)?.ref.service ?? ''
    const keys = this.#byService.get(service)
    keys?.delete(key)
    if (keys?.size === 0) this.#byService.delete(service)
    for (const known of [this.#entries, this.#faulty, this.#secured, this.#backends]) known.delete(key)
  }
}

function put(keys: Set<string>, key: string, isIn: boolean): void {
  if (isIn) keys.add(key)
  else keys.delete(key)
}
