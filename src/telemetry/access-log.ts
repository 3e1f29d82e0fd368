// Compiles a `log-format-upstream` or `log-format-stream` once into a function from record to line, without its end. Knows no variable by name
// and writes nowhere.
import { type Escaping, hexEscaping, jsonEscaping } from './log-escape.ts'
import { variable } from './log-variables.ts'
import type { RequestRecord } from './record.ts'
import type { StreamRecord } from './stream-record.ts'
import { streamVariable } from './stream-variables.ts'
import { type Part, partsOf, type Render, renderAll } from './template.ts'

/** `unknown`: variables of the format that have no meaning here and render as absent; each once. */
export type CompiledLog<R> = { readonly render: Render<R>; readonly unknown: readonly string[] }
export type LogOptions = { readonly json: boolean }

export const accessLog = (format: string, options: LogOptions): CompiledLog<RequestRecord> => compiled(format, options, variable)
export const streamLog = (format: string, options: LogOptions): CompiledLog<StreamRecord> => compiled(format, options, streamVariable)

/** By its name; undefined: there is none. */
type Find<R> = (name: string) => ((record: Readonly<R>) => string | undefined) | undefined

function compiled<R>(format: string, { json }: LogOptions, find: Find<R>): CompiledLog<R> {
  const escaping = json ? jsonEscaping : hexEscaping
  const parts = partsOf(format)
  const segments = parts.map((part) => segment(part, escaping, find))
  const unknown = parts.flatMap(({ name }) => (name !== undefined && find(name) === undefined ? [name] : []))
  return { render: (record) => renderAll(segments, record), unknown: [...new Set(unknown)] }
}

function segment<R>({ text, name }: Part, { escape, absent }: Escaping, find: Find<R>): string | Render<R> {
  if (name === undefined) return text.replace(/[\r\n]+/g, ' ')
  const read = find(name)
  if (read === undefined) return absent
  return (record) => {
    const value = read(record)
    return value === undefined ? absent : escape(value)
  }
}
