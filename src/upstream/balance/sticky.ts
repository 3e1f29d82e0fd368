// affinity: a client stays with its endpoint (ingress-nginx.md §4.8). Knows no cookies, only the keys that stand in them.
import { createHmac, randomBytes } from 'node:crypto'
import type { LiveEndpoint } from '../endpoint.ts'
import { type BalancedRequest, type Balancer, isUsable, live, type Session, type Sources } from './balancer.ts'
import { Rendezvous } from './rendezvous.ts'
import { RoundRobin } from './round-robin.ts'

/** Of every key, hexadecimal: 128 bits. */
const KEY_DIGITS = 32
/** Draws for a key of one endpoint among many: it takes as many as there are endpoints, and each asks all of them. */
const DRAWS = 256
/** Digits of a key that number the draws. */
const DRAW_DIGITS = 2

/** Which keys stand for which endpoints. */
interface Keys {
  set(endpoints: readonly LiveEndpoint[]): void
  /** undefined: it stands for none. */
  find(key: string): LiveEndpoint | undefined
  /** A key that stands for it; or for another one, where none was found in time. */
  keyFor(endpoint: LiveEndpoint): string
}

export class Sticky implements Balancer {
  readonly #keys: Keys
  readonly #turns: RoundRobin

  /** secret: nobody outside may know it, and it is the same wherever the cookies come. */
  constructor({ persistent, secret }: { readonly persistent: boolean; readonly secret: string }, sources: Sources = live) {
    this.#keys = persistent ? new EndpointKeys(secret) : new RandomKeys()
    this.#turns = new RoundRobin(sources)
  }

  set(endpoints: readonly LiveEndpoint[]) {
    this.#keys.set(endpoints)
    this.#turns.set(endpoints)
  }

  /** A tie to what is gone or out is made anew; one to what has failed this request alone holds unless the session says otherwise. */
  pick(tried: readonly LiveEndpoint[], { session }: BalancedRequest): LiveEndpoint | undefined {
    if (session === null) return this.#turns.pick(tried)
    const tied = session.key === '' ? undefined : this.#keys.find(session.key)
    if (tied !== undefined && isUsable(tied, tried)) return tied
    const next = this.#turns.pick(tried)
    const moves = tied?.available !== true || session.movesOnFailure
    return next !== undefined && moves ? this.#tie(session, next, tried) : next
  }

  #tie(session: Session, next: LiveEndpoint, tried: readonly LiveEndpoint[]): LiveEndpoint {
    const key = this.#keys.keyFor(next)
    session.renew(key)
    const tied = this.#keys.find(key)
    return tied !== undefined && isUsable(tied, tried) ? tied : next
  }
}

/** Mode balanced: a key is random and says nothing; who has the best claim to it serves it, so that some of the clients move to a newcomer. */
class RandomKeys implements Keys {
  readonly #claims = new Rendezvous()

  set(endpoints: readonly LiveEndpoint[]) { this.#claims.set(endpoints) }
  find(key: string) { return this.#claims.pick(key, NONE) }

  keyFor(endpoint: LiveEndpoint): string {
    const start = randomBytes((KEY_DIGITS - DRAW_DIGITS) / 2).toString('hex')
    for (let draw = 1; draw < DRAWS; draw++) {
      const key = numbered(start, draw)
      if (this.find(key) === endpoint) return key
    }
    return numbered(start, 0)
  }
}
const numbered = (start: string, draw: number) => start + draw.toString(16).padStart(DRAW_DIGITS, '0')
const NONE: readonly LiveEndpoint[] = []

/** Mode persistent: a key names its endpoint to those who have the secret, so that a client moves only when its endpoint is gone. */
class EndpointKeys implements Keys {
  #endpoints: ReadonlyMap<string, LiveEndpoint> = new Map()
  #keys: ReadonlyMap<LiveEndpoint, string> = new Map()
  readonly #secret: string

  constructor(secret: string) { this.#secret = secret }

  set(endpoints: readonly LiveEndpoint[]) {
    this.#keys = new Map(endpoints.map((endpoint) => [endpoint, this.#keys.get(endpoint) ?? this.#make(endpoint)]))
    this.#endpoints = new Map([...this.#keys].map(([endpoint, key]) => [key, endpoint]))
  }
  find(key: string) { return this.#endpoints.get(key) }
  keyFor(endpoint: LiveEndpoint) { return this.#keys.get(endpoint) ?? '' }

  #make({ name }: LiveEndpoint): string { return createHmac('sha256', this.#secret).update(name).digest('hex').slice(0, KEY_DIGITS) }
}
