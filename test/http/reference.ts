// The chunked coding as the grammar of RFC 9112 §7.1 says it, one regular expression a production: slow, without limits, and written
// apart from src/http so that the two can disagree.
export type Decoded = { readonly data: string; readonly used: number; readonly trailers: readonly string[] }

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]'
const QUOTED = `"(?:[\\t\\x20!#-\\[\\]-\\x7e\\x80-\\xff]|\\\\${VALUE})*"`
const SIZE_LINE = new RegExp(`([0-9A-Fa-f]+)(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*\\r\\n`, 'y')
const TRAILERS = new RegExp(`((?:${TOKEN}:${VALUE}*\\r\\n)*)\\r\\n`, 'y')

/** The message at the start of `text`; undefined where there is none: broken, or not all of it. */
export const decodeChunks = (text: string): Decoded | undefined => {
  let data = ''
  for (let at = 0; ;) {
    SIZE_LINE.lastIndex = at
    const line = SIZE_LINE.exec(text)
    if (line === null) return undefined
    const size = Number.parseInt(line[1] ?? '', 16)
    at = SIZE_LINE.lastIndex
    if (size === 0) return end(text, at, data)
    if (text.slice(at + size, at + size + 2) !== '\r\n') return undefined
    data += text.slice(at, at + size)
    at += size + 2
  }
}

const end = (text: string, at: number, data: string): Decoded | undefined => {
  TRAILERS.lastIndex = at
  const section = TRAILERS.exec(text)
  return section === null ? undefined : { data, used: TRAILERS.lastIndex, trailers: (section[1] ?? '').split('\r\n').slice(0, -1) }
}
