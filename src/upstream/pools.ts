// Connections to endpoints, kept for reuse: an LRU cache of pools, one for each Target. Knows no routes and no balancing.
import { LRUCache } from 'lru-cache'
import type { ClientOptions } from '../http/client.ts'
import type { Target } from '../http/dial.ts'
import { OutputBuffers } from '../http/h2/output.ts'
import type { Peer } from '../http/message.ts'
import type { Patron, ProxyVersion } from '../http/proxy-protocol/patron.ts'
import type { PoolRow } from '../telemetry/pool-rows.ts'
import { type PoolCounts, PoolStats } from '../telemetry/pool-stats.ts'
import { ClientPools } from './client-pools.ts'
import type { EndpointPool, Pooled, PoolLimits, PoolOwner } from './endpoint-pool.ts'
import { Pool } from './pool.ts'
import { StreamPool } from './stream-pool.ts'

/** Pools kept at once. More endpoints than that in use by one worker evict the least used pool, whose idle connections close. */
const MAX_POOLS = 16_384

/** Share of the idle connections that is closed when there are too many: one walk over the pools frees room for many. */
const TRIM_SHARE = 0.1

/** Everything that makes two connections interchangeable. */
export const poolKey = ({ address, port, tls, protocol }: Target): string => `${address}|${port}|${protocol}${tls === null ? '' : `|tls|${tls.serverName}|${tls.terms?.rules.id ?? ''}`}`

/** An endpoint, to a pool. service: for people, whose it is; the first one where several Services share it. proxyProtocol: its connections begin with a header of it. */
export type PoolPlace = { readonly key: string; readonly target: Target; readonly service: string; readonly proxyProtocol?: ProxyVersion | null }

export class Pools implements PoolOwner {
  readonly options: ClientOptions
  readonly #pools: LRUCache<string, Pooled>
  /** Where connections are for one client, by the client's. */
  readonly #ofClients = new Map<Peer, Set<ClientPools>>()
  /** How many backends use a pool. */
  readonly #users = new Map<string, number>()
  readonly #services = new Map<string, PoolStats>()
  readonly #all = new PoolStats('', null)
  readonly #buffers = new OutputBuffers()
  #limits: PoolLimits

  constructor(limits: PoolLimits, options: ClientOptions) {
    this.options = options
    this.#limits = limits
    this.#pools = new LRUCache<string, Pooled>({ max: MAX_POOLS, dispose: (pool) => this.#disposed(pool) })
  }

  to(place: PoolPlace, patron: Patron | null = null): EndpointPool {
    return (this.#pools.get(place.key) ?? this.#open(place)).for(patron)
  }
  /** An endpoint that no backend has any more is asked once, by a request that was on its way there. */
  #open(place: PoolPlace): Pooled {
    const pool = this.#create(place)
    if (!this.#users.has(place.key)) pool.retire()
    else {
      pool.stats.joined(1)
      this.#pools.set(place.key, pool)
    }
    return pool
  }
  #create({ target, service, proxyProtocol = null }: PoolPlace): Pooled {
    const stats = new PoolStats(service, this.#statsOf(service))
    const create = (to: Target) => this.#plain(to, stats)
    return proxyProtocol === null ? create(target) : new ClientPools(target, stats, { version: proxyProtocol, create, serves: (client, pools) => this.#serve(client, pools) })
  }
  #plain(target: Target, stats: PoolStats): EndpointPool {
    return target.protocol === 'h1' ? new Pool(target, stats, this) : new StreamPool(target, stats, { owner: this, buffers: this.#buffers })
  }
  #statsOf(service: string): PoolStats {
    const stats = this.#services.get(service) ?? new PoolStats(service, this.#all)
    this.#services.set(service, stats)
    return stats
  }
  #serve(client: Peer, pools: ClientPools) {
    const serving = this.#ofClients.get(client) ?? new Set()
    this.#ofClients.set(client, serving.add(pools))
  }
  /** A client's connection is gone, and with it what was for it alone. */
  left(client: Peer) {
    const serving = this.#ofClients.get(client)
    if (serving === undefined) return
    this.#ofClients.delete(client)
    for (const pools of serving) pools.left(client)
  }
  #disposed(pool: Pooled) {
    pool.stats.joined(-1)
    pool.retire()
  }

  /** One more backend has this endpoint. */
  use(key: string) { this.#users.set(key, (this.#users.get(key) ?? 0) + 1) }
  /** One less. Without any, what rests closes at once, and what is busy behind what it carries. */
  release(key: string) {
    const users = (this.#users.get(key) ?? 0) - 1
    if (users > 0) { this.#users.set(key, users); return }
    this.#users.delete(key)
    this.#pools.delete(key)
  }

  get limits() { return this.#limits }
  /** What rests was promised the old ones: it closes where they differ, as with a reload of nginx. */
  limit(limits: PoolLimits) {
    const same = Object.entries(limits).every(([name, value]) => Reflect.get(this.#limits, name) === value)
    this.#limits = limits
    if (!same) this.#closeIdle(this.#all.idle)
  }

  /** Too many idle in all: those of the pools that were used longest ago go first. */
  idled() {
    const { idle } = this.#limits
    if (this.#all.idle > idle) this.#closeIdle(this.#all.idle - Math.ceil(idle * (1 - TRIM_SHARE)))
  }
  /** What rests goes: its descriptors and its memory are needed. */
  relieve() { this.#closeIdle(this.#all.idle) }
  #closeIdle(count: number) {
    let left = count
    for (const pool of this.#pools.rvalues()) {
      if (left <= 0) return
      left -= pool?.closeIdle(left) ?? 0
    }
  }

  /** Each pool, counted since it is there. */
  rows(): PoolRow[] {
    return [...this.#pools.values()].map(({ target: { address, port, protocol, tls }, stats }) =>
      ({ service: stats.service, address, port, protocol, tls: tls !== null, ...stats.counts() }))
  }
  /** By Service, hits and the like since the last time. Connections that finish what they carry to a departed endpoint count too. */
  drainCounts(): Record<string, PoolCounts> {
    const counts: Record<string, PoolCounts> = {}
    for (const [service, stats] of this.#services) {
      if (stats.open > 0 || stats.hasNews) counts[service] = stats.drain()
      if (stats.isOver) this.#services.delete(service)
    }
    return counts
  }

  close() { this.#pools.clear() }
}
