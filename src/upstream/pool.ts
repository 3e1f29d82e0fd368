// Connections to endpoints, kept for reuse: an LRU cache of pools, one for each Target. Knows no routes and no balancing.
import { LRUCache } from 'lru-cache'
import { ClientConnection, type ClientOptions, type ClientOwner, type Target } from '../http/client.ts'
import { OutputBuffers } from '../http/h2/output.ts'
import type { Connection } from '../http/message.ts'
import { StreamPool } from './stream-pool.ts'

/** upstream-keepalive-* of the ConfigMap; read anew each time. */
export type PoolLimits = { readonly idle: number; readonly idleMs: number; readonly requestsPerConnection: number }

/** Pools kept at once. More endpoints than that in use by one worker evict the least used pool, whose idle connections close. */
const MAX_POOLS = 16_384

/** Share of the idle connections that is closed when there are too many: one walk over the pools frees room for many. */
const TRIM_SHARE = 0.1

/** Everything that makes two connections interchangeable. */
export const poolKey = ({ address, port, tls, protocol }: Target): string => `${address}|${port}|${protocol}${tls === null ? '' : `|tls|${tls.serverName}`}`

/** What a pool needs of all pools. `idled`: so many more connections rest. */
type PoolOwner = { readonly limits: () => PoolLimits; readonly options: ClientOptions; idled(change: number): void }

/**
 * A request that can't be repeated takes a connection only if it has rested for less than this, and nothing has come on it: then it is lost
 * only where the upstream closes while it is on its way. Servers close idle connections after a second at the earliest (gunicorn 2 s, Node 5 s);
 * those that do it sooner mostly say so (Keep-Alive).
 */
const SURE_MS = 500

/** Where requests get their connections. */
export interface EndpointPool {
  /** repeatable: the request may be sent again where the upstream closes the connection just then (RFC 9110 §9.2.2). */
  take(repeatable: boolean): Connection
  /** A new one: what was idle may be as stale as the one that just failed. */
  dial(): Connection
  /** Closes up to `count` of the connections that have rested longest; returns how many there were. */
  closeIdle(count: number): number
  /** No reuse from now on; connections in use finish what they carry. */
  retire(): void
}

/** HTTP/1: a connection carries one request at a time. */
export class Pool implements ClientOwner, EndpointPool {
  readonly target: Target
  readonly #owner: PoolOwner
  readonly #idle: ClientConnection[] = []
  #retired = false

  constructor(target: Target, owner: PoolOwner) {
    this.target = target
    this.#owner = owner
  }

  /** The connection that was used last, or a new one. */
  take(repeatable: boolean): ClientConnection {
    const kept = repeatable ? this.#idle.at(-1) : this.#sure()
    if (kept === undefined) return this.dial()
    this.#idle.pop()
    this.#owner.idled(-1)
    return kept
  }
  /** The one that was used last, if the upstream has not closed it and hardly will. */
  #sure(): ClientConnection | undefined {
    const last = this.#idle.at(-1)
    if (last === undefined || performance.now() - last.restsSinceMs >= SURE_MS) return undefined
    if (last.quiet) return last
    last.cancel() // and so it leaves #idle
    return this.#sure()
  }
  dial(): ClientConnection {
    return new ClientConnection(this.target, this, this.#owner.options)
  }

  idle(connection: ClientConnection) {
    const { idle, idleMs, requestsPerConnection } = this.#owner.limits()
    if (this.#retired || idle === 0 || connection.uses >= requestsPerConnection) return connection.cancel()
    connection.rest(idleMs)
    this.#idle.push(connection)
    this.#owner.idled(1)
  }

  gone(connection: ClientConnection) {
    const at = this.#idle.lastIndexOf(connection)
    if (at < 0) return
    this.#idle.splice(at, 1)
    this.#owner.idled(-1)
  }

  closeIdle(count: number): number {
    const oldest = this.#idle.slice(0, count)
    for (const connection of oldest) connection.cancel()
    return oldest.length
  }

  retire() {
    this.#retired = true
    this.closeIdle(this.#idle.length)
  }
}

export class Pools {
  readonly #pools: LRUCache<string, EndpointPool>
  readonly #owner: PoolOwner
  readonly #limits: () => PoolLimits
  readonly #buffers = new OutputBuffers()
  #idle = 0

  constructor(limits: () => PoolLimits, options: ClientOptions) {
    this.#limits = limits
    this.#owner = { limits, options, idled: (change) => this.#idled(change) }
    this.#pools = new LRUCache<string, EndpointPool>({ max: MAX_POOLS, dispose: (pool) => pool.retire() })
  }

  to(key: string, target: Target): EndpointPool {
    let pool = this.#pools.get(key)
    if (pool === undefined) this.#pools.set(key, pool = this.#create(target))
    return pool
  }
  #create(target: Target): EndpointPool {
    if (target.protocol === 'h1') return new Pool(target, this.#owner)
    return new StreamPool(target, { ...this.#owner.options, buffers: this.#buffers, idleMs: () => this.#limits().idleMs })
  }
  /** The endpoint is gone from the table. */
  retire(key: string) { this.#pools.delete(key) }

  /** Too many idle in all: those of the pools that were used longest ago go first. */
  #idled(change: number) {
    this.#idle += change
    const { idle } = this.#limits()
    if (change < 0 || this.#idle <= idle) return
    let excess = this.#idle - Math.floor(idle * (1 - TRIM_SHARE))
    for (const pool of this.#pools.rvalues()) {
      excess -= pool?.closeIdle(excess) ?? 0
      if (excess <= 0) return
    }
  }

  close() { this.#pools.clear() }
}
