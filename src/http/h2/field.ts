// A field as HPACK tables hold it: what must be known of name and value is found once for each entry, not for each message that names it.
// Knows no message and no connection.
import { CLASS, HTAB, SP, TARGET, TOKEN, VALUE } from '../h1/octets.ts'
import { isHost } from '../h1/target.ts'

/** What the reader of a field section has to do with a field. Up to PSEUDO_UNKNOWN: pseudo-fields. */
export const NAME = {
  METHOD: 0, SCHEME: 1, AUTHORITY: 2, PATH: 3, PROTOCOL: 4, STATUS: 5, PSEUDO_UNKNOWN: 6,
  PLAIN: 7, CONNECTION_SPECIFIC: 8, TE: 9, CONTENT_LENGTH: 10, HOST: 11, COOKIE: 12,
} as const
export type NameClass = (typeof NAME)[keyof typeof NAME]

/** Connection-specific fields make a message malformed (RFC 9113 §8.2.2). */
const CLASSES: ReadonlyMap<string, NameClass> = new Map([
  [':method', NAME.METHOD], [':scheme', NAME.SCHEME], [':authority', NAME.AUTHORITY], [':path', NAME.PATH], [':protocol', NAME.PROTOCOL], [':status', NAME.STATUS],
  ['connection', NAME.CONNECTION_SPECIFIC], ['keep-alive', NAME.CONNECTION_SPECIFIC], ['proxy-connection', NAME.CONNECTION_SPECIFIC],
  ['transfer-encoding', NAME.CONNECTION_SPECIFIC], ['upgrade', NAME.CONNECTION_SPECIFIC],
  ['te', NAME.TE], ['content-length', NAME.CONTENT_LENGTH], ['host', NAME.HOST], ['cookie', NAME.COOKIE],
])

export class Name {
  readonly text: string
  readonly class: NameClass
  /** A token without upper-case letters (RFC 9113 §8.2.1), or a pseudo-field's name. */
  readonly valid: boolean

  constructor(text: string) {
    this.text = text
    const pseudo = text.startsWith(':')
    this.class = CLASSES.get(text) ?? (pseudo ? NAME.PSEUDO_UNKNOWN : NAME.PLAIN)
    this.valid = pseudo || isLowerToken(text)
  }
}

/** One character is one octet. Immutable: many messages share it. */
export class Field {
  readonly name: Name
  readonly value: string
  /** What it counts in tables and lists (RFC 7541 §4.1). */
  readonly size: number
  /** What is malformed in it, for people; `` if nothing. */
  readonly fault: string
  #line = ''

  constructor(name: Name, value: string) {
    this.name = name
    this.value = value
    this.size = name.text.length + value.length + ENTRY_BYTES
    this.fault = !name.valid ? 'a name that is no lower-case token' : valueFault(name, value)
  }

  /** As an HTTP/1.1 field line, built once for all messages that name this entry. */
  get line(): string { return this.#line ||= `${this.name.text}: ${this.value}\r\n` }
}
/** The overhead that RFC 7541 §4.1 gives each entry. */
export const ENTRY_BYTES = 32

export const isLowerToken = (text: string): boolean => isAll(text, TOKEN) && !/[A-Z]/.test(text)

/** Fifteen digits stay exact in a double and exceed every body anyone sends. */
const LENGTH = /^\d{1,15}$/
const STATUS = /^[1-5]\d\d$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/

const valueFault = (name: Name, value: string): string => {
  switch (name.class) {
    case NAME.PLAIN: case NAME.COOKIE: return isValue(value) ? '' : 'a control, or white space at an end, in a value'
    case NAME.METHOD: case NAME.PROTOCOL: return isAll(value, TOKEN) ? '' : `${name.text} that is no token`
    case NAME.SCHEME: return SCHEME.test(value) ? '' : ':scheme that is none'
    case NAME.AUTHORITY: case NAME.HOST: return isHost(value) ? '' : `${name.text} that is no host`
    case NAME.PATH: return value === '*' || (value.startsWith('/') && isAll(value, TARGET)) ? '' : ':path that is no path'
    case NAME.STATUS: return STATUS.test(value) ? '' : ':status that is none'
    case NAME.CONTENT_LENGTH: return LENGTH.test(value) ? '' : 'content-length that is no number'
    case NAME.TE: return value === 'trailers' ? '' : 'te that is not trailers' // RFC 9113 §8.2.2
    case NAME.CONNECTION_SPECIFIC: return `${name.text} is for HTTP/1 connections`
    case NAME.PSEUDO_UNKNOWN: return 'an unknown pseudo-field'
  }
}

/**
 * No controls, no white space at the ends. NUL, CR and LF would write lines of their own into an HTTP/1.1 message; the other controls are
 * what the HTTP/1.1 codec refuses. Octets from 128 on are opaque, as there (RFC 9110 §5.5).
 */
const isValue = (text: string): boolean =>
  text === '' || (isAll(text, VALUE) && !isSpace(text.charCodeAt(0)) && !isSpace(text.charCodeAt(text.length - 1)))
const isSpace = (octet: number) => octet === SP || octet === HTAB

/** Whether there are octets, all of a class. */
const isAll = (text: string, bits: number): boolean => {
  for (let i = 0; i < text.length; i++) if ((CLASS[text.charCodeAt(i)]! & bits) === 0) return false
  return text !== ''
}
