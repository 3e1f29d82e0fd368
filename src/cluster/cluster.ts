// The API server as a source of objects: one reflector for each kind and namespace, of which only what counts is passed on: Ingresses of
// living namespaces, Secrets and ConfigMaps that something refers to. Knows no tables.
import type { Change, Source, SourceEvents } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'
import { Collection } from './collection.ts'
import { IngressScope } from './ingress-scope.ts'
import { Namespaces } from './namespaces.ts'
import { noteOf } from './notes.ts'
import { type ReferredKind, References } from './references.ts'
import { Referred } from './referred.ts'
import { type Follower, Reflector, systemTiming, type Timing } from './reflector.ts'
import { pathOf, resources } from './resources.ts'
import { type Scope, type Target, targets } from './targets.ts'
import type { Api } from './transport.ts'
import { isForbidden, troubleOf } from './troubles.ts'

/** selector: of namespaces, as kubectl's -l takes it; `` for all. */
export type ClusterScope = Scope & { readonly selector: string; readonly annotationsPrefix: string }

export const cluster = (api: Api, scope: ClusterScope, timing: Timing = systemTiming): Source => new Cluster(api, scope, timing)

type Followed = Pick<Follower, 'began' | 'page' | 'listed' | 'event'>

class Cluster implements Source {
  readonly #api: Api
  readonly #scope: ClusterScope
  readonly #timing: Timing
  readonly #stopped = new AbortController()
  readonly #references: References
  #isListed = false

  constructor(api: Api, scope: ClusterScope, timing: Timing) {
    this.#api = api
    this.#scope = scope
    this.#timing = timing
    this.#references = new References({ ...scope.named, annotationsPrefix: scope.annotationsPrefix })
  }

  /** Waits as long as it takes: an API server that is down is no reason to end. Ingresses go first, as they say which Secrets count. */
  async start(to: SourceEvents): Promise<void> {
    const referred = this.#referred(to)
    const classes = { resource: resources.IngressClass, namespace: '', query: {}, optional: this.#isNamespaced }
    await Promise.all([this.#followIngresses(referred, to), this.#follow(classes, new Collection(resources.IngressClass, this.#events(to)), to)])
    await Promise.all([
      ...(['ConfigMap', 'Secret'] as const).flatMap((kind) => targets(kind, this.#scope).map((target) => this.#followReferred(kind, { target, referred, to }))),
      ...(['Service', 'EndpointSlice'] as const).flatMap((kind) => targets(kind, this.#scope).map((target) => this.#follow(target, new Collection(resources[kind], this.#events(to)), to))),
    ])
    await referred.settled()
    this.#isListed = true
  }

  close(): void {
    this.#stopped.abort()
  }

  #referred(to: SourceEvents): Referred {
    return new Referred(this.#api, {
      timing: this.#timing,
      signal: this.#stopped.signal,
      failed: (kind, key, error) => { to.note(`${kind} ${key} can't be read, tried again: ${error instanceof Error ? error.message : String(error)}`) },
    })
  }

  async #followIngresses(referred: Referred, to: SourceEvents): Promise<void> {
    const emit = (changes: readonly Change[]) => {
      if (changes.length === 0) return
      this.#emit(changes, to)
      this.#refer(changes, referred)
    }
    const scope: IngressScope = new IngressScope((namespace) => namespaces.isVisible(namespace))
    const namespaces = new Namespaces({ selected: this.#scope.selector !== '', turned: (namespace) => emit(scope.turned(namespace)) })
    const query = this.#scope.selector === '' ? {} : { labelSelector: this.#scope.selector }
    await this.#follow({ resource: resources.Namespace, namespace: '', query, optional: this.#isNamespaced }, namespaces, to)
    await Promise.all(targets('Ingress', this.#scope).map((target) =>
      this.#follow(target, new Collection(resources.Ingress, { ...this.#events(to), changed: (changes) => emit(scope.pass(changes)) }), to)))
  }

  async #followReferred(kind: ReferredKind, { target, referred, to }: { readonly target: Target; readonly referred: Referred; readonly to: SourceEvents }): Promise<void> {
    const changed = (changes: readonly Change[]) => {
      this.#emit(changes, to)
      this.#refer(changes, referred)
    }
    const collection = new Collection(resources[kind], { ...this.#events(to), changed }, (key) => this.#references.has(kind, key))
    referred.add(kind, target.namespace, collection)
    await this.#follow(target, {
      began: () => collection.began(),
      page: (items) => collection.page(items),
      listed: () => collection.listed(),
      event: (type, raw) => {
        if (type === 'DELETED') referred.gone(kind, raw)
        collection.event(type, raw)
      },
    }, to)
  }

  /** Whoever watches some namespaces may have rights there only, and none on what has no namespace. */
  get #isNamespaced(): boolean {
    return this.#scope.namespaces.length > 0
  }

  /** Resolves with the first whole list; an optional one also without the right to it. */
  #follow({ resource, namespace, query, optional = false }: Target & { readonly optional?: boolean }, followed: Followed, to: SourceEvents): Promise<void> {
    const first = Promise.withResolvers<void>()
    const origin = `API server ${resource.plural} ${namespace}`
    const follower: Follower = {
      began: () => followed.began(),
      page: (items) => followed.page(items),
      listed: () => {
        followed.listed()
        first.resolve()
      },
      event: (type, raw) => followed.event(type, raw),
      failed: (error, failures) => {
        const trouble = troubleOf(error, failures, { resource, namespace })
        if (trouble !== null) to.report(origin, [trouble])
        if (optional && isForbidden(error)) first.resolve()
      },
      recovered: () => to.report(origin, []),
    }
    const reflector = new Reflector(this.#api, { path: pathOf(resource, namespace), query }, { follower, timing: this.#timing })
    // What fails inside is a defect, not the server's: it ends the thread, which is restarted.
    reflector.follow(this.#stopped.signal).catch((error: unknown) => { queueMicrotask(() => { throw error }) })
    return first.promise
  }

  #events(to: SourceEvents) {
    return {
      changed: (changes: readonly Change[]) => this.#emit(changes, to),
      issues: to.report,
    }
  }

  #emit(changes: readonly Change[], to: SourceEvents): void {
    to.emit(changes)
    const note = this.#isListed ? noteOf(changes) : ''
    if (note !== '') to.note(note)
  }

  #refer(changes: readonly Change[], referred: Referred): void {
    for (const change of changes) {
      const kind = change.op === 'set' ? change.object.kind : change.kind
      const holder = `${kind} ${change.op === 'set' ? keyOf(change.object) : change.key}`
      const turn = this.#references.set(holder, change.op === 'set' ? change.object : null)
      referred.turned('Secret', turn.Secret)
      referred.turned('ConfigMap', turn.ConfigMap)
    }
  }
}
