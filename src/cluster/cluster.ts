// The API server as a source of objects: one reflector for each kind and namespace, of which only what counts is passed on: Ingresses of
// living namespaces, Secrets and ConfigMaps that something refers to. Knows no tables.
import type { Change, Source, SourceEvents } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'
import { Collection } from './collection.ts'
import { type Followed, follow } from './follow.ts'
import { IngressScope } from './ingress-scope.ts'
import { Namespaces } from './namespaces.ts'
import { noteOf } from './notes.ts'
import { type ReferredKind, References } from './references.ts'
import { Referred } from './referred.ts'
import { systemTiming, type Timing } from './reflector.ts'
import { resources } from './resources.ts'
import { type Scope, type Target, targets } from './targets.ts'
import type { Api } from './transport.ts'

/** selector: of namespaces, as kubectl's -l takes it; `` for all. */
export type ClusterScope = Scope & { readonly selector: string; readonly annotationsPrefix: string }
/** ingressSeen: each version of each Ingress that is watched, as it came; null: it is gone. */
export type ClusterOptions = { readonly timing?: Timing; readonly ingressSeen?: (key: string, raw: unknown) => void }

export const cluster = (api: Api, scope: ClusterScope, options: ClusterOptions = {}): Source => new Cluster(api, scope, options)

class Cluster implements Source {
  readonly #api: Api
  readonly #scope: ClusterScope
  readonly #timing: Timing
  readonly #ingressSeen: ClusterOptions['ingressSeen']
  readonly #stopped = new AbortController()
  readonly #references: References
  #isListed = false

  constructor(api: Api, scope: ClusterScope, { timing = systemTiming, ingressSeen }: ClusterOptions) {
    this.#api = api
    this.#scope = scope
    this.#timing = timing
    this.#ingressSeen = ingressSeen
    this.#references = new References({ ...scope.named, annotationsPrefix: scope.annotationsPrefix })
  }

  /** Waits as long as it takes: an API server that is down is no reason to end. Ingresses go first, as they say which Secrets count. */
  async start(to: SourceEvents): Promise<void> {
    const referred = this.#referred(to)
    const classes = { resource: resources.IngressClass, namespace: '', query: {}, optional: this.#isNamespaced }
    await Promise.all([this.#followIngresses(referred, to), this.#follow(classes, new Collection(resources.IngressClass, this.#referring(referred, to)), to)])
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
    const { changed } = this.#referring(referred, to)
    const emit = (changes: readonly Change[]) => { if (changes.length > 0) changed(changes) }
    const scope: IngressScope = new IngressScope((namespace) => namespaces.isVisible(namespace))
    const namespaces = new Namespaces({ names: this.#scope.namespaces, selector: this.#scope.selector }, { turned: (namespace) => emit(scope.turned(namespace)), report: to.report })
    const query = this.#scope.selector === '' ? {} : { labelSelector: this.#scope.selector }
    await this.#follow({ resource: resources.Namespace, namespace: '', query, optional: this.#isNamespaced }, namespaces, to)
    const events = { ...this.#events(to), changed: (changes: readonly Change[]) => emit(scope.pass(changes)), ...this.#ingressSeen && { seen: this.#ingressSeen } }
    await Promise.all(targets('Ingress', this.#scope).map((target) => this.#follow(target, new Collection(resources.Ingress, events), to)))
  }

  async #followReferred(kind: ReferredKind, { target, referred, to }: { readonly target: Target; readonly referred: Referred; readonly to: SourceEvents }): Promise<void> {
    const collection = new Collection(resources[kind], this.#referring(referred, to), (key) => this.#references.has(kind, key))
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

  #follow(target: Target, followed: Followed, to: SourceEvents): Promise<void> {
    return follow(target, followed, { api: this.#api, timing: this.#timing, signal: this.#stopped.signal, report: to.report })
  }

  #events(to: SourceEvents) {
    return {
      changed: (changes: readonly Change[]) => this.#emit(changes, to),
      issues: to.report,
    }
  }

  /** Of objects that refer to others. */
  #referring(referred: Referred, to: SourceEvents) {
    const changed = (changes: readonly Change[]) => {
      this.#emit(changes, to)
      this.#refer(changes, referred)
    }
    return { ...this.#events(to), changed }
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
