// Notices what may be a key written twice in one mapping: Bun.YAML and JSON.parse keep the last without a word.
// Cheap (about 5 µs a document) and only a suspicion: a strict parser decides. Knows nothing of Kubernetes.

type Mapping = { readonly column: number; readonly keys: Set<string> }
/** `- a: 1` at column 2: the dash stands there, the key `a` at 4. key: undefined where the line has none. */
type Line = { readonly column: number; readonly keyColumn: number; readonly key: string | undefined; readonly value: string }

/** True for every mapping with a doubled key that is written in the usual way, and for some documents without one. */
export const mayRepeatKeys = (yaml: string): boolean => {
  const open: Mapping[] = []
  // Block scalar: lines to the right of this column are text.
  let textRightOf = Infinity
  for (const text of yaml.split('\n')) {
    const line = lineOf(text)
    if (line === null || line.column > textRightOf) continue
    closeRightOf(open, line.column)
    if (repeats(open, line) || (/^[{[]/.test(line.value) && flowMayRepeatKeys(line.value))) return true
    textRightOf = !blockScalar.test(line.value) ? Infinity : line.key === undefined ? line.column : line.keyColumn
  }
  return false
}

const blockScalar = /^[|>][-+0-9]*[ \t]*(?:#.*)?$/

const lineOf = (text: string): Line | null => {
  const content = text.trimStart()
  if (content === '' || content.startsWith('#')) return null
  const column = text.length - content.length
  const dashes = /^(?:-(?:[ \t]+|$))*/.exec(content)?.[0].length ?? 0
  const rest = content.slice(dashes)
  const colon = /^[{[]/.test(rest) ? -1 : rest.search(/:(?:[ \t]|$)/)
  const key = colon > 0 ? rest.slice(0, colon).trimEnd() : undefined
  return { column, keyColumn: column + dashes, key, value: rest.slice(colon + 1).trim() }
}

const closeRightOf = (open: Mapping[], column: number): void => {
  while ((open.at(-1)?.column ?? -1) > column) open.pop()
}

const repeats = (open: Mapping[], { key, keyColumn }: Line): boolean => {
  if (key === undefined) return false
  const last = open.at(-1)
  if (last?.column !== keyColumn) {
    open.push({ column: keyColumn, keys: new Set([key]) })
    return false
  }
  if (last.keys.has(key)) return true
  last.keys.add(key)
  return false
}

const flowToken = /"(?:[^"\\]|\\.)*"|'[^']*'|[{}[\],]|[^{}[\],"']+/g

/** flow: starts with `{` or `[`; what follows its end is not looked at. One without an end is suspected. */
export const flowMayRepeatKeys = (flow: string): boolean => {
  // The keys of each open mapping; null: a list.
  const open: (Set<string> | null)[] = []
  let expectsKey = false
  for (const [token] of flow.matchAll(flowToken)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : null)
    else if (token === '}' || token === ']') open.pop()
    else if (token !== ',' && expectsKey) {
      const key = flowKey(token)
      if (key === '') continue
      if (open.at(-1)?.has(key)) return true
      open.at(-1)?.add(key)
    }
    if (open.length === 0) return false
    expectsKey = token === '{' || (token === ',' && open.at(-1) instanceof Set)
  }
  return true
}

/** `"a"`, `'a'` and `a: ` are one key; space between tokens is none. */
const flowKey = (token: string): string => (/^["']/.test(token) ? token.slice(1, -1) : token.replace(/:[^]*/, '').trim())
