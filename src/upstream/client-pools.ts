// Connections to an endpoint that speaks the PROXY protocol: each begins with the header of its client and never carries a request of another.
// Knows no octets of the header and no balancing.
import type { Target } from '../http/dial.ts'
import type { Peer } from '../http/message.ts'
import { headerFor, type Patron, type ProxyVersion } from '../http/proxy-protocol/patron.ts'
import type { PoolStats } from '../telemetry/pool-stats.ts'
import type { EndpointPool, Pooled } from './endpoint-pool.ts'

export type ClientPoolsOptions = {
  readonly version: ProxyVersion
  readonly create: (target: Target) => EndpointPool
  /** Told of each client that gets a pool, which is to be closed when the client leaves. */
  readonly serves: (client: Peer, pools: ClientPools) => void
}

export class ClientPools implements Pooled {
  readonly target: Target
  readonly stats: PoolStats
  readonly #options: ClientPoolsOptions
  /** By the connection of the client: its requests find what its requests before them have opened. */
  readonly #pools = new Map<Peer, EndpointPool>()
  #retired = false

  constructor(target: Target, stats: PoolStats, options: ClientPoolsOptions) {
    this.target = target
    this.stats = stats
    this.#options = options
  }

  for(patron: Patron | null): EndpointPool {
    // Nobody's, or a connection that a proxy in front shares among clients: carries one request.
    if (patron === null || patron.client !== patron.connection.address || this.#retired) return this.#once(patron)
    const { connection } = patron
    const known = this.#pools.get(connection)
    if (known !== undefined) return known
    const pool = this.#create(patron)
    this.#pools.set(connection, pool)
    this.#options.serves(connection, this)
    return pool
  }
  #once(patron: Patron | null): EndpointPool {
    const pool = this.#create(patron)
    pool.retire()
    return pool
  }
  #create(patron: Patron | null): EndpointPool {
    const { version, create } = this.#options
    return create({ ...this.target, preamble: headerFor(version, patron) })
  }

  /** Nobody else can use its connections. */
  left(client: Peer) {
    this.#pools.get(client)?.retire()
    this.#pools.delete(client)
  }

  /** Of the clients that came first. */
  closeIdle(count: number): number {
    let closed = 0
    for (const pool of this.#pools.values()) {
      if (closed >= count) break
      closed += pool.closeIdle(count - closed)
    }
    return closed
  }

  retire() {
    this.#retired = true
    for (const pool of this.#pools.values()) pool.retire()
    this.#pools.clear()
  }
}
