// The Forwarded field (RFC 7239), read strictly: what is not written as it has to be is not believed in any part. Knows no trust.

/** What one proxy says of whom it heard: texts as they stand in the field. */
export type ForwardedElement = { readonly for?: string; readonly proto?: string; readonly host?: string }

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/.source
const PAIR = new RegExp(`(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")`, 'y')
const SEPARATOR = /[ \t]*([;,])[ \t]*/y

/** The elements of one field line in their order, each added by a proxy behind those before. null: broken. */
export const readForwarded = (line: string): ForwardedElement[] | null => {
  const elements = [new Map<string, string>()]
  for (let at = 0; at < line.length;) {
    const [pair, name, token, quoted] = matchAt(PAIR, line, at) ?? []
    if (pair !== undefined && name !== undefined && !added(elements.at(-1)!, name.toLowerCase(), token ?? (quoted ?? '').replace(/\\(.)/g, '$1'))) return null
    at += pair?.length ?? 0
    if (at === line.length) break
    const [separator, kind] = matchAt(SEPARATOR, line, at) ?? []
    if (separator === undefined) return null
    at += separator.length
    if (kind === ',') elements.push(new Map())
  }
  return elements.filter(({ size }) => size > 0).map((parameters) => Object.fromEntries(parameters))
}
const matchAt = (pattern: RegExp, text: string, at: number) => {
  pattern.lastIndex = at
  return pattern.exec(text)
}
/** No parameter may come twice in an element (RFC 7239 §4). */
const added = (parameters: Map<string, string>, name: string, value: string): boolean => {
  if (parameters.has(name)) return false
  parameters.set(name, value)
  return true
}
