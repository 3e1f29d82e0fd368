// HPACK decoding (RFC 7541 §3, §6): an encoded block becomes a field section. Knows the rules of the code, not those of messages.
import type { HeadLimits } from '../head-limits.ts'
import { DynamicTable } from './dynamic-table.ts'
import { CODE, ConnectionFault } from './fault.ts'
import { Field, Name } from './field.ts'
import { FieldSection } from './field-section.ts'
import { decodeHuffman } from './huffman.ts'
import { SECTION_LIMITS, TABLE_BYTES } from './limits.ts'
import { STATIC_FIELDS } from './static-table.ts'

/** First octets of the representations (RFC 7541 §6). */
const INDEXED = 128, INDEXING = 64, RESIZE = 32
/** How often the size may change before a block: down to the smallest, and up to the last (RFC 7541 §4.2). */
const RESIZES = 2
/** Integers beyond this are no length and no index; below, the arithmetic is exact. */
const MAX_INTEGER = 2 ** 28

export class Decoder {
  readonly #table = new DynamicTable<Field>()
  readonly #limits: HeadLimits
  #bytes: Buffer = NONE
  #at = 0
  #to = 0

  constructor(limits: HeadLimits = SECTION_LIMITS) { this.#limits = limits }

  /**
   * The section in bytes[from..to), not judged yet. Every block must pass through here, also those of nobody: the table depends on it.
   * Throws ConnectionFault where the code is broken.
   */
  decode(bytes: Buffer, from: number, to: number): FieldSection {
    this.#bytes = bytes
    this.#at = from
    this.#to = to
    const section = new FieldSection(this.#limits)
    this.#resizes()
    while (this.#at < to) section.add(this.#field())
    this.#bytes = NONE
    return section
  }

  #resizes() {
    for (let k = 0; this.#at < this.#to && (this.#bytes[this.#at]! & 0xe0) === RESIZE; k++) {
      const limit = this.#integer(31)
      if (limit > TABLE_BYTES || k === RESIZES) throw broken('a table size that was not agreed')
      this.#table.resize(limit)
    }
  }

  #field(): Field {
    const octet = this.#bytes[this.#at]!
    if (octet >= INDEXED) return this.#entry(this.#integer(127))
    if (octet < INDEXING) {
      if (octet >= RESIZE) throw broken('a change of the table size inside a block')
      return this.#literal(15)
    }
    const field = this.#literal(63)
    this.#table.insert(field)
    return field
  }

  #entry(index: number): Field {
    const field = index <= STATIC_FIELDS.length ? STATIC_FIELDS[index - 1] : this.#table.at(index - STATIC_FIELDS.length - 1)
    if (field === undefined) throw broken('an index without an entry')
    return field
  }

  #literal(mask: number): Field {
    const index = this.#integer(mask)
    const name = index === 0 ? new Name(this.#text()) : this.#entry(index).name
    return new Field(name, this.#text())
  }

  #text(): string {
    const huffman = this.#bytes[this.#at]! >= 128
    const length = this.#integer(127)
    const from = this.#at
    this.#at = from + length
    if (this.#at > this.#to) throw broken('a string longer than its block')
    if (!huffman) return this.#bytes.toString('latin1', from, this.#at)
    const text = decodeHuffman(this.#bytes, from, this.#at)
    if (text === null) throw broken('a string that is not Huffman coded')
    return text
  }

  /** RFC 7541 §5.1. */
  #integer(mask: number): number {
    if (this.#at >= this.#to) throw broken('a block that ends inside a field')
    const prefix = this.#bytes[this.#at++]! & mask
    if (prefix < mask) return prefix
    let value = prefix
    for (let scale = 1; scale < MAX_INTEGER && this.#at < this.#to; scale *= 128) {
      const octet = this.#bytes[this.#at++]!
      value += (octet & 127) * scale
      if (octet < 128) return value
    }
    throw broken('an integer without an end')
  }
}

const broken = (message: string) => new ConnectionFault(CODE.COMPRESSION_ERROR, message)
const NONE: Buffer = Buffer.alloc(0)
