// Least connections: the endpoint with the fewest attempts on their way for its weight; equal ones take turns.
// Knows only the attempts of its own worker.
import type { LiveEndpoint } from '../endpoint.ts'
import { type Balancer, isUsable, live, type Sources, takesPart } from './balancer.ts'

/**
 * Time in which a newcomer comes down from the average load of the others to its own. Counted as empty it would get every request until
 * it had as many as they: a herd on the one endpoint whose caches are cold.
 */
const SETTLING_MS = 10_000

type Seat = { readonly endpoint: LiveEndpoint; readonly joinedMs: number; handicap: number }

export class LeastConnections implements Balancer {
  #seats: Seat[] = []
  #next: number
  /** Of an endpoint that has nothing to do: there is no less, so that the search ends at the first one. */
  #idleLoad = 0
  readonly #sources: Sources

  constructor(sources: Sources = live) {
    this.#sources = sources
    this.#next = Math.floor(sources.random() * 2 ** 30)
  }

  set(endpoints: readonly LiveEndpoint[]) {
    const former = new Map(this.#seats.map((seat) => [seat.endpoint, seat]))
    const kept = endpoints.filter((endpoint) => former.has(endpoint))
    const handicap = kept.length === 0 ? 0 : kept.reduce((sum, { active }) => sum + active, 0) / kept.length
    const joinedMs = this.#sources.now()
    this.#idleLoad = 1 / Math.max(...endpoints.map(({ weight }) => weight))
    this.#seats = endpoints.map((endpoint) => former.get(endpoint) ?? { endpoint, joinedMs, handicap })
  }

  pick(tried: readonly LiveEndpoint[]): LiveEndpoint | undefined { return (this.#least(tried, false) ?? this.#least(tried, true))?.endpoint }

  /** all: those whose slow start keeps them out of this comparison as well. */
  #least(tried: readonly LiveEndpoint[], all: boolean): Seat | undefined {
    const seats = this.#seats
    let best: Seat | undefined
    let least = Infinity
    let at = this.#next % seats.length
    for (let i = 0; i < seats.length; i++) {
      const seat = seats[at]!
      at = at + 1 === seats.length ? 0 : at + 1
      if (!isUsable(seat.endpoint, tried) || !(all || takesPart(seat.endpoint, this.#sources))) continue
      const load = this.#load(seat)
      if (load >= least) continue
      least = load
      best = seat
      this.#next = at
      if (load <= this.#idleLoad) break
    }
    return best
  }

  /** With one more request: that is what is compared. */
  #load(seat: Seat): number {
    const { endpoint } = seat
    const settled = seat.handicap === 0 && !endpoint.startsSlowly
    return settled ? (endpoint.active + 1) / endpoint.weight : this.#unsettledLoad(seat)
  }
  #unsettledLoad(seat: Seat): number {
    const now = this.#sources.now()
    const left = 1 - (now - seat.joinedMs) / SETTLING_MS
    if (left <= 0) seat.handicap = 0
    const { active, weight } = seat.endpoint
    return ((active + seat.handicap * Math.max(0, left)) / seat.endpoint.shareAt(now) + 1) / weight
  }
}
