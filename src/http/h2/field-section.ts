// One field section, decoded, and whether it is a well-formed request, answer or trailer section (RFC 9113 §8.2, §8.3, RFC 8441 §4).
// Knows no stream: what follows from a fault is decided elsewhere.
import { CLASS, TARGET, TOKEN } from '../h1/octets.ts'
import { isHost } from '../h1/target.ts'
import { Field, NAME } from './field.ts'
import { SECTION_BYTES, SECTION_FIELDS } from './limits.ts'

/** Fifteen digits stay exact in a double and exceed every body anyone sends. */
const LENGTH = /^\d{1,15}$/
const STATUS = /^[1-5]\d\d$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/

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
  #size = 0
  #pseudo = 0
  #regular = false
  #host = ''
  #cookieAt = -1

  add(field: Field) {
    this.#size += field.size
    if (this.#size > SECTION_BYTES || this.fields.length > SECTION_FIELDS) { this.tooLarge = true; return }
    if (!field.valid) this.#refuse('octets that a field must not have')
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
      case NAME.STATUS: this.#addStatus(value); break
      default: this.#refuse('an unknown pseudo-field')
    }
  }

  #addStatus(value: string) {
    if (STATUS.test(value)) this.status = Number(value)
    else this.#refuse('a status that is none')
  }

  #addSpecial(field: Field) {
    switch (field.name.class) {
      case NAME.CONNECTION_SPECIFIC: return this.#refuse(`${field.name.text} is for HTTP/1 connections`)
      case NAME.CONTENT_LENGTH: return this.#addLength(field.value)
      case NAME.HOST: return this.#addHost(field.value)
      case NAME.COOKIE: return this.#addCookie(field)
      case NAME.TE: if (field.value !== 'trailers') this.#refuse('te is not trailers')
    }
    this.fields.push(field)
  }

  #addLength(value: string) {
    if (this.length >= 0 || !LENGTH.test(value)) return this.#refuse('not one content-length')
    this.length = Number(value)
  }

  #addHost(value: string) {
    if (this.#host !== '' || value === '') this.#refuse('not one host')
    this.#host = value
  }

  #addCookie(field: Field) {
    const first = this.fields[this.#cookieAt]
    if (first === undefined) this.#cookieAt = this.fields.push(field) - 1
    else this.fields[this.#cookieAt] = new Field(field.name, `${first.value}; ${field.value}`)
  }

  /** As a request. `fault` says what is wrong. */
  judgeRequest() {
    if (this.fault !== '' || this.tooLarge) return
    this.fault = this.#requestFault() || this.#authorityFault()
  }

  #requestFault(): string {
    if (this.#has(NAME.STATUS)) return ':status in a request'
    if (!isToken(this.method)) return 'no :method'
    if (this.#has(NAME.PROTOCOL) && (this.method !== 'CONNECT' || !isToken(this.protocol))) return ':protocol without CONNECT'
    if (this.method === 'CONNECT' && !this.#has(NAME.PROTOCOL)) {
      return this.#has(NAME.SCHEME) || this.#has(NAME.PATH) || !this.#has(NAME.AUTHORITY) ? 'CONNECT names an authority, and nothing else (RFC 9113 §8.5)' : ''
    }
    if (!SCHEME.test(this.scheme)) return 'no :scheme'
    return this.path === '*' && this.method === 'OPTIONS' ? '' : pathFault(this.path)
  }

  /** One host: two readers that take different ones would disagree about whose request this is (RFC 9113 §8.3.1). */
  #authorityFault(): string {
    if (!this.#has(NAME.AUTHORITY)) this.authority = this.#host
    else if (this.#host !== '' && this.#host.toLowerCase() !== this.authority.toLowerCase()) return 'host differs from :authority'
    return isHost(this.authority) ? '' : 'no :authority that is a host'
  }

  /** As an answer. 101 does not exist in HTTP/2 (RFC 9113 §8.6). */
  judgeAnswer() {
    if (this.#pseudo !== 1 << NAME.STATUS || this.status === 101) this.#refuse('not one :status')
  }

  judgeTrailers() {
    if (this.#pseudo !== 0) this.#refuse('a pseudo-field in trailers')
  }

  #has(name: number): boolean { return (this.#pseudo & (1 << name)) !== 0 }
}

const isToken = (text: string) => text !== '' && isAll(text, TOKEN)
const isAll = (text: string, bits: number): boolean => {
  for (let i = 0; i < text.length; i++) if ((CLASS[text.charCodeAt(i)]! & bits) === 0) return false
  return true
}
const pathFault = (path: string) => path.startsWith('/') && isAll(path, TARGET) ? '' : ':path is not a path'
