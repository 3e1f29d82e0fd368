// ingress-nginx's `ewma` (ingress-nginx.md §4.8), sensitive to peaks and to what is on its way: of two endpoints chosen at random, the one
// that is expected to answer sooner. Time to the head counts, the length of an answer says nothing about its endpoint.
import { type LiveEndpoint, type Observer, type Outcome, STALE } from '../endpoint.ts'
import { type Balancer, isUsable, live, type Sources, takesPart } from './balancer.ts'

/** After this time without news an average counts a third, as in ingress-nginx. */
const DECAY_MS = 10_000
/** Differences below this are noise. */
const LEAST_MS = 0.1
/** What an attempt without an answer counts as: an endpoint that refuses is the fastest of all. */
const FAILURE_MS = 1000
/** Errors that say nothing about the endpoint. */
const SAYS_NOTHING = new Set(['client_gone', 'bad_request', 'limit_body', STALE])
/** Random draws before a usable endpoint is searched for: with half of them out, all fail once in 256. */
const DRAWS = 8

/** Average time to an answer: a peak counts at once, what is better only by and by, and all of it fades. */
class Latency implements Observer {
  #ms = 0
  #atMs = 0
  readonly #sources: Sources

  constructor(sources: Sources) { this.#sources = sources }

  /** null: not known yet. */
  expectedMs(nowMs: number): number | null { return this.#atMs === 0 ? null : this.#ms * this.#fade(nowMs) }
  #fade(nowMs: number) { return Math.exp((this.#atMs - nowMs) / DECAY_MS) }

  ended({ headMs, error }: Outcome) {
    if (headMs > 0) this.#observe(headMs)
    else if (error !== '' && !SAYS_NOTHING.has(error)) this.#observe(FAILURE_MS)
  }
  #observe(ms: number) {
    const now = this.#sources.now()
    const kept = this.#atMs === 0 ? 0 : this.#fade(now)
    this.#ms = Math.max(ms, this.#ms * kept + ms * (1 - kept))
    this.#atMs = now
  }
}

type Seat = { readonly endpoint: LiveEndpoint; readonly latency: Latency }

export class PeakEwma implements Balancer {
  #seats: Seat[] = []
  readonly #sources: Sources

  constructor(sources: Sources = live) { this.#sources = sources }

  set(endpoints: readonly LiveEndpoint[]) {
    const former = new Map(this.#seats.map((seat) => [seat.endpoint, seat]))
    this.#seats = endpoints.map((endpoint) => former.get(endpoint) ?? this.#seat(endpoint))
  }
  #seat(endpoint: LiveEndpoint): Seat {
    const latency = new Latency(this.#sources)
    endpoint.observer = latency
    return { endpoint, latency }
  }

  pick(tried: readonly LiveEndpoint[]): LiveEndpoint | undefined {
    const one = this.#draw(tried, null)
    if (one === null) return undefined
    const other = this.#draw(tried, one)
    if (other === null) return one.endpoint
    const now = this.#sources.now()
    return (this.#cost(other, now) < this.#cost(one, now) ? other : one).endpoint
  }

  /** A usable one but `other`; null: there is none. */
  #draw(tried: readonly LiveEndpoint[], other: Seat | null): Seat | null {
    const seats = this.#seats
    for (let i = 0; i < DRAWS; i++) {
      const seat = seats[Math.floor(this.#sources.random() * seats.length)]
      if (seat !== undefined && seat !== other && isUsable(seat.endpoint, tried) && takesPart(seat.endpoint, this.#sources)) return seat
    }
    const start = Math.floor(this.#sources.random() * seats.length)
    for (let i = 0; i < seats.length; i++) {
      const seat = seats[(start + i) % seats.length]!
      if (seat !== other && isUsable(seat.endpoint, tried)) return seat
    }
    return null
  }

  /** What is on its way comes first: each of it is expected to take as long. */
  #cost({ endpoint, latency }: Seat, now: number): number {
    const expected = latency.expectedMs(now) ?? this.#average(now)
    return Math.max(LEAST_MS, expected) * (endpoint.active + 1) / endpoint.weight
  }
  /** What a newcomer is taken for until it has answered: no better than the others, or it would draw all requests. */
  #average(now: number): number {
    const known = this.#seats.map(({ latency }) => latency.expectedMs(now)).filter((ms) => ms !== null)
    return known.length === 0 ? 0 : known.reduce((sum, ms) => sum + ms, 0) / known.length
  }
}
