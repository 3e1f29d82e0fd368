// The Secrets and ConfigMaps that something refers to. Of the others, which come by the thousand in a cluster, nothing is kept; one that
// gets its first reference later is fetched by itself. Knows no Ingresses.
import { ApiError } from './api-error.ts'
import type { Collection } from './collection.ts'
import { identityOf } from './raw.ts'
import type { ReferredKind, Turn } from './references.ts'
import type { Timing } from './reflector.ts'
import { pauseAfter } from './retry.ts'
import { pathOf, resources } from './resources.ts'
import type { Api } from './transport.ts'

type Fetch = { readonly kind: ReferredKind; readonly key: string; readonly collection: Collection }
type ReferredOptions = {
  readonly timing: Timing
  readonly signal: AbortSignal
  /** null: all is well again. */
  readonly failed: (kind: ReferredKind, key: string, error: unknown) => void
}

export class Referred {
  readonly #api: Api
  readonly #options: ReferredOptions
  /** What is on its way, by `kind namespace/name`. A watch that says meanwhile that it is gone takes it out. */
  readonly #fetches = new Map<string, Fetch>()
  readonly #pending = new Set<Promise<void>>()
  /** By namespace; `` stands for all. */
  readonly #collections: Record<ReferredKind, Map<string, Collection>> = { Secret: new Map(), ConfigMap: new Map() }

  constructor(api: Api, options: ReferredOptions) {
    this.#api = api
    this.#options = options
  }

  add(kind: ReferredKind, namespace: string, collection: Collection): void {
    this.#collections[kind].set(namespace, collection)
  }

  turned(kind: ReferredKind, { gained, lost }: Turn): void {
    for (const key of lost) this.#collectionOf(kind, key)?.forget(key)
    for (const key of gained) {
      const collection = this.#collectionOf(kind, key)
      if (collection !== undefined && !collection.has(key)) this.#start({ kind, key, collection })
    }
  }

  /** A watch said that it is gone: what a fetch may still bring is older. */
  gone(kind: ReferredKind, raw: unknown): void {
    this.#fetches.delete(`${kind} ${identityOf(raw).key}`)
  }

  /** Resolves when nothing is on its way. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  #collectionOf(kind: ReferredKind, key: string): Collection | undefined {
    return this.#collections[kind].get(key.slice(0, key.indexOf('/'))) ?? this.#collections[kind].get('')
  }

  #start(fetch: Fetch): void {
    const id = `${fetch.kind} ${fetch.key}`
    this.#fetches.set(id, fetch)
    const pending = this.#bring(id, fetch).finally(() => { this.#pending.delete(pending) })
    this.#pending.add(pending)
  }

  async #bring(id: string, fetch: Fetch): Promise<void> {
    const { timing, signal } = this.#options
    for (let failures = 0; this.#fetches.get(id) === fetch && !signal.aborted; failures++) {
      const error = await this.#try(id, fetch)
      if (error === null) this.#fetches.delete(id)
      else await timing.wait(pauseAfter(error, failures, timing.random), signal)
    }
  }

  /** null: that settles it. */
  async #try(id: string, fetch: Fetch): Promise<unknown> {
    const { kind, key, collection } = fetch
    const [namespace = '', name = ''] = key.split('/')
    try {
      const raw = await this.#api.request(pathOf(resources[kind], namespace, name), { signal: this.#options.signal })
      if (this.#fetches.get(id) === fetch && !collection.has(key)) collection.event('MODIFIED', raw)
      return null
    } catch (error) {
      // The watch tells when it comes.
      if (error instanceof ApiError && error.code === 404) return null
      if (!this.#options.signal.aborted) this.#options.failed(kind, key, error)
      return error
    }
  }
}
