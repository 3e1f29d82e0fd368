// The kinds of values that flags take, as flag-table.ts names them. Knows no flag by name.
// Each message says what is expected, so that it can stand behind the flag's name as the remedy.
import { z } from 'zod'
import * as values from './values.ts'

/** A kind of value; `placeholder` stands for it in --help, `` for a switch. namespaced: `name` alone means POD_NAMESPACE. */
export type FlagKind<T> = { readonly schema: z.ZodType<T, string>; readonly placeholder: string; readonly namespaced?: true }

const MS_PER_UNIT: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const DURATION = /^(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/
/** A day: whoever waits longer at shutdown made a slip. */
const MAX_SECONDS = 86_400
const MAX_PORT = 65_535

export const boolean: FlagKind<boolean> = { placeholder: '', schema: values.boolean }

/** Any text; `` when not given. */
export const text: FlagKind<string> = { placeholder: 'TEXT', schema: z.string() }

/** null when not given. */
export const folder: FlagKind<string | null> = { placeholder: 'DIR', schema: z.string().transform(given) }

export const port: FlagKind<number> = { placeholder: 'PORT', schema: values.wholeNumber(0, MAX_PORT) }

export const count: FlagKind<number> = { placeholder: 'N', schema: values.count }

export const seconds: FlagKind<number> = { placeholder: 'SECONDS', schema: values.wholeNumber(0, MAX_SECONDS) }

export const decimal: FlagKind<number> = {
  placeholder: 'NUMBER',
  schema: z.string().refine(isNumber, 'expected a number').transform(Number),
}

/** Go's time.ParseDuration; in milliseconds. */
export const duration: FlagKind<number> = {
  placeholder: 'DURATION',
  schema: z.string().regex(DURATION, 'expected a duration such as 30s or 1m30s').transform(milliseconds),
}

export const list: FlagKind<string[]> = { placeholder: 'A,B,…', schema: values.list }

/** Upper bounds of a histogram. */
export const buckets: FlagKind<number[]> = {
  placeholder: '1,2.5,…',
  schema: values.list
    .refine((items) => items.every(isNumber), 'expected numbers separated by commas')
    .transform((items) => items.map(Number))
    .refine((bounds) => bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? 0)), 'expected growing numbers'),
}

export const urlPath: FlagKind<string> = { placeholder: 'PATH', schema: z.string().startsWith('/', 'expected a path that starts with /') }

/** `namespace/name`; null when not given. The namespace is filled in before this sees it. */
export const objectName: FlagKind<string | null> = {
  placeholder: '[NAMESPACE/]NAME',
  namespaced: true,
  schema: values.objectName.transform(given),
}

function given(text: string): string | null {
  return text === '' ? null : text
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}

function milliseconds(text: string): number {
  const parts = text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)
  return parts.reduce((sum, [, amount = '0', unit = '']) => sum + Number(amount) * (MS_PER_UNIT[unit] ?? 0), 0)
}
