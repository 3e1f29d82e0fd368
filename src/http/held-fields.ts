// Trailers that outlive the connection they came on. Knows no message.
import { FieldBlock, pairsOf } from './fields.ts'
import type { ReceivedFields } from './message.ts'
import type { Scratch } from './scratch.ts'

export class HeldFields implements ReceivedFields {
  readonly #block: FieldBlock

  constructor(fields: ReceivedFields) { this.#block = new FieldBlock(pairsOf(fields)) }

  get octets() { return this.#block.bytes.length }
  each(visit: (name: string, value: string) => void) { for (const [name, value] of this.#block.pairs) visit(name, value) }
  putLines(out: Scratch) { out.copy(this.#block.bytes, 0, this.#block.bytes.length) }
}
