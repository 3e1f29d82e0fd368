// An immutable map that shares most of its entries with the one before it: of ten thousand entries a change copies a few hundred, not all, and
// leaves as little garbage; to go through all of it takes several times as long as with a Map. Knows nothing of its values.

/** Changes beside the base; with more of them all is copied once. A copy of 10,000 entries costs as much as 100 of these. */
const MOST_CHANGES = 128

type Changes<T> = ReadonlyMap<string, T | undefined>

export class LayeredMap<T> implements ReadonlyMap<string, T> {
  readonly size: number
  readonly #base: ReadonlyMap<string, T>
  /** undefined: it is gone. */
  readonly #over: Changes<T>

  private constructor(base: ReadonlyMap<string, T>, over: Changes<T>) {
    this.#base = base
    this.#over = over
    this.size = base.size + over.entries().reduce((sum, [key, value]) => sum + Number(value !== undefined) - Number(base.has(key)), 0)
  }

  static of<T>(entries: ReadonlyMap<string, T>): LayeredMap<T> {
    return new LayeredMap(new Map(entries), new Map())
  }

  /** With these keys as they are in `entries`, which holds all that the next map shall. */
  next(entries: ReadonlyMap<string, T>, changed: ReadonlySet<string>): LayeredMap<T> {
    if (this.#over.size + changed.size > MOST_CHANGES) return LayeredMap.of(entries)
    const over = new Map(this.#over)
    for (const key of changed) over.set(key, entries.get(key))
    return new LayeredMap(this.#base, over)
  }

  get(key: string): T | undefined {
    return this.#over.has(key) ? this.#over.get(key) : this.#base.get(key)
  }

  has(key: string): boolean {
    return this.#over.has(key) ? this.#over.get(key) !== undefined : this.#base.has(key)
  }

  entries(): MapIterator<[string, T]> {
    return this.#over.size === 0 ? this.#base.entries() : this.#joined()
  }

  * #joined(): MapIterator<[string, T]> {
    for (const entry of this.#base) if (!this.#over.has(entry[0])) yield entry
    for (const [key, value] of this.#over) if (value !== undefined) yield [key, value]
  }

  keys(): MapIterator<string> {
    return this.entries().map(([key]) => key)
  }

  values(): MapIterator<T> {
    return this.entries().map(([, value]) => value)
  }

  [Symbol.iterator](): MapIterator<[string, T]> {
    return this.entries()
  }

  forEach(act: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [key, value] of this.entries()) act(value, key, this)
  }
}
