// HPACK's dynamic table (RFC 7541 §2.3.2, §4): first in, first out, bounded in octets. The decoder keeps fields in it, the encoder only their sizes.
import { ENTRY_BYTES } from './field.ts'
import { TABLE_BYTES } from './limits.ts'

/** As many entries as fit: a power of two, so that the place of an entry is its number's low bits. */
const SLOT_BITS = TABLE_BYTES / ENTRY_BYTES - 1

export class DynamicTable<T extends { readonly size: number }> {
  /** Entries ever inserted: the newest one's number. */
  inserted = 0
  #entries: (T | undefined)[] = []
  #count = 0
  #size = 0
  #limit = TABLE_BYTES

  get limit() { return this.#limit }

  /** Entry `age`, 0 the newest; undefined where there is none. */
  at(age: number): T | undefined {
    return age < this.#count ? this.#entries[(this.inserted - age) & SLOT_BITS] : undefined
  }

  /** Whether the entry that was inserted as number `n` is still here. */
  holds(n: number): boolean { return n > this.inserted - this.#count }

  /** False: larger than the table, which is empty now (RFC 7541 §4.4). */
  insert(entry: T): boolean {
    this.#evict(this.#limit - entry.size)
    if (entry.size > this.#limit) return false
    this.#entries[++this.inserted & SLOT_BITS] = entry
    this.#count++
    this.#size += entry.size
    return true
  }

  /** At most TABLE_BYTES. */
  resize(limit: number) {
    this.#limit = limit
    this.#evict(limit)
  }

  #evict(room: number) {
    while (this.#count > 0 && this.#size > room) {
      const oldest = (this.inserted - this.#count + 1) & SLOT_BITS
      this.#size -= this.#entries[oldest]!.size
      this.#entries[oldest] = undefined
      this.#count--
    }
  }
}
