// A field as HPACK tables hold it: what must be known of name and value is found once for each entry, not for each message that names it.
// Knows no message and no connection.
import { CLASS, HTAB, SP, TOKEN, VALUE } from '../h1/octets.ts'

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

export const isLowerToken = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i)
    if (octet > 127 || (CLASS[octet]! & TOKEN) === 0 || (octet >= 65 && octet <= 90)) return false
  }
  return text !== ''
}

/**
 * No controls, no white space at the ends. NUL, CR and LF would write lines of their own into an HTTP/1.1 message; the other controls are
 * what the HTTP/1.1 codec refuses. Octets from 128 on are opaque, as there (RFC 9110 §5.5).
 */
const isValue = (text: string): boolean => {
  const last = text.length - 1
  if (last < 0) return true
  if (isSpace(text.charCodeAt(0)) || isSpace(text.charCodeAt(last))) return false
  for (let i = 0; i <= last; i++) if ((CLASS[text.charCodeAt(i)]! & VALUE) === 0) return false
  return true
}
const isSpace = (octet: number) => octet === SP || octet === HTAB

/** One character is one octet. Immutable: many messages share it. */
export class Field {
  readonly name: Name
  readonly value: string
  readonly valid: boolean
  #line = ''

  constructor(name: Name, value: string) {
    this.name = name
    this.value = value
    this.valid = name.valid && isValue(value)
  }

  /** What it counts in tables and lists (RFC 7541 §4.1). */
  get size() { return this.name.text.length + this.value.length + ENTRY_BYTES }
  /** As an HTTP/1.1 field line, built once for all messages that name this entry. */
  get line(): string { return this.#line ||= `${this.name.text}: ${this.value}\r\n` }
}
/** The overhead that RFC 7541 §4.1 gives each entry. */
export const ENTRY_BYTES = 32
