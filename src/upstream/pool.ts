// Idle connections to endpoints, kept for reuse: an LRU cache of pools, one for each Target. Knows no routes and no balancing.
import { LRUCache } from 'lru-cache'
import { ClientConnection, type ClientOptions, type ClientOwner, type Target } from '../http/client.ts'

/** upstream-keepalive-* of the ConfigMap; read anew each time. */
export type PoolLimits = { readonly idlePerTarget: number; readonly idleMs: number; readonly requestsPerConnection: number }

/** Pools kept at once. More endpoints than that in use by one worker evict the least used pool, whose idle connections close. */
const MAX_POOLS = 16_384

export type PoolStats = { readonly target: string; readonly open: number; readonly idle: number; readonly hits: number; readonly misses: number }

/** Everything that makes two connections interchangeable. */
export const poolKey = ({ address, port, tls }: Target): string => `${address}|${port}${tls === null ? '' : `|tls|${tls.serverName}`}`

export class Pool implements ClientOwner {
  readonly target: Target
  readonly #limits: () => PoolLimits
  readonly #options: ClientOptions
  readonly #idle: ClientConnection[] = []
  #open = 0
  #hits = 0
  #misses = 0
  #retired = false

  constructor(target: Target, limits: () => PoolLimits, options: ClientOptions) {
    this.target = target
    this.#limits = limits
    this.#options = options
  }

  /** The connection that was used last, or a new one. */
  take(): ClientConnection {
    const kept = this.#idle.pop()
    if (kept !== undefined) { this.#hits++; return kept }
    return this.dial()
  }
  /** A new one: what was idle may be as stale as the one that just failed. */
  dial(): ClientConnection {
    this.#misses++
    this.#open++
    return new ClientConnection(this.target, this, this.#options)
  }

  idle(connection: ClientConnection) {
    const { idlePerTarget, idleMs, requestsPerConnection } = this.#limits()
    if (this.#retired || this.#idle.length >= idlePerTarget || connection.uses >= requestsPerConnection) return connection.cancel()
    connection.rest(idleMs)
    this.#idle.push(connection)
  }

  gone(connection: ClientConnection) {
    this.#open--
    const at = this.#idle.lastIndexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
  }

  /** No reuse from now on; connections in use finish what they carry. */
  retire() {
    this.#retired = true
    for (const connection of this.#idle.splice(0)) connection.cancel()
  }

  stats(): PoolStats { return { target: poolKey(this.target), open: this.#open, idle: this.#idle.length, hits: this.#hits, misses: this.#misses } }
}

export class Pools {
  readonly #pools: LRUCache<string, Pool>
  readonly #limits: () => PoolLimits
  readonly #options: ClientOptions

  constructor(limits: () => PoolLimits, options: ClientOptions) {
    this.#limits = limits
    this.#options = options
    this.#pools = new LRUCache<string, Pool>({ max: MAX_POOLS, dispose: (pool) => pool.retire() })
  }

  to(key: string, target: Target): Pool {
    let pool = this.#pools.get(key)
    if (pool === undefined) this.#pools.set(key, pool = new Pool(target, this.#limits, this.#options))
    return pool
  }
  /** The endpoint is gone from the table. */
  retire(key: string) { this.#pools.delete(key) }

  stats(): PoolStats[] { return [...this.#pools.values()].map((pool) => pool.stats()) }
  close() { this.#pools.clear() }
}
