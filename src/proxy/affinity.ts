// affinity: what the cookie of a client says about its endpoint, and the cookie that says it (ingress-nginx.md §4.8). Knows no endpoints: their
// keys mean something to the balancer alone.
import { cookieReader } from '../http/cookie.ts'
import type { ReceivedRequest } from '../http/message.ts'
import type { Affinity, Alternative, Route } from '../model.ts'
import type { Session } from '../upstream/balance/balancer.ts'
import { hashOf } from '../upstream/balance/rendezvous.ts'
import { misreadsNone } from './same-site.ts'

/** Key of the endpoint, then what tells the backends of a route apart. */
const VALUE = /^([0-9a-f]{32})\|([0-9a-f]{8})$/

/** alternative undefined: the route's own backend. */
export type Tie = { readonly alternative: Alternative | undefined; readonly key: string }

/** What of a request decides over the cookie's attributes. */
export type CookieFor = { readonly scheme: string; readonly userAgent: string }

/** The affinity of one route, made ready. */
export class CookieAffinity {
  readonly movesOnFailure: boolean
  readonly #options: Affinity
  readonly #read: ReturnType<typeof cookieReader>
  readonly #own: string
  /** By their tags. */
  readonly #alternatives: ReadonlyMap<string, Alternative>

  constructor(options: Affinity, { upstreamName, alternatives = [] }: Pick<Route, 'upstreamName' | 'alternatives'>) {
    this.movesOnFailure = options.movesOnFailure
    this.#options = options
    this.#read = cookieReader(options.cookie)
    this.#own = tagOf(upstreamName)
    this.#alternatives = new Map(alternatives.filter((each) => each.withoutAffinity !== true).map((each) => [tagOf(each.upstreamName), each]))
  }

  /** null: no cookie, or one that means nothing here. */
  tieOf(request: Pick<ReceivedRequest, 'field' | 'fields'>): Tie | null {
    const [, key = '', tag = ''] = VALUE.exec(this.#read(request) ?? '') ?? []
    if (key === '') return null
    const alternative = this.#alternatives.get(tag)
    return alternative === undefined && tag !== this.#own ? null : { alternative, key }
  }

  /** Value of Set-Cookie. */
  cookie(key: string, alternative: Alternative | undefined, { scheme, userAgent }: CookieFor): string {
    const { cookie, path, domain, expires, maxAge, secure, partitioned } = this.#options
    const sameSite = this.#sameSite(userAgent)
    return [
      `${cookie}=${key}|${alternative === undefined ? this.#own : tagOf(alternative.upstreamName)}`,
      expires === null ? '' : `Expires=${new Date(Date.now() + expires * 1000).toUTCString()}`,
      maxAge === null ? '' : `Max-Age=${maxAge}`,
      domain === '' ? '' : `Domain=${domain}`,
      path === '' ? '' : `Path=${path}`,
      secure || scheme === 'https' ? 'Secure' : '',
      'HttpOnly',
      sameSite === '' ? '' : `SameSite=${sameSite}`,
      partitioned ? 'Partitioned' : '',
    ].filter((part) => part !== '').join('; ')
  }

  #sameSite(userAgent: string): string {
    const { sameSite, lenientSameSite } = this.#options
    return lenientSameSite && sameSite.toLowerCase() === 'none' && misreadsNone(userAgent) ? '' : sameSite
  }
}

const tagOf = (upstreamName: string): string => hashOf(upstreamName).toString(16).padStart(8, '0')

/** One client of a route with affinity, for one request. */
export class ClientSession implements Session {
  readonly key: string
  readonly #affinity: CookieAffinity
  readonly #alternative: Alternative | undefined
  #renewed = ''

  /** tie: what its cookie says of the backend that was chosen; null: nothing. */
  constructor(affinity: CookieAffinity, tie: Tie | null, alternative: Alternative | undefined) {
    this.key = tie !== null && tie.alternative === alternative ? tie.key : ''
    this.#affinity = affinity
    this.#alternative = alternative
  }

  get movesOnFailure() { return this.#affinity.movesOnFailure }
  renew(key: string) { this.#renewed = key }

  /** Value of Set-Cookie for the answer, `` where the client has the right one. */
  cookie(request: CookieFor): string { return this.#renewed === '' ? '' : this.#affinity.cookie(this.#renewed, this.#alternative, request) }
}
