// An answer that came over HTTP/2, as the proxy and an HTTP/1 client see it. Knows no stream and no socket.
import { KIND, type NameTable } from './fields.ts'
import type { Field } from './h2/field.ts'
import type { FieldSection } from './h2/field-section.ts'
import { STATUS_TEXT } from './h1/status.ts'
import { CHUNKED, type ReceivedAnswer } from './message.ts'
import type { Scratch } from './scratch.ts'

export class H2Answer implements ReceivedAnswer {
  readonly status: number
  readonly length: number
  readonly upgrade = ''
  readonly dated: boolean
  readonly octets: number
  readonly #kept: readonly Field[]

  constructor(section: FieldSection, names: NameTable) {
    this.status = section.status
    this.length = section.length >= 0 ? section.length : CHUNKED
    this.#kept = section.fields.filter(({ name }) => isKept(names.kindOfName(name.text)))
    this.dated = this.#kept.some(({ name }) => name.text === 'date')
    this.octets = this.#kept.reduce((sum, { size }) => sum + size, LINES)
  }

  each(visit: (name: string, value: string) => void) {
    for (const { name, value } of this.#kept) visit(name.text, value)
    if (this.length >= 0) visit('content-length', String(this.length))
  }
  putLines(out: Scratch) {
    for (const field of this.#kept) out.text(field.line)
    if (this.length >= 0) out.text(`Content-Length: ${this.length}\r\n`)
  }
  putHead(out: Scratch) {
    out.text(`HTTP/1.1 ${this.status} ${STATUS_TEXT[this.status] ?? ''}\r\n`)
    this.putLines(out)
  }
}
/** Room for the status line and the length. */
const LINES = 96
const isKept = (kind: number) => kind === KIND.PASS || kind === KIND.DATE
