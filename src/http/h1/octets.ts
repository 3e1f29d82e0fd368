// Octet classes and comparisons of RFC 9110 §5 and RFC 9112, on the received bytes: parsing makes no strings (hotpath.md §3).
// Knows no message, only bytes.

export const TOKEN = 1
export const VALUE = 2
export const TARGET = 4
export const HOST = 8

export const CR = 13
export const LF = 10
export const SP = 32
export const HTAB = 9
export const COLON = 58

/** Class bits of each octet. TARGET leaves out what RFC 3986 never allows raw and routers read differently: space, controls, 8-bit. */
export const CLASS = new Uint8Array(256)
for (let octet = 0; octet < 256; octet++) {
  const char = String.fromCharCode(octet)
  if (/[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char)) CLASS[octet]! |= TOKEN
  if (octet === HTAB || (octet >= SP && octet !== 127)) CLASS[octet]! |= VALUE
  if (octet > SP && octet < 127) CLASS[octet]! |= TARGET
  if (/[A-Za-z0-9.\-_]/.test(char)) CLASS[octet]! |= HOST
}

/** Whether bytes[from..] starts with the ASCII text. Reading past the end compares unequal. */
export const startsWith = (bytes: Uint8Array, from: number, text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text.charCodeAt(i)) return false
  return true
}

/** Whether bytes[from..to) is the word without regard to case. Each octet of `folded` has bit 32 set, which is lower case for letters. */
export const equalsFolded = (bytes: Uint8Array, from: number, to: number, folded: Uint8Array): boolean => {
  const length = folded.length
  if (length !== to - from) return false
  let i = 0
  while (i < length && (bytes[from + i]! | 32) === folded[i]) i++
  return i === length
}
/** Whether bytes[from..] starts with the name of a field, in any case; `name` in lower case. Makes nothing, unlike foldedWord. */
export const startsWithName = (bytes: Uint8Array, from: number, name: string): boolean => {
  for (let i = 0; i < name.length; i++) if ((bytes[from + i]! | 32) !== (name.charCodeAt(i) | 32)) return false
  return true
}
/** The index behind the line that bytes[i] is in; there is one end of line at least. For lines of a head, cheaper than a native search for each. */
export const nextLine = (bytes: Uint8Array, i: number): number => {
  while (bytes[i] !== LF) i++
  return i + 1
}
/** For equalsFolded. */
export const foldedWord = (word: string): Uint8Array => new TextEncoder().encode(word).map((octet) => octet | 32)

/** Fifteen digits stay exact in a double and exceed every body anyone sends (RFC 9112 §6.2: anticipate large values, prevent overflow). */
const MAX_DIGITS = 15

/** 1*DIGIT as a number; -1 for anything else, signs, spaces and an overflow included. */
export const decimal = (bytes: Uint8Array, from: number, to: number): number => {
  if (from === to || to - from > MAX_DIGITS) return -1
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** First index at or after `from` that holds no optional white space. */
export const skipSpace = (bytes: Uint8Array, from: number, to: number): number => {
  while (from < to && (bytes[from] === SP || bytes[from] === HTAB)) from++
  return from
}
/** The index behind the last octet before `to` that is no optional white space. */
export const trimSpace = (bytes: Uint8Array, from: number, to: number): number => {
  while (to > from && (bytes[to - 1] === SP || bytes[to - 1] === HTAB)) to--
  return to
}
