// Parts of many sources gathered by what they contribute to (slices by Service, Ingresses by host, hosts by backend), kept from
// build to build: a change costs its own groups. Knows nothing of what the parts are.

/** One for all, so that it is the same array as well. */
const NO_PARTS: readonly never[] = []

type PartsOf<S, T> = (source: S) => Iterable<readonly [group: string, part: T]>

export class Groups<S, T> {
  readonly #partsOf: PartsOf<S, T>
  readonly #sources = new Map<string, S>()
  readonly #groups = new Map<string, T[]>()
  /** Whose array nobody has seen yet, so that it may change: a group may have thousands of parts, and gain them one by one. */
  readonly #unseen = new Set<string>()
  #touched = new Set<string>()

  constructor(partsOf: PartsOf<S, T>) {
    this.#partsOf = partsOf
  }

  /** In no particular order. The same array until the group is touched. */
  of(group: string): readonly T[] {
    this.#unseen.delete(group)
    return this.#groups.get(group) ?? NO_PARTS
  }

  names(): Iterable<string> {
    return this.#groups.keys()
  }

  /** A source that is the same object as before costs nothing. */
  set(key: string, source: S): void {
    const former = this.#sources.get(key)
    if (former === source) return
    if (former !== undefined) this.#remove(former)
    this.#sources.set(key, source)
    for (const [group, part] of this.#partsOf(source)) this.#ownParts(group).push(part)
  }

  delete(key: string): void {
    const former = this.#sources.get(key)
    if (former === undefined) return
    this.#sources.delete(key)
    this.#remove(former)
  }

  /** undefined: it is gone. */
  renew(key: string, source: S | undefined): void {
    if (source === undefined) this.delete(key)
    else this.set(key, source)
  }

  /** Sets what is in `sources`, deletes what is not. */
  reconcile(sources: ReadonlyMap<string, S>): void {
    for (const [key, source] of sources) this.set(key, source)
    if (this.#sources.size === sources.size) return
    for (const key of this.#sources.keys()) if (!sources.has(key)) this.delete(key)
  }

  /** Groups that gained or lost a part since the last call; some may be empty now. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched
    this.#touched = new Set()
    return touched
  }

  #remove(source: S): void {
    for (const [group, part] of this.#partsOf(source)) {
      const parts = this.#ownParts(group)
      parts.splice(parts.indexOf(part), 1)
      if (parts.length === 0) for (const known of [this.#groups, this.#unseen]) known.delete(group)
    }
  }

  /** To be changed. */
  #ownParts(group: string): T[] {
    this.#touched.add(group)
    const present = this.#groups.get(group)
    if (present !== undefined && this.#unseen.has(group)) return present
    const parts = [...present ?? []]
    this.#groups.set(group, parts)
    this.#unseen.add(group)
    return parts
  }
}
