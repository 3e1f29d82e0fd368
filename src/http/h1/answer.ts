// A response head: status line and what framing and connection reuse need of the fields (RFC 9112 §4, §6.3). No I/O, no requests.
import { KIND, type Kind, type NameTable } from '../fields.ts'
import { Head, KEPT, MORE } from './head.ts'
import { CLASS, CR, decimal, equalsFolded, foldedWord, LF, SP, startsWith, VALUE } from './octets.ts'
import { CHUNKED, type ReceivedAnswer } from '../message.ts'
import type { Scratch } from '../scratch.ts'

/** Body until the connection closes: its length is as unknown as that of a chunked one, but its end is less sure. */
export const UNTIL_CLOSE = -2

export class AnswerHead extends Head implements ReceivedAnswer {
  status = 0
  minor = 1
  /** Octets of the body by its fields alone; CHUNKED or UNTIL_CLOSE. The request's method and the status may say: none. */
  length = UNTIL_CLOSE
  keepAlive = true
  /** Seconds after which the upstream closes the connection when it is idle, as it says; -1: it doesn't. */
  idleSeconds = -1
  upgrade = ''
  dated = false
  #lengths = 0
  #coding = false
  #close = false

  /** Scans bytes[from..to). MORE, minus a status, or the index behind the head. */
  scan(bytes: Buffer, from: number, to: number, names: NameTable): number {
    this.buffer = bytes
    this.start = from
    if (to - from < STATUS_LINE) return startsWith(bytes, from, 'HTTP/1.'.slice(0, to - from)) ? this.unfinished(to) : this.#notHttp()
    const line = this.#statusLine(from, to)
    if (line <= MORE) return line
    this.length = UNTIL_CLOSE
    this.keepAlive = this.minor !== 0
    this.dated = this.#coding = this.#close = false
    this.upgrade = ''
    this.#lengths = 0
    this.idleSeconds = -1
    const end = this.scanFields(line, to, names)
    return end <= MORE ? end : this.#checked(end)
  }

  #statusLine(from: number, to: number): number {
    const bytes = this.buffer
    const minor = bytes[from + 7]! - 48
    this.status = decimal(bytes, from + 9, from + 12)
    const separated = bytes[from + 8] === SP && (bytes[from + 12] === SP || bytes[from + 12] === CR)
    if (!startsWith(bytes, from, 'HTTP/1.') || minor < 0 || minor > 9 || !separated || this.status < 100 || this.status > 599) return this.#notHttp()
    this.minor = minor
    let i = from + REASON_AT
    let octet = bytes[i]!
    while ((CLASS[octet]! & VALUE) !== 0) octet = bytes[++i]!
    if (i + 1 >= to) return this.unfinished(to)
    if (octet !== CR || bytes[i + 1] !== LF) return this.#notHttp()
    return i + 2
  }

  #notHttp() { return this.refuse(502, 'the upstream does not speak HTTP/1') }

  protected override noted(kind: Kind, from: number, to: number): number {
    switch (kind) {
      case KIND.CONTENT_LENGTH:
        if (this.#lengths++ !== 0) return this.refuse(502, 'two Content-Length fields in the answer')
        this.length = decimal(this.buffer, from, to)
        if (this.length < 0) return this.refuse(502, 'Content-Length of the answer is not a number')
        return this.status < 200 || this.status === 204 ? 0 : KEPT // there it must not be (RFC 9110 §8.6): some client would wait for the body
      case KIND.TRANSFER_ENCODING:
        if (this.#coding || this.minor === 0 || !equalsFolded(this.buffer, from, to, CHUNKED_WORD)) return this.refuse(502, 'Transfer-Encoding of the answer is not chunked alone')
        this.#coding = true
        return 0
      case KIND.CONNECTION: return this.#notedConnection(from, to)
      case KIND.KEEP_ALIVE: return this.#notedKeepAlive(from, to)
      case KIND.UPGRADE:
        this.upgrade = this.buffer.toString('latin1', from, to)
        return 0
      case KIND.DATE:
        this.dated = true
        return KEPT
      default: return 0
    }
  }

  #notedConnection(from: number, to: number): number {
    if (equalsFolded(this.buffer, from, to, KEEP_ALIVE_WORD)) { this.keepAlive = true; return 0 }
    for (const option of this.buffer.toString('latin1', from, to).toLowerCase().split(',')) {
      const name = option.trim()
      if (name === 'close') this.#close = true
      else if (name === 'keep-alive') this.keepAlive = true
      else if (name !== '' && name !== 'upgrade') this.listed += `,${name}`
    }
    return 0
  }

  /** `timeout=5, max=100`, the timeout first as everybody writes it (RFC 2068 §19.7.1.1). */
  #notedKeepAlive(from: number, to: number): number {
    if (!startsWith(this.buffer, from, TIMEOUT)) return 0
    const comma = this.buffer.indexOf(COMMA, from)
    this.idleSeconds = decimal(this.buffer, from + TIMEOUT.length, comma < 0 || comma > to ? to : comma)
    if (this.idleSeconds === 0) this.#close = true
    return 0
  }

  /** An answer framed twice could be read as two (RFC 9112 §6.3 item 3). */
  #checked(end: number): number {
    if (this.#coding && this.#lengths !== 0) return this.refuse(502, 'Content-Length beside Transfer-Encoding in the answer')
    if (this.#coding) this.length = CHUNKED
    if (this.#close) this.keepAlive = false
    return end
  }

  putHead(out: Scratch) {
    out.text('HTTP/1.1')
    this.putFrom(this.start + VERSION_LENGTH, out)
  }
  get reason() { return this.buffer.toString('latin1', this.start + REASON_AT, this.fieldsAt - 2).trim() }
}

/** Octets of the shortest status line, `HTTP/1.1 200` CR LF less one: enough to look at the version and the status. */
const STATUS_LINE = 13
const REASON_AT = 'HTTP/1.1 200'.length
const VERSION_LENGTH = 'HTTP/1.1'.length
const TIMEOUT = 'timeout='
const COMMA = 44
const CHUNKED_WORD = foldedWord('chunked')
const KEEP_ALIVE_WORD = foldedWord('keep-alive')
