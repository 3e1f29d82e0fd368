// Reading plain JSON of the API server: a field by its path, or its absence. Knows no kinds.

export const isMapping = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** undefined where the path leads nowhere. */
export const valueAt = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (isMapping(at) ? at[key] : undefined), value)

/** `` where it is no text. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** Empty where it is no list. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path)
  return Array.isArray(found) ? found : []
}

/** key: as of the store. Throws TypeError where an object has no identity: then the peer is no API server. */
export function identityOf(raw: unknown): { readonly key: string; readonly version: string } {
  const [name, namespace, version] = [textAt(raw, 'metadata', 'name'), textAt(raw, 'metadata', 'namespace'), textAt(raw, 'metadata', 'resourceVersion')]
  if (name === '' || version === '') throw new TypeError('an object without name or resourceVersion came: is this the API server?')
  return { key: namespace === '' ? name : `${namespace}/${name}`, version }
}
