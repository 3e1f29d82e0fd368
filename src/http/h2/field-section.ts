// One field section, decoded, and whether it is a well-formed request, answer or trailer section (RFC 9113 §8.2, §8.3, RFC 8441 §4).
// Knows no stream: what follows from a fault is decided elsewhere.
import { Field, NAME } from './field.ts'
import type { HeadLimits } from '../head-limits.ts'

export class FieldSection {
  /** Pseudo-fields, `` where absent. `authority` is Host's value where only that came. */
  method = ''
  scheme = ''
  authority = ''
  path = ''
  protocol = ''
  /** 0: none. */
  status = 0
  /** Of content-length; -1: none. */
  length = -1
  /** All others in order, crumbs of cookie joined (RFC 9113 §8.2.3). content-length and host are not among them: they are written anew. */
  readonly fields: Field[] = []
  /** Over the limits: what is here is not all, and must not be used but for a 431. */
  tooLarge = false
  /** What is malformed, for people; `` if nothing. */
  fault = ''
  readonly limits: HeadLimits
  #size = 0
  #pseudo = 0
  #regular = false
  #host = ''
  #cookieAt = -1
  /** Crumbs of cookie behind the first. Joined once: one by one, a KiB of indexes would cost a millisecond. */
  #crumbs: string[] | null = null

  constructor(limits: HeadLimits) { this.limits = limits }

  add(field: Field) {
    this.#size += field.size
    const { headBytes, fieldBytes, fields } = this.limits
    if (this.#size > headBytes || this.fields.length >= fields) { this.tooLarge = true; return }
    if (field.size > fieldBytes && field.name.class > NAME.PSEUDO_UNKNOWN) { this.tooLarge = true; return }
    if (field.fault !== '') this.#refuse(field.fault)
    if (field.name.class <= NAME.PSEUDO_UNKNOWN) return this.#addPseudo(field)
    this.#regular = true
    if (field.name.class === NAME.PLAIN) this.fields.push(field)
    else this.#addSpecial(field)
  }

  #refuse(fault: string) { this.fault ||= fault }

  #addPseudo({ name, value }: Field) {
    const bit = 1 << name.class
    if (this.#regular) this.#refuse('a pseudo-field behind other fields')
    if ((this.#pseudo & bit) !== 0) this.#refuse(`two of ${name.text}`)
    this.#pseudo |= bit
    switch (name.class) {
      case NAME.METHOD: this.method = value; break
      case NAME.SCHEME: this.scheme = value; break
      case NAME.AUTHORITY: this.authority = value; break
      case NAME.PATH: this.path = value; break
      case NAME.PROTOCOL: this.protocol = value; break
      case NAME.STATUS: this.status = Number(value)
    }
  }

  #addSpecial(field: Field) {
    switch (field.name.class) {
      case NAME.CONTENT_LENGTH: return this.#addLength(Number(field.value))
      case NAME.HOST: return this.#addHost(field.value)
      case NAME.COOKIE: return this.#addCookie(field)
      default: this.fields.push(field)
    }
  }

  /** Two lengths are two ends of a body. Equal ones are refused as well, as in HTTP/1.1. */
  #addLength(length: number) {
    if (this.length >= 0) this.#refuse('two of content-length')
    this.length = length
  }

  #addHost(value: string) {
    if (this.#host !== '') this.#refuse('two of host')
    this.#host = value
  }

  #addCookie(field: Field) {
    if (this.#cookieAt < 0) this.#cookieAt = this.fields.push(field) - 1
    else (this.#crumbs ??= []).push(field.value)
  }
  #joinCookie() {
    const first = this.fields[this.#cookieAt]
    if (first === undefined || this.#crumbs === null) return
    this.fields[this.#cookieAt] = new Field(first.name, `${first.value}; ${this.#crumbs.join('; ')}`)
    this.#crumbs = null
  }

  /** As a request. `fault` says what is wrong. */
  judgeRequest() {
    if (this.fault !== '' || this.tooLarge) return
    this.#joinCookie()
    this.fault = this.#requestFault() || this.#authorityFault()
  }

  #requestFault(): string {
    if (this.#has(NAME.STATUS)) return ':status in a request'
    if (!this.#has(NAME.METHOD)) return 'no :method'
    if (this.#has(NAME.PROTOCOL) && this.method !== 'CONNECT') return ':protocol without CONNECT'
    if (this.method === 'CONNECT' && !this.#has(NAME.PROTOCOL)) {
      return this.#has(NAME.SCHEME) || this.#has(NAME.PATH) || !this.#has(NAME.AUTHORITY) ? 'CONNECT names an authority, and nothing else (RFC 9113 §8.5)' : ''
    }
    if (!this.#has(NAME.SCHEME)) return 'no :scheme'
    if (!this.#has(NAME.PATH)) return 'no :path'
    return this.path === '*' && this.method !== 'OPTIONS' ? ':path * without OPTIONS' : ''
  }

  /** One host: two readers that take different ones would disagree about whose request this is (RFC 9113 §8.3.1). */
  #authorityFault(): string {
    if (!this.#has(NAME.AUTHORITY)) this.authority = this.#host
    else if (this.#host !== '' && this.#host.toLowerCase() !== this.authority.toLowerCase()) return 'host differs from :authority'
    return this.authority === '' ? 'no :authority' : ''
  }

  /** As an answer. 101 does not exist in HTTP/2 (RFC 9113 §8.6). */
  judgeAnswer() {
    this.#joinCookie()
    if (this.#pseudo !== 1 << NAME.STATUS || this.status === 101) this.#refuse('not one :status')
  }

  judgeTrailers() {
    this.#joinCookie()
    if (this.#pseudo !== 0) this.#refuse('a pseudo-field in trailers')
  }

  #has(name: number): boolean { return (this.#pseudo & (1 << name)) !== 0 }
}
