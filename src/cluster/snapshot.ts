// All that a table is built from, read once: lists without watches, and of Secrets and ConfigMaps those that something refers to.
// For commands that answer and end: unlike cluster.ts it gives up where it is refused. Knows no tables.
import type { Change, Source, SourceEvents } from '../kube/objects.ts'
import { StartError } from '../kube/start-error.ts'
import { keyOf } from '../kube/store.ts'
import { ApiError } from './api-error.ts'
import type { ClusterScope } from './cluster.ts'
import { Collection } from './collection.ts'
import { pages } from './pages.ts'
import { identityOf } from './raw.ts'
import { References, type ReferredKind } from './references.ts'
import { pathOf, resources, rightOf } from './resources.ts'
import { type Target, targets } from './targets.ts'
import type { Api } from './transport.ts'
import { isForbidden, wordsFor } from './troubles.ts'

/** start rejects with StartError where the server can't be asked or a right to list is missing. */
export const snapshot = (asked: Asked, scope: ClusterScope): Source => ({
  start: (to) => new Reading(asked, scope, to).read(),
  close: () => {},
})

/** server: its address, for people. */
type Asked = { readonly api: Api; readonly server: string }
type Name = { readonly kind: ReferredKind; readonly key: string }

class Reading {
  readonly #api: Api
  readonly #server: string
  readonly #scope: ClusterScope
  readonly #to: SourceEvents
  readonly #references: References
  /** Referred to, and not read yet. */
  #wanted: Name[]

  constructor({ api, server }: Asked, scope: ClusterScope, to: SourceEvents) {
    this.#api = api
    this.#server = server
    this.#scope = scope
    this.#to = to
    this.#references = new References({ ...scope.named, annotationsPrefix: scope.annotationsPrefix })
    this.#wanted = [...named('ConfigMap', scope.named.configMaps), ...named('Secret', scope.named.secrets)]
  }

  async read(): Promise<void> {
    const scope = { ...this.#scope, namespaces: await this.#namespaces() }
    const classes = { resource: resources.IngressClass, namespace: '', query: {}, optional: this.#scope.namespaces.length > 0 }
    const listed = (['Ingress', 'Service', 'EndpointSlice'] as const).flatMap((kind) => targets(kind, scope))
    await Promise.all([classes, ...listed].map((target) => this.#list(target)))
    // The ConfigMap with the settings names others.
    while (this.#wanted.length > 0) await Promise.all(this.#wanted.splice(0).map((name) => this.#get(name)))
  }

  async #namespaces(): Promise<readonly string[]> {
    const { namespaces, selector } = this.#scope
    if (selector === '') return namespaces
    const found = await this.#all({ resource: resources.Namespace, namespace: '', query: { labelSelector: selector } })
    if (found.length === 0) throw new StartError(`--watch-namespace-selector=${selector}: no namespace has these labels`)
    return found.map((raw) => identityOf(raw).key)
  }

  async #list(target: Target): Promise<void> {
    const { resource, optional } = target
    if (!isRead(resource.kind)) throw new TypeError(`${resource.kind} is nothing that tables are built from`)
    const collection = this.#collection(resources[resource.kind])
    try {
      collection.page(await this.#all(target))
    } catch (error) {
      if (optional !== true || !isForbidden(error)) throw this.#refusal(error, `list ${rightOf(resource)}`)
    }
  }

  async #all({ resource, namespace, query }: Target): Promise<readonly unknown[]> {
    const all: unknown[] = []
    for await (const { items } of pages(this.#api, { path: pathOf(resource, namespace), query })) all.push(...items)
    return all
  }

  /** What is not there is an issue of the table, what must not be read one of ours. */
  async #get({ kind, key }: Name): Promise<void> {
    const [namespace = '', name = ''] = key.split('/')
    try {
      this.#collection(resources[kind]).event('ADDED', await this.#api.request(pathOf(resources[kind], namespace, name)))
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return
      if (!isForbidden(error)) throw this.#refusal(error, `get ${rightOf(resources[kind])}`)
      const object = `${kind} ${key}`
      this.#to.report(object, [{ object, field: '', reason: `was not read and counts as missing: ${wordsFor(error, `get ${rightOf(resources[kind])}`)}` }])
    }
  }

  #refusal(error: unknown, right: string): StartError {
    return new StartError(`the API server ${this.#server} can't be read: ${wordsFor(error, right)}`)
  }

  #collection(resource: ConstructorParameters<typeof Collection>[0]): Collection {
    return new Collection(resource, { changed: (changes) => this.#emit(changes), issues: (origin, issues) => this.#to.report(origin, issues) })
  }

  #emit(changes: readonly Change[]): void {
    this.#to.emit(changes)
    for (const change of changes) {
      if (change.op !== 'set') continue
      const { ConfigMap, Secret } = this.#references.set(`${change.object.kind} ${keyOf(change.object)}`, change.object)
      this.#wanted.push(...named('ConfigMap', ConfigMap.gained), ...named('Secret', Secret.gained))
    }
  }
}

const named = (kind: ReferredKind, keys: readonly string[]): Name[] => keys.map((key) => ({ kind, key }))

type ReadKind = 'Ingress' | 'IngressClass' | 'Service' | 'EndpointSlice'
const isRead = (kind: string): kind is ReadKind => ['Ingress', 'IngressClass', 'Service', 'EndpointSlice'].includes(kind)
