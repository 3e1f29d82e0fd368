// An answer's head with other fields than those that came. Knows no compression.
import { FieldBlock } from '../../http/fields.ts'
import { statusLine } from '../../http/h1/write.ts'
import type { ReceivedAnswer } from '../../http/message.ts'
import type { Scratch } from '../../http/scratch.ts'

/** Room for the status line. */
const STATUS_ROOM = 64

export class EditedHead implements ReceivedAnswer {
  readonly status: number
  readonly length: number
  readonly upgrade = ''
  readonly dated: boolean
  readonly #block: FieldBlock

  /** Of `head` is what `pairs` and `length` do not say. */
  constructor(head: ReceivedAnswer, pairs: readonly (readonly [string, string])[], length: number) {
    this.status = head.status
    this.dated = head.dated
    this.length = length
    this.#block = new FieldBlock(pairs)
  }

  get octets() { return this.#block.bytes.length + STATUS_ROOM }
  each(visit: (name: string, value: string) => void) { for (const [name, value] of this.#block.pairs) visit(name, value) }
  putLines(out: Scratch) { out.copy(this.#block.bytes, 0, this.#block.bytes.length) }
  putHead(out: Scratch) {
    out.text(statusLine(this.status))
    this.putLines(out)
  }
}
