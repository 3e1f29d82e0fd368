// Weighted round robin: endpoints take turns, and one of half the weight passes on every second turn. Exact over any run of requests,
// whatever the weights, and O(1) where they are equal: then every turn is taken.
import type { LiveEndpoint } from '../endpoint.ts'
import { type Balancer, isUsable, live, type Sources } from './balancer.ts'

/** credit: what it has saved up of its turns; a whole one costs the weight of the heaviest. */
type Seat = { readonly endpoint: LiveEndpoint; credit: number }

export class RoundRobin implements Balancer {
  #seats: Seat[] = []
  #next = 0
  #turn = 1
  readonly #sources: Sources

  constructor(sources: Sources = live) { this.#sources = sources }

  set(endpoints: readonly LiveEndpoint[]) {
    const former = new Map(this.#seats.map((seat) => [seat.endpoint, seat]))
    const start = this.#start(endpoints)
    this.#turn = Math.max(0, ...endpoints.map(({ weight }) => weight))
    // Newcomers that pass on turns do so at different ones: their first turns are spread over the rounds, not all in one.
    const offset = this.#sources.random()
    this.#seats = endpoints.map((endpoint, i) => former.get(endpoint) ?? { endpoint, credit: ((i / endpoints.length + offset) % 1) * this.#turn })
    this.#next = start
  }

  /** Whose turn it was goes first. Where nobody is left, chance decides: workers and backends that begin together must not begin alike. */
  #start(endpoints: readonly LiveEndpoint[]): number {
    const at = new Map(endpoints.map((endpoint, i) => [endpoint, i]))
    for (let i = 0; i < this.#seats.length; i++) {
      const start = at.get(this.#seats[(this.#next + i) % this.#seats.length]!.endpoint)
      if (start !== undefined) return start
    }
    return Math.floor(this.#sources.random() * endpoints.length)
  }

  pick(tried: readonly LiveEndpoint[]): LiveEndpoint | undefined {
    const seats = this.#seats
    let best: Seat | undefined
    for (let i = 0; i < seats.length; i++) {
      const seat = seats[this.#next]!
      this.#next = this.#next + 1 === seats.length ? 0 : this.#next + 1
      if (!isUsable(seat.endpoint, tried)) continue
      seat.credit += this.#weight(seat.endpoint)
      if (seat.credit >= this.#turn) return this.#take(seat)
      if (best === undefined || seat.credit > best.credit) best = seat
    }
    // A round without a whole turn, as the heavy ones are out: it belongs to whoever is nearest to one.
    return best && this.#take(best)
  }

  #weight(endpoint: LiveEndpoint): number { return endpoint.startsSlowly ? endpoint.weight * endpoint.shareAt(this.#sources.now()) : endpoint.weight }

  #take(seat: Seat): LiveEndpoint {
    seat.credit -= this.#turn
    return seat.endpoint
  }
}
