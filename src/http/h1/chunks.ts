// The chunked transfer coding (RFC 9112 §7.1), strict: extensions are checked and dropped, data is handed on as one run. No I/O.
import { CLASS, CR, LF, TOKEN, VALUE } from './octets.ts'
import { CHUNK_BYTES, CHUNK_LINE_BYTES, TRAILER_BYTES } from './limits.ts'
import { Head, NONE } from './head.ts'
import { trailerNames } from '../fields.ts'

const SIZE_START = 0, SIZE = 1, EXT_START = 2, EXT_NAME = 3, EXT_VALUE_START = 4, EXT_VALUE = 5, EXT_QUOTED = 6, EXT_ESCAPE = 7, EXT_QUOTE_END = 8,
  LINE_LF = 9, DATA = 10, DATA_CR = 11, DATA_LF = 12, TRAILERS = 13, END = 14

/** The trailer section over its own bytes: `drops` are the lines that must not pass. */
export class Trailers extends Head {
  read(bytes: Buffer, from: number, to: number): number {
    this.buffer = bytes
    this.start = from
    return this.scanFields(from, to, trailerNames)
  }
  protected override noted(): number { return 0 }
}

export class ChunkReader {
  /** Octets used by the last read; the rest belongs to the next message. */
  used = 0
  /** Data that read found: bytes[from..to) after compaction. */
  from = 0
  to = 0
  readonly trailers = new Trailers()
  #state = SIZE_START
  #left = 0
  #line = 0
  #held: Buffer | null = null

  start() {
    this.#state = SIZE_START
    this.#held = null
    this.trailers.fieldsAt = this.trailers.end = this.trailers.drops = 0
  }
  /** The octets of the last trailers. */
  forget() { this.trailers.buffer = NONE }
  get ended() { return this.#state === END }
  /** Whether there are trailers to pass on. Asked after the end. */
  get hasTrailers() { return this.trailers.end - this.trailers.fieldsAt > 2 }

  /**
   * Reads bytes[i..). All data in it is moved together, to bytes[from..to): chunk borders carry no meaning (§7.1), and one run is one write.
   * False: the coding is broken. Then nothing of this call may be used.
   */
  read(bytes: Buffer, i: number): boolean {
    const n = bytes.length
    this.from = this.to = i
    while (i < n && this.#state !== END) {
      if (this.#state === DATA) i = this.#data(bytes, i)
      else if (this.#state === TRAILERS) { if ((i = this.#trailers(bytes, i)) < 0) return false }
      else if (!this.#framing(bytes[i++]!)) return false
    }
    this.used = i
    return true
  }

  #data(bytes: Buffer, i: number): number {
    const size = Math.min(bytes.length - i, this.#left)
    if (this.to === this.from) this.from = this.to = i
    else if (this.to !== i) bytes.copyWithin(this.to, i, i + size)
    this.to += size
    this.#left -= size
    if (this.#left === 0) this.#state = DATA_CR
    return i + size
  }

  #framing(octet: number): boolean {
    if (this.#state === DATA_CR) return this.#expect(octet === CR, DATA_LF)
    if (this.#state === DATA_LF) return this.#expect(octet === LF, SIZE_START)
    if (this.#state === SIZE_START) this.#line = this.#left = 0
    if (++this.#line > CHUNK_LINE_BYTES) return false
    if (this.#state === LINE_LF) return this.#expect(octet === LF, this.#left === 0 ? TRAILERS : DATA)
    return this.#state <= SIZE ? this.#size(octet) : this.#extension(octet)
  }

  #expect(right: boolean, next: number): boolean {
    this.#state = next
    return right
  }

  #size(octet: number): boolean {
    const digit = hexadecimal(octet)
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit
      return this.#expect(this.#left <= CHUNK_BYTES, SIZE)
    }
    if (this.#state === SIZE_START) return false
    if (octet === CR) return this.#expect(true, LINE_LF)
    return this.#expect(octet === SEMICOLON, EXT_START)
  }

  /** chunk-ext = *( ";" name [ "=" ( token / quoted-string ) ] ), without the white space that RFC 9112 calls bad. */
  #extension(octet: number): boolean {
    const token = (CLASS[octet]! & TOKEN) !== 0
    switch (this.#state) {
      case EXT_START: return this.#expect(token, EXT_NAME)
      case EXT_NAME:
        if (token) return true
        if (octet === EQUALS) return this.#expect(true, EXT_VALUE_START)
        return this.#extensionEnd(octet)
      case EXT_VALUE_START: return this.#expect(token || octet === QUOTE, octet === QUOTE ? EXT_QUOTED : EXT_VALUE)
      case EXT_VALUE: return token || this.#extensionEnd(octet)
      case EXT_QUOTED:
        if (octet === QUOTE) return this.#expect(true, EXT_QUOTE_END)
        return this.#expect((CLASS[octet]! & VALUE) !== 0, octet === BACKSLASH ? EXT_ESCAPE : EXT_QUOTED)
      case EXT_ESCAPE: return this.#expect((CLASS[octet]! & VALUE) !== 0, EXT_QUOTED)
      default: return this.#extensionEnd(octet)
    }
  }
  #extensionEnd(octet: number): boolean {
    if (octet === CR) return this.#expect(true, LINE_LF)
    return this.#expect(octet === SEMICOLON, EXT_START)
  }

  /** Index behind the trailer section, or behind all there is; -1: broken. */
  #trailers(bytes: Buffer, i: number): number {
    if (this.#held === null && bytes[i] === CR && bytes[i + 1] === LF) { this.#state = END; return i + 2 }
    const held = this.#held?.length ?? 0
    const section = Buffer.concat([this.#held ?? Buffer.alloc(0), bytes.subarray(i, i + TRAILER_BYTES - held)])
    const end = this.trailers.read(section, 0, section.length)
    if (end < 0) return -1
    if (end > 0) { this.#state = END; this.#held = null; return i + end - held }
    if (section.length >= TRAILER_BYTES) return -1
    this.#held = section
    return bytes.length
  }
}

const SEMICOLON = 59, EQUALS = 61, QUOTE = 34, BACKSLASH = 92

const hexadecimal = (octet: number): number => {
  if (octet >= 48 && octet <= 57) return octet - 48
  const letter = octet | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** `size CR LF` in front of a chunk's data. */
export const chunkLine = (size: number): string => `${size.toString(16)}\r\n`
