// A map that changes inside and is shared as immutable versions: a new copy only when something changed since the last.
// Knows nothing of its values.

export class SharedMap<T> {
  readonly #entries = new Map<string, T>()
  #shared: ReadonlyMap<string, T> | undefined

  get(key: string): T | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: T): void {
    if (this.#entries.get(key) === value) return
    this.#entries.set(key, value)
    this.#shared = undefined
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.#shared = undefined
  }

  /** The same map until the next change. */
  share(): ReadonlyMap<string, T> {
    this.#shared ??= new Map(this.#entries)
    return this.#shared
  }
}
