// What keeps a collection from being read, in words for the person who can mend it. Pure but for what it remembers.
import type { Issue } from '../model.ts'
import { ApiError } from './api-error.ts'
import { rightOf, type Resource } from './resources.ts'

/** A connection that breaks once is daily business and mended before anybody could read about it. */
const WORTH_TELLING = 2

/** It took longer than anybody would have waited. */
const isSilence = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError'
export const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.code === 403

/** What went wrong, and if it is for want of a right, which one to grant: `patch ingresses/status`. */
export const wordsFor = (error: unknown, right: string): string =>
  (isForbidden(error) ? `the right to ${right} is missing: add it to the role of the service account` : error instanceof Error ? error.message : String(error))

/** null: not worth a word yet. namespace: `` for all. */
export function troubleOf(error: unknown, failures: number, { resource, namespace }: { readonly resource: Resource; readonly namespace: string }): Issue | null {
  const where = namespace === '' ? 'all namespaces' : `namespace ${namespace}`
  const object = `API server ${resource.plural} in ${where}`
  if (isForbidden(error)) return { object, field: '', reason: wordsFor(error, `list and watch ${rightOf(resource)}`) }
  if (error instanceof ApiError && error.code === 401) {
    return { object, field: '', reason: `the API server does not know who we are: check the token or certificate (${error.message})` }
  }
  if (failures < WORTH_TELLING && !isSilence(error)) return null
  return { object, field: '', reason: `can't be read (${error instanceof Error ? error.message : String(error)}): what is known stays in use, tried again by itself` }
}
