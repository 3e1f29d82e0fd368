// A whole list of the API server in pages: small enough that neither side holds all of it as text. Knows no kinds.
import { valueAt } from './raw.ts'
import type { Api, Query } from './transport.ts'

const PAGE = 500

/** path: from `/api`. */
export type Listed = { readonly path: string; readonly query: Query }
/** version: that of the whole list; the last page's counts. */
export type Page = { readonly items: readonly unknown[]; readonly version: string }

/** Rejects as the Api does, and with TypeError where what answers is no API server. */
export async function* pages(api: Api, { path, query }: Listed, signal?: AbortSignal): AsyncGenerator<Page> {
  let next: string | undefined
  do {
    const { items, metadata } = listOf(await api.request(path, { query: { ...query, limit: PAGE, continue: next }, ...signal && { signal } }))
    yield { items, version: metadata.resourceVersion }
    next = metadata.continue
  } while (next !== undefined && next !== '')
}

/** Of the collection as it is now. Rejects as pages. */
export async function versionNow(api: Api, { path, query }: Listed, signal: AbortSignal): Promise<string> {
  return listOf(await api.request(path, { query: { ...query, limit: 1 }, signal })).metadata.resourceVersion
}

type List = { readonly items: readonly unknown[]; readonly metadata: { readonly resourceVersion: string; readonly continue?: string } }

function listOf(answer: unknown): List {
  if (!isList(answer)) throw new TypeError('the API server did not answer with a list: is its address right?')
  return answer
}

function isList(answer: unknown): answer is List {
  return Array.isArray(valueAt(answer, 'items')) && typeof valueAt(answer, 'metadata', 'resourceVersion') === 'string'
}
