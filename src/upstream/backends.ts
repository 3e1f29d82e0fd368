// The backends of the table as they live: endpoints keep their balancing state while the table changes around them, and their pools
// are retired when the last backend lets them go. Knows no requests.
import type { Target } from '../http/dial.ts'
import type { Backend, Balance, Endpoint, Table } from '../model.ts'
import { type EndpointRow, isNoteworthy } from '../telemetry/endpoint-rows.ts'
import { Admission } from './admission.ts'
import { type BalancedRequest, type Balancer, live, type Sources } from './balance/balancer.ts'
import { balancerOf } from './balance/balancers.ts'
import { type Keeper, LiveEndpoint, type Outcome } from './endpoint.ts'
import type { EjectionReason } from './health/health.ts'
import { Ward } from './health/ward.ts'
import { poolKey, type Pools } from './pools.ts'
import { tlsTo } from './transport.ts'
import { RetryBudget } from './retry-budget.ts'

/** Balancers that give all endpoints the same mix of requests: only then their times compare. */
const COMPARABLE: ReadonlySet<Balance['kind']> = new Set(['round_robin', 'least_conn', 'ewma'])

/** Between two tries where all endpoints refuse connections: the first that is back is found soon enough for nobody to notice. */
const KNOCK_MS = 1

export type BackendEvents = {
  /** An endpoint is left out from now on. */
  readonly ejected: (reason: EjectionReason) => void
}

export class LiveBackend implements Keeper {
  endpoints: readonly LiveEndpoint[] = []
  readonly retries = new RetryBudget()
  /** null: without limits. */
  readonly admission: Admission | null
  #balancer: Balancer
  #secret: string | undefined
  readonly #sources: Sources
  readonly #ward: Ward<LiveEndpoint>
  readonly #comparable: boolean
  readonly #ejectOn5xx: boolean
  #knockedMs = -Infinity

  /** workers: among whom its limits are shared out. */
  constructor(backend: Backend, sources: Sources = live, { workers = 1, ejected }: Partial<BackendEvents> & { readonly workers?: number } = {}) {
    const { options } = backend
    this.admission = Admission.of(options.limits, workers)
    this.#comparable = COMPARABLE.has(options.balance.kind)
    this.#ejectOn5xx = options.ejectOn5xx
    this.#ward = new Ward((available) => this.#balancer.set(available), ejected)
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
    for (const endpoint of endpoints) endpoint.keeper = this
    this.#ward.set(endpoints)
    this.admission?.update(endpoints)
  }

  /** It is not in the table any more: what still waits or tries again finds nobody. */
  vacate() {
    this.endpoints = []
    this.#ward.set(this.endpoints)
    this.admission?.update(this.endpoints)
  }

  /** The endpoint for a request, or for its next try; undefined: none is left. */
  pick(tried: readonly LiveEndpoint[], request: BalancedRequest): LiveEndpoint | undefined {
    if (this.#ward.dueMs < Infinity) this.#ward.wake(this.#sources.now())
    if (this.#ward.allDead && !this.#mayKnock(this.#sources.now())) return undefined
    return this.#balancer.pick(tried, request)
  }

  /** Where nobody takes connections, each try costs as much as a request that is served, and fails: they are not all made. */
  #mayKnock(nowMs: number): boolean {
    if (nowMs - this.#knockedMs < KNOCK_MS) return false
    this.#knockedMs = nowMs
    return true
  }

  /** What active checks found of its endpoints. */
  judge(isWell: (endpoint: LiveEndpoint) => boolean) {
    for (const endpoint of this.endpoints) endpoint.checked = isWell(endpoint)
    this.#ward.settle()
  }

  // ---- Keeper

  began(endpoint: LiveEndpoint, nowMs: number) { this.#ward.began(endpoint, this.#comparable, nowMs) }

  answered(endpoint: LiveEndpoint, status: number, times: { readonly startedMs: number; readonly nowMs: number }) {
    if (this.#isFailure(status)) this.#ward.failed(endpoint, 'failing', times)
    else this.#ward.answered(endpoint, this.#comparable, times)
  }
  /** A failure by its status was counted when it came. */
  ended(endpoint: LiveEndpoint, { status, error }: Outcome, times: { readonly startedMs: number; readonly nowMs: number }) {
    if (error !== '' || !this.#isFailure(status)) this.#ward.ended(endpoint, error, times)
  }
  #isFailure(status: number) { return this.#ejectOn5xx && status >= 500 }
}

/** secrets: of the table, as it is when a backend is set. */
type BackendsOptions = BackendEvents & { readonly workers: number; readonly secrets: Pick<Table, 'certificates' | 'authorities'> }

export class Backends {
  readonly #live = new Map<string, LiveBackend>()
  #unwell: ReadonlyMap<string, readonly Endpoint[]> = new Map()
  readonly #pools: Pools
  readonly #options: BackendsOptions

  constructor(pools: Pools, options: BackendsOptions) {
    this.#pools = pools
    this.#options = options
  }

  get(key: string): LiveBackend | undefined { return this.#live.get(key) }

  /** What active checks found, all of it, by key; also of backends that come later. */
  checked(unwell: ReadonlyMap<string, readonly Endpoint[]>) {
    const keys = new Set([...this.#unwell.keys(), ...unwell.keys()])
    this.#unwell = unwell
    for (const key of keys) this.#live.get(key)?.judge((endpoint) => this.#isWell(key, endpoint))
  }
  #isWell(key: string, { target }: LiveEndpoint): boolean {
    return this.#unwell.get(key)?.some(({ address, port }) => address === target.address && port === target.port) !== true
  }

  /** Endpoints that have requests, or are not simply well. */
  rows(): EndpointRow[] {
    const nowMs = performance.now()
    return [...this.#live].flatMap(([key, { endpoints }]) => endpoints.map((endpoint) => endpoint.rowAt(nowMs, key)).filter(isNoteworthy))
  }

  /** From this moment no new request goes to an endpoint that left; requests in flight finish. */
  set(key: string, backend: Backend | null) {
    const known = this.#live.get(key)
    const before = known?.endpoints ?? []
    if (backend === null) {
      known?.vacate()
      this.#live.delete(key)
    } else this.#update(key, backend, before)
    for (const endpoint of before) this.#pools.release(endpoint.key)
  }

  #update(key: string, backend: Backend, before: readonly LiveEndpoint[]) {
    const known = this.#live.get(key) ?? new LiveBackend(backend, live, this.#options)
    const kept = new Map(before.map((endpoint) => [endpoint.key, endpoint]))
    const transport = { tls: tlsTo(backend, this.#options.secrets), protocol: PROTOCOL[backend.protocol] }
    const owned = { service: serviceOf(key), proxyProtocol: backend.options.proxyProtocol ?? null }
    known.update(backend, backend.endpoints.map(({ address, port }) => keep(kept, { address, port, ...transport }, owned)))
    this.#live.set(key, known)
    if (this.#unwell.has(key)) known.judge((endpoint) => this.#isWell(key, endpoint))
    for (const endpoint of known.endpoints) this.#pools.use(endpoint.key)
  }

  /** Replaces all by the backends of a snapshot. */
  reset(backends: ReadonlyMap<string, Backend>) {
    for (const key of [...this.#live.keys()]) if (!backends.has(key)) this.set(key, null)
    for (const [key, backend] of backends) this.set(key, backend)
  }
}

/** tcp and udp have no pools: each client has a connection of its own (src/stream). */
const PROTOCOL = { http: 'h1', https: 'h1', h2c: 'h2', h2: 'h2', tcp: 'h1', udp: 'h1' } as const

/** `namespace/name:port`: how the key of a backend begins. */
const serviceOf = (key: string): string => key.split('|', 1)[0] ?? key

type Owned = Pick<LiveEndpoint, 'service' | 'proxyProtocol'>

const keep = (kept: ReadonlyMap<string, LiveEndpoint>, target: Target, { service, proxyProtocol }: Owned): LiveEndpoint => {
  const key = proxyProtocol === null ? poolKey(target) : `${poolKey(target)}|${proxyProtocol}`
  return kept.get(key) ?? new LiveEndpoint(key, target, { service, proxyProtocol })
}
