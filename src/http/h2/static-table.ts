// HPACK's static table (RFC 7541 appendix A), for both directions. Immutable.
import { Field, Name } from './field.ts'

const ENTRIES = `:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|:status 204|:status 206|:status 304|
:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|
authorization|cache-control|content-disposition|content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|date|etag|
expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|
proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate`

const names = new Map<string, Name>()
const nameOf = (text: string): Name => {
  const known = names.get(text) ?? new Name(text)
  names.set(text, known)
  return known
}
const fieldOf = (entry: string): Field => {
  const [name = '', ...value] = entry.split(' ')
  return new Field(nameOf(name), value.join(' '))
}

/** Entry 1 is at 0. */
export const STATIC_FIELDS: readonly Field[] = ENTRIES.replaceAll('\n', '').split('|').map(fieldOf)

/** Index of the first entry with a name, and of those that have a value too. */
export type StaticName = { readonly index: number; readonly values: ReadonlyMap<string, number> }
const indexOf = (name: Name): StaticName => {
  const values = new Map<string, number>()
  STATIC_FIELDS.forEach((field, at) => { if (field.name === name && field.value !== '') values.set(field.value, at + 1) })
  return { index: STATIC_FIELDS.findIndex((field) => field.name === name) + 1, values }
}
export const STATIC_NAMES: ReadonlyMap<string, StaticName> = new Map([...names].map(([text, name]) => [text, indexOf(name)]))
