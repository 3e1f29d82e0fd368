// A request that came over HTTP/2, as the proxy and an HTTP/1 upstream see it. Knows no stream and no socket.
import { randomBytes } from 'node:crypto'
import { KIND, type NameTable } from './fields.ts'
import type { Field } from './h2/field.ts'
import type { FieldSection } from './h2/field-section.ts'
import { isRequestId } from './h1/request.ts'
import { originTarget } from './h1/target.ts'
import { CHUNKED, type ReceivedFields, type ReceivedRequest } from './message.ts'
import type { Scratch } from './scratch.ts'

/** What in a path asks for a second look: RFC 3986 §5.2.4, as in HTTP/1.1. */
const ODD = /%|\/\/|\/\.|\\|#/

export class H2Request implements ReceivedRequest {
  method = ''
  target = ''
  cleanTarget = ''
  path = ''
  host = ''
  readonly protocol = 'HTTP/2.0'
  length = 0
  sized = false
  upgrade = ''
  forwarded = false
  requestId = ''
  /** The body comes when 100 has been said (RFC 9110 §10.1.1). */
  expectsContinue = false
  octets = 0
  /** Why the request is refused, `` if it is not, and with what status. */
  fault = ''
  faultStatus = 0
  #fields: readonly Field[] = []
  readonly #kept: Field[] = []

  /** `end`: no body follows. */
  read(section: FieldSection, end: boolean, names: NameTable) {
    this.method = section.method
    this.host = section.authority
    this.upgrade = section.protocol
    this.fault = ''
    this.sized = section.length >= 0 && section.protocol === ''
    this.length = end ? 0 : this.sized ? section.length : CHUNKED
    if (section.protocol !== '') this.length = 0
    this.#readTarget(section.path, section.limits.targetBytes)
    this.#readFields(section.fields, names)
    if (section.method === 'TRACE' || (section.method === 'CONNECT' && section.protocol === '')) this.#refuse(405, `${section.method} is not for this proxy`)
  }
  #refuse(status: number, fault: string) {
    this.fault = fault
    this.faultStatus = status
  }

  #readTarget(target: string, most: number) {
    const mark = target.indexOf('?')
    this.target = this.cleanTarget = target
    this.path = mark < 0 ? target : target.slice(0, mark)
    if (target.length > most) return this.#refuse(414, `the target exceeds ${most} octets`)
    if (!ODD.test(this.path) && !target.includes('#')) return
    const read = originTarget(target)
    if ('fault' in read) return this.#refuse(400, read.fault)
    this.path = read.path
    this.cleanTarget = read.target
  }

  #readFields(fields: readonly Field[], names: NameTable) {
    this.#fields = fields
    this.#kept.length = 0
    this.forwarded = this.expectsContinue = false
    this.requestId = ''
    this.octets = OVERHEAD + this.method.length + this.target.length
    for (const field of fields) {
      const kind = names.kindOfName(field.name.text)
      if (kind === KIND.FORWARDED) this.forwarded = true
      if (kind === KIND.EXPECT) this.#readExpect(field.value)
      const id = kind === KIND.REQUEST_ID && this.requestId === '' && isRequestId(field.value)
      if (id) this.requestId = field.value
      if (kind !== KIND.PASS && !id) continue
      this.#kept.push(field)
      this.octets += field.size
    }
  }

  /** Whoever expects what we don't know is told (RFC 9110 §10.1.1). */
  #readExpect(value: string) {
    if (value.toLowerCase() === '100-continue') this.expectsContinue = true
    else this.#refuse(417, 'Expect is not 100-continue')
  }

  field(name: string): string | undefined {
    const lower = name.toLowerCase()
    return this.#fields.find((field) => field.name.text === lower)?.value
  }
  fields(name: string): string[] {
    const lower = name.toLowerCase()
    return this.#fields.filter((field) => field.name.text === lower).map(({ value }) => value)
  }
  each(visit: (name: string, value: string) => void) { for (const { name, value } of this.#kept) visit(name.text, value) }
  putLines(out: Scratch) { for (const field of this.#kept) out.text(field.line) }

  /** Extended CONNECT is GET with an upgrade over there; its key is between us and the upstream (RFC 8441 §5). */
  putHead(out: Scratch, target: string) {
    out.text(`${this.upgrade === '' ? this.method : 'GET'} ${target} HTTP/1.1\r\n`)
    this.putLines(out)
    if (this.upgrade === 'websocket') out.text(`Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n`)
  }
}
/** Room for the line around method and target, and for a WebSocket key. */
const OVERHEAD = 128

/** Trailers that came over HTTP/2: what must not pass is left out. */
export class H2Trailers implements ReceivedFields {
  readonly #kept: readonly Field[]
  readonly octets: number
  constructor(section: FieldSection, names: NameTable) {
    this.#kept = section.fields.filter(({ name }) => names.kindOfName(name.text) === KIND.PASS)
    this.octets = this.#kept.reduce((sum, { size }) => sum + size, 0)
  }
  each(visit: (name: string, value: string) => void) { for (const { name, value } of this.#kept) visit(name.text, value) }
  putLines(out: Scratch) { for (const field of this.#kept) out.text(field.line) }
}
