// A map that changes inside and is shared as immutable versions: a new one only when something changed since the last.
// Knows nothing of its values.
import { LayeredMap } from './layered-map.ts'

/** undefined is no value: it stands for none. */
export class SharedMap<T extends object> {
  readonly #entries = new Map<string, T>()
  #shared: LayeredMap<T> | undefined
  /** Since the last share. */
  #unshared = new Set<string>()
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
    if (this.#shared === undefined) this.#shared = LayeredMap.of(this.#entries)
    else if (this.#unshared.size > 0) this.#shared = this.#shared.next(this.#entries, this.#unshared)
    this.#unshared = new Set()
    return this.#shared
  }

  /** Keys that were set or deleted since the last call. */
  takeChanged(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  #touch(key: string): void {
    this.#unshared.add(key)
    this.#changed.add(key)
  }
}
