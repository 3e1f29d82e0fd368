// Compiles a `log-format-upstream` once into a function from record to line. Knows no variable by name and writes nowhere.
import { type Escaping, hexEscaping, jsonEscaping } from './log-escape.ts'
import { variable } from './log-variables.ts'
import type { RequestRecord } from './record.ts'

/** One line without its end. */
export type Render = (record: Readonly<RequestRecord>) => string

/** `$name` or `${name}`. */
const REFERENCE = /\$(?:\{(\w+)\}|(\w+))/g

/** `unknown`: variables of the format that have no meaning here and render as absent; each once. */
export function accessLog(format: string, options: { readonly json: boolean }): { render: Render; unknown: string[] } {
  const escaping = options.json ? jsonEscaping : hexEscaping
  const parts = partsOf(format)
  const segments = parts.map((part) => segment(part, escaping))
  const unknown = parts.flatMap(({ name }) => (name !== undefined && variable(name) === undefined ? [name] : []))
  return { render: (record) => renderAll(segments, record), unknown: [...new Set(unknown)] }
}

/** A piece of a format: fixed text, or the name of a variable. */
type Part = { readonly text: string; readonly name?: string }

function partsOf(format: string): Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of format.matchAll(REFERENCE)) {
    const [reference, braced, bare] = match
    parts.push({ text: format.slice(from, match.index) }, { text: '', name: braced ?? bare ?? '' })
    from = match.index + reference.length
  }
  return [...parts, { text: format.slice(from) }].filter(({ text, name }) => text !== '' || name !== undefined)
}

function segment({ text, name }: Part, { escape, absent }: Escaping): string | Render {
  if (name === undefined) return text.replace(/[\r\n]+/g, ' ')
  const read = variable(name)
  if (read === undefined) return absent
  return (record) => {
    const value = read(record)
    return value === undefined ? absent : escape(value)
  }
}

function renderAll(segments: readonly (string | Render)[], record: Readonly<RequestRecord>): string {
  let line = ''
  for (const part of segments) line += typeof part === 'string' ? part : part(record)
  return line
}
