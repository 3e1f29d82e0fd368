// Makes any text safe inside one access log line, as nginx does: no byte of a client can end a line or leave its quotes.

/** How values are escaped, and what stands where a variable has none. */
export type Escaping = { readonly escape: (text: string) => string; readonly absent: string }

/** Printable ASCII but for `"` and `\`: one test answers for nearly every value. */
const PLAIN = /^[ !#-[\]-~]*$/
/** JSON's own, and what some readers take for the end of a line: DEL, C1 (NEL), U+2028 and U+2029. */
const JSON_SPECIAL = /["\\\x00-\x1f\x7f-\x9f\u2028\u2029]/g
const JSON_SHORT: Readonly<Record<string, string>> = {
  '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\b': '\\b', '\f': '\\f',
}

/** nginx's default: `\xHH` for each byte that is not plain. */
export const hexEscaping: Escaping = {
  absent: '-',
  escape: (text) => (PLAIN.test(text) ? text : [...octets(text)].map(hex).join('')),
}

/** `escape=json`: the inside of a JSON string. Bytes above 127 are read as UTF-8, so that the line always is. */
export const jsonEscaping: Escaping = {
  absent: '',
  escape: (text) => (PLAIN.test(text) ? text : octets(text).toString('utf8').replace(JSON_SPECIAL, json)),
}

/** Field values and targets are held as latin1, one character for each octet received; other text is UTF-8. */
function octets(text: string): Buffer {
  const received = /^[\x00-\xff]*$/.test(text)
  return Buffer.from(text, received ? 'latin1' : 'utf8')
}

function hex(octet: number): string {
  const character = String.fromCharCode(octet)
  return PLAIN.test(character) ? character : `\\x${octet.toString(16).toUpperCase().padStart(2, '0')}`
}

function json(character: string): string {
  return JSON_SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
