// One collection of the API server, followed: a whole list in pages, then a watch from where the list ended, for ever. No event is lost or
// told twice: a broken watch goes on at its last version, and only a version that the server has forgotten costs a new list.
// Knows neither kinds nor what is done with the objects.
import { ApiError } from './api-error.ts'
import { type Listed, pages, versionNow } from './pages.ts'
import { textAt } from './raw.ts'
import { pauseAfter } from './retry.ts'
import type { Api } from './transport.ts'

/** What is told of a collection. `began` to `listed` is a whole list: what it has not, is gone. */
export type Follower = {
  began(): void
  page(items: readonly unknown[]): void
  listed(): void
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown): void
  /** Something failed, for the n-th time in a row; tried again by itself. */
  failed(error: unknown, failures: number): void
  /** After failures: the server answers again. */
  recovered(): void
}

export type Timing = {
  /** The server ends a watch after this, plus up to WATCH_JITTER_S, s. */
  readonly watchS: number
  /** Longer than any watch: the server must speak or end it before, so that silence means a dead peer (kubernetes.md §3). */
  readonly idleMs: number
  /** A whole list anew at least so often; 0: only where it takes one. */
  readonly resyncMs: number
  /** Resolves at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  readonly random: () => number
}

const WATCH_JITTER_S = 10
const RESYNC_JITTER = 0.1
/** The least time from one list to the next. */
const RELIST_MS = 5000
/** A server that ends every watch at once is not asked more often. */
const SHORT_WATCH_MS = 1000

export const systemTiming: Timing = { watchS: 30, idleMs: 45_000, resyncMs: 0, wait: pause, random: Math.random }

export class Reflector {
  readonly #api: Api
  readonly #collection: Listed
  readonly #follower: Follower
  readonly #timing: Timing
  /** Of the last thing known; `` before the first list. */
  #version = ''
  /** Whether the server has told it lately, so that it can't be one of a future that was taken back. */
  #isVersionTold = false
  #failures = 0
  #listedMs = -Infinity
  /** When a list is due without need. */
  #resyncAtMs = Infinity

  constructor(api: Api, collection: Listed, { follower, timing = systemTiming }: { readonly follower: Follower; readonly timing?: Timing }) {
    this.#api = api
    this.#collection = collection
    this.#follower = follower
    this.#timing = timing
  }

  /** Ends when the signal is aborted, never by a failure. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === '' || performance.now() >= this.#resyncAtMs) await this.#list(signal)
        await this.#watch(signal)
      } catch (error) {
        if (!signal.aborted) await this.#afterFailure(error, signal)
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#follower.began()
    let listed = ''
    for await (const { items, version } of pages(this.#api, this.#collection, signal)) {
      this.#follower.page(items)
      listed = version
    }
    this.#version = listed
    this.#isVersionTold = true
    this.#listedMs = performance.now()
    this.#resyncAtMs = this.#nextResyncMs()
    this.#succeeded()
    this.#follower.listed()
  }

  async #watch(signal: AbortSignal): Promise<void> {
    if (!this.#isVersionTold) await this.#refuseFuture(signal)
    this.#isVersionTold = false
    const { watchS, idleMs, random, wait } = this.#timing
    const began = performance.now()
    const longestS = Math.min(watchS + Math.floor(random() * WATCH_JITTER_S), Math.max(1, Math.ceil((this.#resyncAtMs - began) / 1000)))
    const query = { ...this.#collection.query, timeoutSeconds: longestS, resourceVersion: this.#version }
    const opened = () => { this.#succeeded() }
    for await (const { type, object } of this.#api.watch(this.#collection.path, query, { idleMs, signal, opened })) {
      if (type !== 'BOOKMARK') this.#follower.event(type, object)
      this.#version = versionOf(object)
      this.#isVersionTold = true
    }
    if (performance.now() - began < SHORT_WATCH_MS) await wait(SHORT_WATCH_MS, signal)
  }

  /** An etcd that was put back to an older state has yet to come to our version, and until then a watch from there is silent, without an error (kubernetes.md §3). */
  async #refuseFuture(signal: AbortSignal): Promise<void> {
    const now = await versionNow(this.#api, this.#collection, signal)
    if (isOlder(now, this.#version)) throw new ApiError({ code: GONE, reason: 'Expired', message: `the API server went back from version ${this.#version} to ${now}` })
  }

  /** Not all kinds at once, and never later than asked. */
  #nextResyncMs(): number {
    const { resyncMs, random } = this.#timing
    return resyncMs === 0 ? Infinity : this.#listedMs + Math.max(resyncMs, RELIST_MS) * (1 - RESYNC_JITTER * random())
  }

  #succeeded(): void {
    if (this.#failures === 0) return
    this.#failures = 0
    this.#follower.recovered()
  }

  async #afterFailure(error: unknown, signal: AbortSignal): Promise<void> {
    const code = error instanceof ApiError ? error.code : 0
    const isForgotten = code === GONE
    this.#isVersionTold = false
    if (isForgotten || isUnexpected(code)) this.#version = ''
    // A version that is forgotten is normal; a server that forgets each one at once is not to be asked for list after list.
    if (isForgotten) return this.#timing.wait(Math.max(0, RELIST_MS - (performance.now() - this.#listedMs)), signal)
    const failures = this.#failures++
    this.#follower.failed(error, failures + 1)
    await this.#timing.wait(pauseAfter(error, failures, this.#timing.random), signal)
  }
}

const GONE = 410
/** Neither our rights (401, 403) nor the server's load (429, 5xx): what we asked for makes no sense to it, so it is asked afresh. */
const isUnexpected = (code: number): boolean => code >= 400 && code < 500 && code !== 401 && code !== 403 && code !== 429

/** Versions are whole numbers of any length (kubernetes.md §3); of anything else no order is known. */
const isOlder = (version: string, than: string): boolean => [version, than].every((text) => /^\d+$/.test(text)) && BigInt(version) < BigInt(than)

function versionOf(object: unknown): string {
  const version = textAt(object, 'metadata', 'resourceVersion')
  if (version === '') throw new TypeError('the API server sent an event without a resourceVersion')
  return version
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const ended = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', ended)
      resolve()
    }
    const timer = setTimeout(ended, ms)
    signal.addEventListener('abort', ended)
  })
}
