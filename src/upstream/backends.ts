// The backends of the table as they live: endpoints keep their balancing state while the table changes around them, and their pools
// are retired when the last backend lets them go. Knows no requests.
import type { Target } from '../http/client.ts'
import type { Backend, Endpoint } from '../model.ts'
import { Admission } from './admission.ts'
import { type BalancedRequest, type Balancer, live, type Sources } from './balance/balancer.ts'
import { balancerOf } from './balance/balancers.ts'
import { LiveEndpoint } from './endpoint.ts'
import { poolKey, type Pools } from './pool.ts'
import { RetryBudget } from './retry-budget.ts'

/** With more of them out than this, it is health that is wrong, or the rest could not bear the load: all are used ("panic"). */
const MOST_OUT = 0.5

export class LiveBackend {
  endpoints: readonly LiveEndpoint[] = []
  readonly retries = new RetryBudget()
  /** null: without limits. */
  readonly admission: Admission | null
  #balancer: Balancer
  #secret: string | undefined
  readonly #sources: Sources

  /** workers: among whom its limits are shared out. */
  constructor(backend: Backend, sources: Sources = live, workers = 1) {
    this.admission = Admission.of(backend.options.limits, workers)
    this.#balancer = balancerOf(backend, sources)
    this.#secret = backend.secret
    this.#sources = sources
  }

  /** `endpoints`: those of `backend`, as they live. */
  update(backend: Backend, endpoints: readonly LiveEndpoint[]) {
    const before = new Set(this.endpoints)
    const joined = endpoints.filter((endpoint) => !before.has(endpoint))
    // Where all are new, nobody else could take the rest of the load.
    if (joined.length < endpoints.length) for (const endpoint of joined) endpoint.startSlowly(backend.options.slowStartMs, this.#sources.now())
    if (backend.secret !== this.#secret) this.#balancer = balancerOf(backend, this.#sources)
    this.#secret = backend.secret
    this.endpoints = endpoints
    this.#balancer.set(endpoints)
    this.#settle()
    this.admission?.update(endpoints)
  }

  /** It is not in the table any more: what still waits or tries again finds nobody. */
  vacate() {
    this.endpoints = []
    this.#balancer.set(this.endpoints)
    this.admission?.update(this.endpoints)
  }

  /** The endpoint for a request, or for its next try; undefined: none is left. */
  pick(tried: readonly LiveEndpoint[], request: BalancedRequest): LiveEndpoint | undefined { return this.#balancer.pick(tried, request) }

  /** What health found of one of its endpoints. */
  judge(endpoint: LiveEndpoint, healthy: boolean) {
    endpoint.healthy = healthy
    this.#settle()
  }
  #settle() {
    const out = this.endpoints.filter(({ healthy }) => !healthy).length
    const panics = out > this.endpoints.length * MOST_OUT
    for (const endpoint of this.endpoints) endpoint.available = endpoint.healthy || panics
  }
}

export class Backends {
  readonly #live = new Map<string, LiveBackend>()
  /** How many backends use a pool. */
  readonly #users = new Map<string, number>()
  readonly #pools: Pools
  readonly #workers: number

  constructor(pools: Pools, workers: number) {
    this.#pools = pools
    this.#workers = workers
  }

  get(key: string): LiveBackend | undefined { return this.#live.get(key) }

  /** From this moment no new request goes to an endpoint that left; requests in flight finish. */
  set(key: string, backend: Backend | null) {
    const known = this.#live.get(key)
    const before = known?.endpoints ?? []
    if (backend === null) {
      known?.vacate()
      this.#live.delete(key)
    } else this.#update(key, backend, before)
    for (const endpoint of before) this.#release(endpoint)
  }

  #update(key: string, backend: Backend, before: readonly LiveEndpoint[]) {
    const known = this.#live.get(key) ?? new LiveBackend(backend, live, this.#workers)
    const kept = new Map(before.map((endpoint) => [endpoint.key, endpoint]))
    known.update(backend, backend.endpoints.map((endpoint) => keep(kept, endpoint, backend)))
    this.#live.set(key, known)
    for (const endpoint of known.endpoints) this.#users.set(endpoint.key, (this.#users.get(endpoint.key) ?? 0) + 1)
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
