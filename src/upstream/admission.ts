// Circuit breaker of a backend: so many requests at once, so many more wait for a place in the order in which they came, all others fail
// at once. For one worker. Knows no protocol: requests are told when it is their turn.
import { ProxyError } from '../http/message.ts'
import type { Limits } from '../model.ts'
import type { LiveEndpoint } from './endpoint.ts'

/** A request that wants a place at an endpoint. */
export interface Applicant {
  /** Any endpoint but these; undefined: there is no other. */
  pick(full: readonly LiveEndpoint[]): LiveEndpoint | undefined
  /** Its turn has come. Never called during `enter`. */
  admitted(endpoint: LiveEndpoint): void
}

export class Admission {
  readonly #limits: Limits
  #endpoints: readonly LiveEndpoint[] = []
  #active = 0
  readonly #waiting = new Set<Applicant>()
  #serving = false

  /** limits: of this worker alone. */
  constructor(limits: Limits) { this.#limits = limits }

  /** The part that one of the workers has of these limits; null: there are none. */
  static of({ connections, requests, pending }: Limits, workers: number): Admission | null {
    if (connections === 0 && requests === 0) return null
    const part = (limit: number) => Math.ceil(limit / workers)
    return new Admission({ connections: part(connections), requests: part(requests), pending: part(pending) })
  }

  /** The backend has these from now on. */
  update(endpoints: readonly LiveEndpoint[]) {
    this.#endpoints = endpoints
    this.#serveSoon()
  }

  /** The place of a request that would go to `chosen`; null: it waits. Throws ProxyError where it may not. */
  enter(applicant: Applicant, chosen: LiveEndpoint): LiveEndpoint | null {
    const place = this.#waiting.size === 0 ? this.#place(applicant, chosen) : undefined
    if (place !== undefined) {
      this.#active++
      return place
    }
    const { pending } = this.#limits
    if (pending === 0) throw new ProxyError('upstream', 'limit_requests', { status: 503, message: 'the upstream has as many requests as it may have' })
    if (this.#waiting.size >= pending) throw new ProxyError('upstream', 'limit_pending', { status: 503, message: 'as many requests wait for the upstream as may wait' })
    this.#waiting.add(applicant)
    return null
  }

  /** It waits no longer. */
  withdraw(applicant: Applicant) { this.#waiting.delete(applicant) }

  /** A request that had a place has ended. */
  leave() {
    this.#active--
    this.#serveSoon()
  }

  /** These, and the endpoints that have as many requests as they may have. */
  full(tried: readonly LiveEndpoint[]): readonly LiveEndpoint[] {
    const { connections } = this.#limits
    return connections === 0 ? tried : [...tried, ...this.#endpoints.filter(({ active }) => active >= connections)]
  }

  #place(applicant: Applicant, chosen: LiveEndpoint | null): LiveEndpoint | undefined {
    const { requests, connections } = this.#limits
    if (requests > 0 && this.#active >= requests) return undefined
    if (chosen !== null && (connections === 0 || chosen.active < connections)) return chosen
    return applicant.pick(this.full(NONE))
  }

  /** Not within the end of a request, which may have its last octets still to hand on. */
  #serveSoon() {
    if (this.#serving || this.#waiting.size === 0) return
    this.#serving = true
    queueMicrotask(() => this.#serve())
  }
  #serve() {
    this.#serving = false
    for (const applicant of this.#waiting) {
      const place = this.#place(applicant, null)
      if (place === undefined) return
      this.#waiting.delete(applicant)
      this.#active++
      applicant.admitted(place)
    }
  }
}
const NONE: readonly LiveEndpoint[] = []
