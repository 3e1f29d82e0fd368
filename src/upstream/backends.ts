// The backends of the table as they live: endpoints keep their balancing state while the table changes around them, and their pools
// are retired when the last backend lets them go. Knows no requests.
import type { Target } from '../http/client.ts'
import type { Backend, Endpoint } from '../model.ts'
import { roundRobin } from './balance.ts'
import { LiveEndpoint } from './endpoint.ts'
import { poolKey, type Pools } from './pool.ts'

export class LiveBackend {
  endpoints: readonly LiveEndpoint[] = []
  pick(tried: readonly LiveEndpoint[]): LiveEndpoint | undefined { return roundRobin(this.endpoints, tried) }
}

export class Backends {
  readonly #live = new Map<string, LiveBackend>()
  /** How many backends use a pool. */
  readonly #users = new Map<string, number>()
  readonly #pools: Pools

  constructor(pools: Pools) { this.#pools = pools }

  get(key: string): LiveBackend | undefined { return this.#live.get(key) }

  /** From this moment no new request goes to an endpoint that left; requests in flight finish. */
  set(key: string, backend: Backend | null) {
    const live = this.#live.get(key) ?? new LiveBackend()
    const before = live.endpoints
    const kept = new Map(before.map((endpoint) => [endpoint.key, endpoint]))
    live.endpoints = backend === null ? [] : backend.endpoints.map((endpoint) => keep(kept, endpoint, backend))
    for (const endpoint of live.endpoints) this.#users.set(endpoint.key, (this.#users.get(endpoint.key) ?? 0) + 1)
    for (const endpoint of before) this.#release(endpoint)
    if (backend === null) this.#live.delete(key)
    else this.#live.set(key, live)
  }

  #release({ key }: LiveEndpoint) {
    const users = (this.#users.get(key) ?? 0) - 1
    if (users > 0) { this.#users.set(key, users); return }
    this.#users.delete(key)
    this.#pools.retire(key)
  }

  /** Replaces all by the backends of a snapshot. */
  reset(backends: ReadonlyMap<string, Backend>) {
    for (const key of [...this.#live.keys()]) if (!backends.has(key)) this.set(key, null)
    for (const [key, backend] of backends) this.set(key, backend)
  }
}

const TRANSPORT = {
  http: { tls: null, protocol: 'h1' }, https: { tls: { serverName: '' }, protocol: 'h1' },
  h2c: { tls: null, protocol: 'h2' }, h2: { tls: { serverName: '' }, protocol: 'h2' },
} as const

const keep = (kept: ReadonlyMap<string, LiveEndpoint>, { address, port }: Endpoint, backend: Backend): LiveEndpoint => {
  const target: Target = { address, port, ...TRANSPORT[backend.protocol] }
  const key = poolKey(target)
  return kept.get(key) ?? new LiveEndpoint(key, target)
}
