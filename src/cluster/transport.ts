// Requests to the API server with credentials that may change, on Bun's fetch: client-node's own transport loses the private CA and
// the client certificate there (kubernetes.md §1). Knows no resources.
import { refusalOf } from './api-error.ts'
import type { Credentials } from './login.ts'
import { watchEvents, type WatchEvent } from './watch-events.ts'

export type Query = Readonly<Record<string, string | number | boolean | undefined>>
export type Send = { readonly method?: string; readonly query?: Query; readonly body?: unknown; readonly contentType?: string; readonly signal?: AbortSignal }

/** What the rest knows of the API server. path: from `/api`. All reject with ApiError, with fetch's own errors, or with TimeoutError. */
export type Api = {
  /** One answer as plain JSON. */
  request(path: string, send?: Send): Promise<unknown>
  /** Ends when the server ends the watch. Rejects with TimeoutError after idleMs without a byte: the server is gone, though its socket may stand. */
  watch(path: string, query: Query, options: WatchOptions): AsyncIterable<WatchEvent>
}
/** opened: the server has agreed; events may be long in coming. */
export type WatchOptions = { readonly idleMs: number; readonly signal: AbortSignal; readonly opened: () => void }

/** For an answer that is no watch: a page of 500 objects takes well under a second, a server under load some. */
const REQUEST_MS = 30_000

export class Transport implements Api {
  readonly #credentials: Credentials
  readonly #userAgent: string
  #session: { readonly key: string; readonly fetch: Bun.FetchSession } | null = null

  constructor(credentials: Credentials, userAgent: string) {
    this.#credentials = credentials
    this.#userAgent = userAgent
  }

  async request(path: string, { method = 'GET', query = {}, body, contentType = 'application/json', signal }: Send = {}): Promise<unknown> {
    const limit = AbortSignal.timeout(REQUEST_MS)
    const response = await this.#send(this.#url(path, query), {
      method,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      ...body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': contentType } },
    })
    if (!response.ok) throw await refusalOf(response)
    return await response.json()
  }

  async *watch(path: string, query: Query, { idleMs, signal, opened }: WatchOptions): AsyncGenerator<WatchEvent> {
    const idle = new AbortController()
    const silent = () => { idle.abort(new DOMException(`nothing came for ${idleMs / 1000} s`, 'TimeoutError')) }
    let timer = setTimeout(silent, idleMs)
    try {
      const url = this.#url(path, { ...query, watch: true, allowWatchBookmarks: true })
      const response = await this.#send(url, { method: 'GET', signal: AbortSignal.any([signal, idle.signal]) })
      if (!response.ok || response.body === null) throw await refusalOf(response)
      opened()
      yield* watchEvents(response.body, () => {
        clearTimeout(timer)
        timer = setTimeout(silent, idleMs)
      })
    } finally {
      clearTimeout(timer)
      idle.abort()
    }
  }

  #url(path: string, query: Query): string {
    const url = new URL(this.#credentials.server + path)
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value))
    return url.href
  }

  /** Credentials are read again for each request, so that a rotated token, certificate or CA is used at once. */
  async #send(url: string, init: { readonly method: string; readonly signal: AbortSignal; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<Response> {
    const { tls, headers, proxy } = await this.#credentials.read()
    const fetch = this.#sessionFor(tls, proxy)
    try {
      // timeout: false, so that there is no bound besides the signal's. A redirect would carry the token elsewhere.
      return await fetch.fetch(url, { ...init, headers: { 'User-Agent': this.#userAgent, ...init.headers, ...headers }, redirect: 'manual', timeout: false })
    } catch (error) {
      // Its idle connections may lead nowhere too.
      fetch.close()
      throw error
    }
  }

  /** Connections are shared as long as what they were opened with is the same. */
  #sessionFor(tls: object, proxy: string | undefined): Bun.FetchSession {
    const key = JSON.stringify([tls, proxy])
    if (this.#session?.key === key) return this.#session.fetch
    this.#session?.fetch.close()
    const fetch = new Bun.FetchSession({ tls, proxy: proxy ?? false })
    this.#session = { key, fetch }
    return fetch
  }
}
