// Compiles a `log-format-upstream` or `log-format-stream` once into a function from record to line, without its end. Knows no variable by name
// and writes nowhere.
import { type Escaping, hexEscaping, jsonEscaping } from './log-escape.ts'
import { isOurs, variable } from './log-variables.ts'
import type { RequestRecord } from './record.ts'
import type { StreamRecord } from './stream-record.ts'
import { streamVariable } from './stream-variables.ts'
import { type Part, partsOf, type Render, rendering } from './template.ts'

/** `unknown`: variables of the format that have no meaning here and render as absent; each once. */
export type CompiledLog<R> = { readonly render: Render<R>; readonly unknown: readonly string[] }
export type LogOptions = { readonly json: boolean }

export const accessLog = (format: string, options: LogOptions): CompiledLog<RequestRecord> => compiled(format, options, { find: variable, isOurs })
export const streamLog = (format: string, options: LogOptions): CompiledLog<StreamRecord> => compiled(format, options, { find: streamVariable, isOurs: () => false })

/** find: by its name; undefined: there is none. isOurs: nothing in its value needs an escape. */
type Variables<R> = { readonly find: (name: string) => ((record: Readonly<R>) => string | undefined) | undefined; readonly isOurs: (name: string) => boolean }

function compiled<R>(format: string, { json }: LogOptions, variables: Variables<R>): CompiledLog<R> {
  const escaping = json ? jsonEscaping : hexEscaping
  const parts = partsOf(format)
  const segments = parts.map((part) => segment(part, escaping, variables))
  const unknown = parts.flatMap(({ name }) => (name !== undefined && variables.find(name) === undefined ? [name] : []))
  return { render: rendering(segments), unknown: [...new Set(unknown)] }
}

function segment<R>({ text, name }: Part, { escape, absent }: Escaping, { find, isOurs }: Variables<R>): string | Render<R> {
  if (name === undefined) return text.replace(/[\r\n]+/g, ' ')
  const read = find(name)
  if (read === undefined) return absent
  if (isOurs(name)) return (record) => read(record) ?? absent
  return (record) => {
    const value = read(record)
    return value === undefined ? absent : escape(value)
  }
}
