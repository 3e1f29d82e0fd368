// HPACK encoding (RFC 7541 §6) for one connection: a field goes to the table when it is seen a second time, and never Huffman coded:
// 179 ns for 13 fields, against 352 without the table and 1,396 with Huffman (hotpath.md part 2 §4). Knows no messages.
import { DynamicTable } from './dynamic-table.ts'
import { ENTRY_BYTES, isLowerToken, Name, NAME } from './field.ts'
import { ENCODED_NAMES, TABLE_BYTES, VALUES_PER_NAME } from './limits.ts'
import type { Output } from './output.ts'
import { STATIC_FIELDS, STATIC_NAMES, type StaticName } from './static-table.ts'

/** First octets of the representations, and the largest number that fits beside them (RFC 7541 §6). */
const INDEXED = 128, INDEXED_MAX = 127
const INDEXING = 64, INDEXING_MAX = 63
const PLAIN = 0, NEVER_INDEXED = 16, PLAIN_MAX = 15
const RESIZE = 32, RESIZE_MAX = 31
const TEXT_MAX = 127
/** Octets of the longest integer: a prefix and 32 bits in groups of seven. */
const INTEGER_BYTES = 6

/** Values that an attacker may guess octet by octet through a shared table (RFC 7541 §7.1.3). */
const SECRET = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
const NOT_STATIC: StaticName = { index: 0, values: new Map() }

/** A value seen with a name; `entry` is its number in the table, 0 as long as it was seen once. */
type Sighting = { value: string; entry: number }

/** A name as this connection's peer will see it, and its last values. */
class KnownName {
  readonly text: string
  readonly index: number
  readonly values: ReadonlyMap<string, number>
  readonly secret: boolean
  /** Not a name that HTTP/2 has: the field is left out. */
  readonly excluded: boolean
  readonly sightings: Sighting[] = []
  next = 0

  /** In any case, as HTTP/1.1 has them. */
  constructor(text: string) {
    this.text = text.toLowerCase()
    const known = STATIC_NAMES.get(this.text) ?? NOT_STATIC
    this.index = known.index
    this.values = known.values
    this.secret = SECRET.has(this.text)
    const { class: nameClass } = new Name(this.text)
    this.excluded = nameClass === NAME.CONNECTION_SPECIFIC || (nameClass > NAME.PSEUDO_UNKNOWN && !isLowerToken(this.text))
  }
}

export class Encoder {
  readonly #table = new DynamicTable<{ readonly size: number }>()
  #names = new Map<string, KnownName>()
  /** The smallest table since the last block, if the size has changed. */
  #smallest = TABLE_BYTES
  #resized = false

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  resize(limit: number) {
    const wanted = Math.min(limit, TABLE_BYTES)
    if (wanted === this.#table.limit) return
    this.#table.resize(wanted)
    this.#smallest = Math.min(this.#smallest, wanted)
    this.#resized = true
  }

  /** Call before the first field of each block: tells the peer of a new size (RFC 7541 §4.2). */
  begin(out: Output) {
    if (!this.#resized) return
    out.reserve(2 * INTEGER_BYTES)
    const { limit } = this.#table
    if (this.#smallest < limit) putInteger(out, RESIZE, RESIZE_MAX, this.#smallest)
    putInteger(out, RESIZE, RESIZE_MAX, limit)
    this.#smallest = limit
    this.#resized = false
  }

  /** Name in any case, value one character for each octet. Connection-specific fields are left out (RFC 9113 §8.2.2). */
  field(out: Output, text: string, value: string) {
    const name = this.#known(text)
    if (name.excluded) return
    out.reserve(name.text.length + value.length + 3 * INTEGER_BYTES)
    const exact = name.values.get(value)
    if (exact !== undefined) return out.octet(INDEXED | exact)
    if (name.secret) return putLiteral(out, name, { value, flags: NEVER_INDEXED, max: PLAIN_MAX })
    for (const sighting of name.sightings) if (sighting.value === value) return this.#again(out, name, sighting)
    name.sightings[name.next] = { value, entry: 0 }
    name.next = (name.next + 1) % VALUES_PER_NAME
    putLiteral(out, name, { value, flags: PLAIN, max: PLAIN_MAX })
  }

  /** Forgets what was seen; the peer's table stays as it is. A cleared Map would keep its room. */
  rest() { if (this.#names.size > 0) this.#names = new Map() }

  #known(text: string): KnownName {
    const known = this.#names.get(text)
    if (known !== undefined) return known
    if (this.#names.size >= ENCODED_NAMES) this.#names.clear()
    const name = new KnownName(text)
    this.#names.set(text, name)
    return name
  }

  /** It repeats, so it is worth a place. */
  #again(out: Output, name: KnownName, sighting: Sighting) {
    const { value, entry } = sighting
    const table = this.#table
    if (entry !== 0 && table.holds(entry)) return putInteger(out, INDEXED, INDEXED_MAX, STATIC_FIELDS.length + 1 + table.inserted - entry)
    const inserted = table.insert({ size: name.text.length + value.length + ENTRY_BYTES })
    sighting.entry = inserted ? table.inserted : 0
    putLiteral(out, name, { value, flags: INDEXING, max: INDEXING_MAX })
  }
}

/** RFC 7541 §5.1. */
const putInteger = (out: Output, from: number, max: number, value: number) => {
  if (value < max) return out.octet(from | value)
  out.octet(from | max)
  let rest = value - max
  for (; rest >= 128; rest >>>= 7) out.octet((rest & 127) | 128)
  out.octet(rest)
}
const putText = (out: Output, text: string) => {
  putInteger(out, 0, TEXT_MAX, text.length)
  out.text(text)
}
const putLiteral = (out: Output, name: KnownName, literal: { value: string; flags: number; max: number }) => {
  putInteger(out, literal.flags, literal.max, name.index)
  if (name.index === 0) putText(out, name.text)
  putText(out, literal.value)
}
