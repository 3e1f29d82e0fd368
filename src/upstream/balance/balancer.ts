// What a way of spreading requests over the endpoints of one backend is. Each file beside this one is one way.
// Knows no protocol, no table and no worker but its own: what all workers must agree on follows from names alone.
import type { LiveEndpoint } from '../endpoint.ts'

export interface Balancer {
  /** The backend has these from now on, in an order that is the same everywhere. Those it had keep what was learned of them. */
  set(endpoints: readonly LiveEndpoint[]): void
  /** tried: those that failed this request. undefined: none is left. */
  pick(tried: readonly LiveEndpoint[], request: BalancedRequest): LiveEndpoint | undefined
}

/** What may be asked about a request. It costs only the balancer that asks. */
export interface BalancedRequest {
  /** A text with variables of nginx, filled in. */
  text(template: string): string
  /** null: its route keeps no sessions. */
  readonly session: Session | null
}

/** The tie of a client to an endpoint. */
export interface Session {
  /** Whom it is tied to, as `renew` said; `` for a client without a tie. */
  readonly key: string
  /** A failed try moves the tie, not only the request. */
  readonly movesOnFailure: boolean
  /** The client is to be told this key. The last call counts. */
  renew(key: string): void
}

/** Where time and chance come from: ms on any clock that does not jump; from 0 to less than 1. */
export type Sources = { readonly now: () => number; readonly random: () => number }
export const live: Sources = { now: () => performance.now(), random: Math.random }

/**
 * For balancers that compare: an endpoint in its slow start takes part in as many comparisons as it has of its weight. Made to look loaded
 * instead, it would win none while the others have little to do, and all of its share at once in the end.
 */
export const takesPart = (endpoint: LiveEndpoint, { now, random }: Sources): boolean => !endpoint.startsSlowly || random() < endpoint.shareAt(now())

/** One cheap check: it may be picked for a request that failed at `tried`. A second try is no time for the trial of an endpoint that was left out. */
export const isUsable = (endpoint: LiveEndpoint, tried: readonly LiveEndpoint[]): boolean =>
  endpoint.available && (tried.length === 0 || (!tried.includes(endpoint) && !endpoint.health.trial))
