// One pass over the field lines of a head, shared by requests, answers and trailers (RFC 9112 §5). Makes no strings, does no I/O.
// The head stays the received bytes; what must not be forwarded is noted as spans.
import { KIND, type Kind, type NameTable } from '../fields.ts'
import type { Scratch } from '../scratch.ts'
import { CLASS, COLON, CR, LF, nextLine, skipSpace, startsWithName, TOKEN, trimSpace, VALUE } from './octets.ts'
import { DROPPED_LINES, HEAD_LIMITS } from './limits.ts'

/** The head goes on behind the bytes there are. All other results of a scan: the index behind the head, or minus the status to refuse with. */
export const MORE = 0

/** A head over the buffer it was received in. Reused for the next one on its connection. */
export abstract class Head {
  buffer: Buffer = NONE
  limits = HEAD_LIMITS
  start = 0
  /** First field line, and the index behind the empty line. */
  fieldsAt = 0
  end = 0
  /** Spans [from, to) of lines not to be forwarded, ascending; the first `drops` numbers count. */
  readonly spans: number[] = []
  drops = 0
  /** Names from Connection, lower case: they are dropped too. */
  listed = ''
  /** For people: what is wrong with the head that a scan refused. */
  fault = ''

  /** Takes note of a field of `kind`, value trimmed: [valueFrom, valueTo). Returns 0, or minus the status to refuse with. */
  protected abstract noted(kind: Kind, valueFrom: number, valueTo: number): number

  protected refuse(status: number, fault: string): number {
    this.fault = fault
    return -status
  }

  /** Scans field lines from `i`. Reading past `to` gives octets of an earlier read or undefined: every step compares with `to` first or fails safe. */
  protected scanFields(i: number, to: number, names: NameTable): number {
    const bytes = this.buffer
    const { fields, fieldBytes } = this.limits
    this.fieldsAt = i
    this.drops = 0
    this.listed = ''
    for (let lines = 0; ; lines++) {
      const line = i
      let octet = bytes[i]!
      if (octet === CR) return this.#emptyLine(i, to)
      while ((CLASS[octet]! & TOKEN) !== 0) octet = bytes[++i]!
      if (i >= to) return this.unfinished(to)
      if (octet !== COLON || i === line) return this.refuse(400, 'a field line is not `name: value`')
      const colon = i
      octet = bytes[++i]!
      while ((CLASS[octet]! & VALUE) !== 0) octet = bytes[++i]!
      if (i + 1 >= to) return this.unfinished(to)
      if (octet !== CR || bytes[i + 1] !== LF) return this.refuse(400, 'a control character or a bare line end in a field value')
      i += 2
      if (i - line > fieldBytes) return this.refuse(431, `a field exceeds ${fieldBytes} octets`)
      const kind = names.kindOf(bytes, line, colon)
      if (kind !== KIND.PASS) {
        const failed = this.#known(kind, { line, colon, next: i })
        if (failed !== 0) return failed
      }
      if (lines >= fields) return this.refuse(431, `more than ${fields} field lines`)
    }
  }

  #known(kind: Kind, at: { line: number; colon: number; next: number }): number {
    const valueFrom = skipSpace(this.buffer, at.colon + 1, at.next - 2)
    const valueTo = trimSpace(this.buffer, valueFrom, at.next - 2)
    const failed = this.noted(kind, valueFrom, valueTo)
    if (failed < 0) return failed
    return failed === KEPT ? 0 : this.drop(at.line, at.next)
  }

  protected drop(from: number, to: number): number {
    if (this.drops >= 2 * DROPPED_LINES) return this.refuse(431, `more than ${DROPPED_LINES} connection-specific field lines`)
    this.spans[this.drops++] = from
    this.spans[this.drops++] = to
    return 0
  }

  #emptyLine(i: number, to: number): number {
    if (i + 1 >= to) return this.unfinished(to)
    if (this.buffer[i + 1] !== LF) return this.refuse(400, 'a carriage return without a line feed')
    this.end = i + 2
    if (this.end - this.start > this.limits.headBytes) return this.#tooLarge()
    if (this.listed !== '') this.#dropListed()
    return this.end
  }

  protected unfinished(to: number): number {
    return to - this.start > this.limits.headBytes ? this.#tooLarge() : MORE
  }
  #tooLarge(): number { return this.refuse(431, `the head exceeds ${this.limits.headBytes} octets`) }

  /** Rare: fields that Connection names (RFC 9110 §7.6.1). Framing and Host can't be taken away that way. */
  #dropListed() {
    const listed = new Set(this.listed.split(',').map((name) => name.trim()))
    const spans = new Map<number, number>()
    for (let k = 0; k < this.drops; k += 2) spans.set(this.spans[k]!, this.spans[k + 1]!)
    this.eachLine((name, line, next) => { if (listed.has(name) && !UNLISTABLE.has(name)) spans.set(line, next) })
    this.drops = 0
    for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) { this.spans[this.drops++] = from; this.spans[this.drops++] = to }
  }

  /** Visits all field lines, forwarded or not. */
  eachLine(visit: (lowerName: string, line: number, next: number) => void) {
    for (let i = this.fieldsAt; i < this.end - 2;) {
      const next = this.buffer.indexOf(LF, i) + 1
      visit(this.buffer.toString('latin1', i, this.buffer.indexOf(COLON, i)).toLowerCase(), i, next)
      i = next
    }
  }

  /** Visits the fields that are to be forwarded, as received: case, order and duplicates. */
  each(visit: (name: string, value: string) => void) {
    let k = 0
    this.eachLine((_, line, next) => {
      while (k < this.drops && this.spans[k + 1]! <= line) k += 2
      if (k < this.drops && line >= this.spans[k]!) return
      const colon = this.buffer.indexOf(COLON, line)
      visit(this.buffer.toString('latin1', line, colon), this.#value(colon, next))
    })
  }

  /** First value of a field by name in any case, forwarded or not; undefined where there is none. Found again in the bytes. */
  field(name: string): string | undefined {
    const bytes = this.buffer
    const { length } = name
    for (let i = this.fieldsAt; i < this.end - 2; i = nextLine(bytes, i)) {
      if (bytes[i + length] === COLON && startsWithName(bytes, i, name)) return this.#value(i + length, nextLine(bytes, i))
    }
    return undefined
  }

  /** All values of a field, in order. */
  fields(name: string): string[] {
    const lower = name.toLowerCase()
    const values: string[] = []
    this.eachLine((each, line, next) => { if (each === lower) values.push(this.#value(this.buffer.indexOf(COLON, line), next)) })
    return values
  }

  #value(colon: number, next: number): string {
    const from = skipSpace(this.buffer, colon + 1, next - 2)
    return this.buffer.toString('latin1', from, trimSpace(this.buffer, from, next - 2))
  }

  /** Copies buffer[from..end of the last field line) without the dropped lines. */
  protected putFrom(from: number, out: Scratch) {
    let run = from
    for (let k = 0; k < this.drops; k += 2) {
      out.copy(this.buffer, run, this.spans[k]!)
      run = this.spans[k + 1]!
    }
    out.copy(this.buffer, run, this.end - 2)
  }
  putLines(out: Scratch) { this.putFrom(this.fieldsAt, out) }

  /** Octets as received: no less than what is put. */
  get octets() { return this.end - this.start }
}

/** A known field that stays in the forwarded head. */
export const KEPT = 1
export const NONE: Buffer = Buffer.alloc(0)
const UNLISTABLE = new Set(['host', 'content-length', 'transfer-encoding'])
