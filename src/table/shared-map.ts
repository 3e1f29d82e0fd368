// A map that changes inside and is shared as immutable versions: a new copy only when something changed since the last.
// Knows nothing of its values.

export class SharedMap<T> {
  readonly #entries = new Map<string, T>()
  #shared: ReadonlyMap<string, T> | undefined
  #changed = new Set<string>()

  get(key: string): T | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: T): void {
    if (this.#entries.get(key) === value) return
    this.#entries.set(key, value)
    this.#touch(key)
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#touch(key)
  }

  /** The same map until the next change. */
  share(): ReadonlyMap<string, T> {
    this.#shared ??= new Map(this.#entries)
    return this.#shared
  }

  /** Keys that were set or deleted since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  #touch(key: string): void {
    this.#shared = undefined
    this.#changed.add(key)
  }
}
