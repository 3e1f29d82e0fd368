// What the schemas of all kinds share: metadata, ports, and the sentence that tells a person what to mend.
// Knows no single kind, no files.
import { z } from 'zod'
import type { KubeObject, Meta } from './objects.ts'

/** field: path as kubectl writes it. reason: what is wrong and how to mend it; never a value, which may be secret. */
export type Rejection = { readonly field: string; readonly reason: string }
export type Outcome = { readonly objects: readonly KubeObject[] } | Rejection
/** raw: a mapping of unknown content. */
export type Read = (raw: unknown) => Outcome

export const reader = <S extends z.ZodType>(schema: S, convert: (raw: z.output<S>) => readonly KubeObject[]): Read => (raw) => {
  const result = schema.safeParse(raw)
  return result.success ? { objects: convert(result.data) } : rejection(result.error, raw)
}

// RFC 1123 subdomain, as Kubernetes demands of names: no slash or control character ever gets into a key or a log line.
const dnsName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/
export const nameSchema = z.string().regex(dnsName, 'is not a valid name: use lower case letters, digits, `-` and `.`')
export const portSchema = z.int('must be a whole number from 1 to 65535').min(1, 'must be 1 to 65535').max(65535, 'must be 1 to 65535')

/** null stands for the empty text, as in kubectl. */
export const textMapSchema = z.record(z.string(), z.string().nullable()).nullish()
export const textMap = (raw: z.output<typeof textMapSchema>): Record<string, string> =>
  Object.fromEntries(Object.entries(raw ?? {}).map(([key, value]) => [key, value ?? '']))

export const metaSchema = z.object({
  name: nameSchema,
  namespace: nameSchema.nullish(),
  uid: z.string().nullish(),
  annotations: textMapSchema,
  labels: textMapSchema,
  creationTimestamp: z.string().nullish(),
})
export const metaOf = (raw: z.output<typeof metaSchema>): Meta => ({
  namespace: raw.namespace ?? 'default',
  name: raw.name,
  uid: raw.uid ?? '',
  annotations: textMap(raw.annotations),
  labels: textMap(raw.labels),
  creationTimestamp: raw.creationTimestamp ?? '',
})

const rejection = (error: z.ZodError, raw: unknown): Rejection => {
  const [first] = error.issues
  if (!first) return { field: '', reason: 'is not valid' }
  const more = error.issues.length - 1
  return { field: fieldPath(first.path), reason: sentence(first, raw) + (more > 0 ? ` (and ${more} more)` : '') }
}

const plainKey = /^[\w-]+$/
export const fieldPath = (path: readonly PropertyKey[]): string =>
  path.map((key) => (typeof key === 'string' && plainKey.test(key) ? `.${key}` : `[${String(key)}]`)).join('').replace(/^\./, '')

const nouns: Readonly<Record<string, string>> = {
  string: 'text', number: 'a number', int: 'a whole number', boolean: '`true` or `false`',
  array: 'a list', object: 'a mapping', record: 'a mapping',
}
const noun = (type: string): string => nouns[type] ?? type

const remedies: Readonly<Record<string, string>> = {
  'string number': ': write it in quotes', 'string boolean': ': write it in quotes', 'number string': ': remove the quotes',
}

const sentence = (issue: z.core.$ZodIssue, raw: unknown): string => {
  const found = typeOf(valueAt(raw, issue.path))
  if (issue.code === 'invalid_value') return `${found === 'undefined' ? 'is missing: it ' : ''}must be one of ${issue.values.join(', ')}`
  if (issue.code !== 'invalid_type') return issue.message
  if (found === 'undefined') return `is missing: it must be ${noun(issue.expected)}`
  const remedy = remedies[`${issue.expected} ${found}`] ?? ''
  return `must be ${noun(issue.expected)} but is ${noun(found)}${remedy}`
}

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'empty' : typeof value)

const isMapping = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null
const valueAt = (raw: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), raw)
