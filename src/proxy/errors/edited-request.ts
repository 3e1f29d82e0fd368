// A request's head with some fields taken away and some added. Knows no reason for it.
import { FieldBlock } from '../../http/fields.ts'
import type { ReceivedRequest } from '../../http/message.ts'
import type { Scratch } from '../../http/scratch.ts'

/** Room for method, version and separators. */
const LINE_ROOM = 64

export class EditedRequest implements ReceivedRequest {
  readonly #request: ReceivedRequest
  readonly #block: FieldBlock
  /** What follows a handshake is for whom the client asked. */
  readonly upgrade = ''

  /** isDropped: by name in lower case. */
  constructor(request: ReceivedRequest, isDropped: (name: string) => boolean, added: readonly (readonly [string, string])[]) {
    const pairs: (readonly [string, string])[] = []
    request.each((name, value) => { if (!isDropped(name.toLowerCase())) pairs.push([name, value]) })
    this.#request = request
    this.#block = new FieldBlock([...pairs, ...added])
  }

  get method() { return this.#request.method }
  get target() { return this.#request.target }
  get cleanTarget() { return this.#request.cleanTarget }
  get path() { return this.#request.path }
  get host() { return this.#request.host }
  get protocol() { return this.#request.protocol }
  get length() { return this.#request.length }
  get sized() { return this.#request.sized }
  get forwarded() { return this.#request.forwarded }
  get requestId() { return this.#request.requestId }
  field(name: string) { return this.#request.field(name) }
  fields(name: string) { return this.#request.fields(name) }

  get octets() { return this.#block.bytes.length + this.#request.method.length + LINE_ROOM }
  each(visit: (name: string, value: string) => void) { for (const [name, value] of this.#block.pairs) visit(name, value) }
  putLines(out: Scratch) { out.copy(this.#block.bytes, 0, this.#block.bytes.length) }
  putHead(out: Scratch, target: string) {
    out.text(`${this.method} ${target} HTTP/1.1\r\n`)
    this.putLines(out)
  }
}
