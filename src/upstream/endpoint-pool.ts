// What the pools of both protocols have in common: their limits, and what all pools together are to one of them.
// Knows no protocol and no balancing.
import type { ClientOptions } from '../http/client.ts'
import type { Target } from '../http/dial.ts'
import type { Connection } from '../http/message.ts'
import type { Patron } from '../http/proxy-protocol/patron.ts'
import type { PoolStats } from '../telemetry/pool-stats.ts'

/** upstream-keepalive-* of the ConfigMap. `idle`: connections at rest kept in all; `idlePerEndpoint` of them to one endpoint. */
export type PoolLimits = {
  readonly idle: number
  readonly idlePerEndpoint: number
  readonly idleMs: number
  readonly ageMs: number
  readonly requestsPerConnection: number
}

/** What is kept for an endpoint. */
export interface Pooled {
  readonly target: Target
  readonly stats: PoolStats
  /** Where requests for a client get their connections. null: for nobody. */
  for(patron: Patron | null): EndpointPool
  /** Closes up to `count` of the connections that have rested longest; returns how many there were. */
  closeIdle(count: number): number
  /** No reuse from now on; connections in use finish what they carry. */
  retire(): void
}
/** Where requests get their connections. */
export interface EndpointPool extends Pooled {
  /** repeatable: the request may be sent again where the upstream closes the connection just then (RFC 9110 §9.2.2). */
  take(repeatable: boolean): Connection
  /** A new one: what was idle may be as stale as the one that just failed. */
  dial(): Connection
}

/** All pools, for one of them. */
export interface PoolOwner {
  readonly limits: PoolLimits
  readonly options: ClientOptions
  /** One more connection rests. May close it, or others. */
  idled(): void
}

/** Share of ageMs by which connections differ: those that were opened together shall not all be opened anew together. */
const AGE_JITTER = 0.1

type Used = { readonly uses: number; readonly bornMs: number; readonly lot: number }

/** How long a connection may still get requests, ms; 0 or less: it has had its requests or its age. */
export const lifeMs = ({ uses, bornMs, lot }: Used, { limits, options }: PoolOwner): number => {
  if (uses >= limits.requestsPerConnection) return 0
  return bornMs + limits.ageMs * (1 - AGE_JITTER + 2 * AGE_JITTER * lot) - options.clock.nowMs
}
/** How long it may rest now, ms; 0 or less: not at all. */
export const restMs = (connection: Used, owner: PoolOwner): number => owner.limits.idle === 0 ? 0 : Math.min(owner.limits.idleMs, lifeMs(connection, owner))
