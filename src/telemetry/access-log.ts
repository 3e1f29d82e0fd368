// Compiles a `log-format-upstream` once into a function from record to line, without its end. Knows no variable by name and writes nowhere.
import { type Escaping, hexEscaping, jsonEscaping } from './log-escape.ts'
import { variable } from './log-variables.ts'
import { type Part, partsOf, type Render, renderAll } from './template.ts'

/** `unknown`: variables of the format that have no meaning here and render as absent; each once. */
export function accessLog(format: string, options: { readonly json: boolean }): { render: Render; unknown: string[] } {
  const escaping = options.json ? jsonEscaping : hexEscaping
  const parts = partsOf(format)
  const segments = parts.map((part) => segment(part, escaping))
  const unknown = parts.flatMap(({ name }) => (name !== undefined && variable(name) === undefined ? [name] : []))
  return { render: (record) => renderAll(segments, record), unknown: [...new Set(unknown)] }
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
