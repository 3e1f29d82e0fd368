// Functions that remember their last answer. Knows nothing of what they compute.
import { LRUCache } from 'lru-cache'

/** The former result as long as every argument is the same value or object. */
export function memoLast<A extends readonly unknown[], R>(compute: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | undefined
  return function remembered(...args) {
    if (last !== undefined && last.args.every((arg, index) => arg === args[index])) return last.result
    last = { args, result: compute(...args) }
    return last.result
  }
}

/** The former result as long as the new one says the same in JSON. */
export function memoEqual<A, R>(compute: (arg: A) => R): (arg: A) => R {
  let last: { readonly json: string; readonly result: R } | undefined
  return function remembered(arg) {
    const result = compute(arg)
    const json = JSON.stringify(result)
    if (last?.json !== json) last = { json, result }
    return last.result
  }
}

/** One computation for each object, for as long as the object lives. */
export function memoByObject<K extends WeakKey, R>(compute: (object: K) => R): (object: K) => R {
  const known = new WeakMap<K, { readonly result: R }>()
  return function remembered(object) {
    const entry = known.get(object) ?? { result: compute(object) }
    known.set(object, entry)
    return entry.result
  }
}

/** One computation for each text; the texts must be few. */
export function memoByText<R>(compute: (text: string) => R): (text: string) => R {
  const known = new Map<string, { readonly result: R }>()
  return function remembered(text) {
    const entry = known.get(text) ?? { result: compute(text) }
    known.set(text, entry)
    return entry.result
  }
}

/** The same for texts without number: those asked for last are remembered, `most` at a time. */
export function memoRecent<R extends object>(most: number, compute: (text: string) => R): (text: string) => R {
  const known = new LRUCache<string, R>({ max: most })
  return function remembered(text) {
    const result = known.get(text) ?? compute(text)
    known.set(text, result)
    return result
  }
}
