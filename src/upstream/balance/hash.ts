// upstream-hash-by: equal texts go to the same endpoint, or with a subset to one of the same few. Knows no variables.
import type { LiveEndpoint } from '../endpoint.ts'
import { type BalancedRequest, type Balancer, live, type Sources } from './balancer.ts'
import { Rendezvous } from './rendezvous.ts'
import { RoundRobin } from './round-robin.ts'

export class Hash implements Balancer {
  readonly #by: string
  readonly #subset: number
  readonly #sources: Sources
  readonly #claims = new Rendezvous()
  readonly #turns: RoundRobin

  /** by: BalancedRequest.text; subset: size of a group, 0 for one. */
  constructor({ by, subset }: { readonly by: string; readonly subset: number }, sources: Sources = live) {
    this.#by = by
    this.#subset = subset
    this.#sources = sources
    this.#turns = new RoundRobin(sources)
  }

  set(endpoints: readonly LiveEndpoint[]) {
    this.#claims.set(endpoints)
    this.#turns.set(endpoints)
  }

  /** A request without a value takes turns, as in HAProxy: in ingress-nginx all of them go to the same endpoint. */
  pick(tried: readonly LiveEndpoint[], request: BalancedRequest): LiveEndpoint | undefined {
    const text = request.text(this.#by)
    if (text === '') return this.#turns.pick(tried)
    if (this.#subset === 0) return this.#claims.pick(text, tried)
    return this.#claims.pickOf(text, tried, { size: this.#subset, random: this.#sources.random() })
  }
}
