// What Secrets hold, each loaded once; of those in use the last good version is kept. Knows no kind of content.
import type { Objects, Secret } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { memoByObject } from './memo.ts'

/** What stands behind a Secret's key. `loaded` may be a former version; `exists` tells a missing Secret from a bad one. */
export type Found<L> = { readonly loaded: L | undefined; readonly exists: boolean; readonly issues: readonly Issue[] }
export type Loading<L> = { readonly loaded: L } | { readonly fault: string }

/** Of one kind of content. */
export type Loader<L> = {
  load(secret: Secret): Loading<L>
  /** What time makes of it, and when (epoch ms) that may change. */
  notices(key: string, loaded: L, now: number): { readonly issues: readonly Issue[]; readonly nextAt: number }
}

type Finding<L> = { readonly secret: Secret | undefined; readonly found: Found<L> }

export class SecretStore<L> {
  readonly #loader: Loader<L>
  readonly #now: () => number
  readonly #load: (secret: Secret) => Loading<L>
  #secrets: Objects['Secret'] = new Map()
  /** What was asked for since something changed: by key, the Secret that the answer came from. */
  #findings = new Map<string, Finding<L>>()
  #lastGood = new Map<string, L>()
  /** Epoch ms when time alone changes an answer. */
  #staleAt = Infinity

  constructor(loader: Loader<L>, now: () => number) {
    this.#loader = loader
    this.#now = now
    this.#load = memoByObject((secret: Secret) => loader.load(secret))
  }

  /** Whether time alone may have changed an answer. */
  get isDue(): boolean {
    return this.#now() >= this.#staleAt
  }

  /** Whether any answer of `find` may be another one now. */
  refresh(secrets: Objects['Secret']): boolean {
    this.#secrets = secrets
    if (!this.#isStale()) return false
    this.#lastGood = new Map()
    for (const [key, { found: { loaded } }] of this.#findings) if (loaded !== undefined) this.#lastGood.set(key, loaded)
    this.#findings = new Map()
    this.#staleAt = Infinity
    return true
  }

  /** By `namespace/name`, as of the last refresh. */
  readonly find = (key: string): Found<L> => {
    const known = this.#findings.get(key)
    if (known !== undefined) return known.found
    const secret = this.#secrets.get(key)
    const found = this.#find(key, secret)
    this.#findings.set(key, { secret, found })
    return found
  }

  #isStale(): boolean {
    for (const [key, { secret }] of this.#findings) if (this.#secrets.get(key) !== secret) return true
    return this.isDue
  }

  #find(key: string, secret: Secret | undefined): Found<L> {
    if (secret === undefined) return { loaded: undefined, exists: false, issues: [] }
    const loading = this.#load(secret)
    if ('loaded' in loading) return { loaded: loading.loaded, exists: true, issues: this.#notices(key, loading.loaded) }
    const former = this.#lastGood.get(key)
    const instead = former === undefined ? 'it is not served' : 'its last good version is served'
    const issue = { object: `Secret ${key}`, field: 'data', reason: `${loading.fault}: ${instead} until it is mended` }
    return { loaded: former, exists: true, issues: [issue] }
  }

  #notices(key: string, loaded: L): readonly Issue[] {
    const { issues, nextAt } = this.#loader.notices(key, loaded, this.#now())
    this.#staleAt = Math.min(this.#staleAt, nextAt)
    return issues
  }
}

export function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
