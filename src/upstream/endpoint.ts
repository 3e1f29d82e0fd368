// One endpoint of a backend as it lives: what balancing and health remember of it, from the first table that has it to the last.
// Knows no requests, no connections and no way of balancing.
import type { Target } from '../http/dial.ts'
import type { ProxyVersion } from '../http/proxy-protocol/patron.ts'
import type { EndpointRow, EndpointState } from '../telemetry/endpoint-rows.ts'
import { Health } from './health/health.ts'
import { Slowness } from './health/slowness.ts'
import type { Patient } from './health/ward.ts'

/** How an attempt ended. error: ProxyError.code, STALE, or `` where all went well. headMs: until the head of the answer, 0 where none came. */
export type Outcome = { readonly status: number; readonly headMs: number; readonly error: string }

/** Instead of a code: it came on an idle connection that was closed, which says nothing about its endpoint. */
export const STALE = 'stale'

/** Hears of each attempt that is over. */
export interface Observer { ended(outcome: Outcome): void }

/** Its backend, that hears what becomes of its attempts. Times are performance.now(). */
export interface Keeper {
  began(endpoint: LiveEndpoint, nowMs: number): void
  /** The head of an answer. */
  answered(endpoint: LiveEndpoint, status: number, times: { readonly startedMs: number; readonly nowMs: number }): void
  ended(endpoint: LiveEndpoint, outcome: Outcome, times: { readonly startedMs: number; readonly nowMs: number }): void
}

/** How much of its weight counts when its slow start begins: with less it would not be tried at all. */
const FIRST_SHARE = 0.1

export class LiveEndpoint implements Patient {
  /** Of its pool. */
  readonly key: string
  readonly target: Target
  /** Under which its pool counts. */
  readonly service: string
  /** Its connections begin with a header of it. */
  readonly proxyProtocol: ProxyVersion | null
  /** For the log: `address:port`. */
  readonly name: string
  /** Its share, relative to the others of its backend. */
  weight = 1
  /** Attempts on their way, tunnels too. */
  active = 0
  /** The one check that picking makes; Ward sets it. */
  available = true
  /** What active checks found. */
  checked = true
  readonly health = new Health()
  readonly slowness = new Slowness()
  keeper: Keeper | null = null
  /** Of the balancer, where it learns from answers. */
  observer: Observer | null = null
  /** Length of the slow start that it is in, ms; 0: none. */
  #slowMs = 0
  #slowSince = 0

  constructor(key: string, target: Target, { service = '', proxyProtocol = null }: { readonly service?: string; readonly proxyProtocol?: ProxyVersion | null } = {}) {
    const { address, port } = target
    this.service = service
    this.proxyProtocol = proxyProtocol
    this.key = key
    this.target = target
    this.name = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  }

  /** An attempt goes to it. */
  began(nowMs = performance.now()) {
    this.active++
    this.keeper?.began(this, nowMs)
  }
  answered(status: number, startedMs: number, nowMs: number) { this.keeper?.answered(this, status, { startedMs, nowMs }) }

  /** That attempt is over. */
  ended(outcome: Outcome, startedMs = 0, nowMs = 0) {
    this.active--
    this.observer?.ended(outcome)
    this.keeper?.ended(this, outcome, { startedMs, nowMs })
  }

  /** From now on its weight grows to the whole, evenly over that time. 0: it has all of it at once. */
  startSlowly(slowMs: number, nowMs: number) {
    this.#slowMs = slowMs
    this.#slowSince = nowMs
  }
  get startsSlowly() { return this.#slowMs > 0 }

  /** How much of its weight counts at that time, up to 1. */
  shareAt(nowMs: number): number {
    if (this.#slowMs === 0) return 1
    const passed = (nowMs - this.#slowSince) / this.#slowMs
    if (passed >= 1) this.#slowMs = 0
    return Math.max(FIRST_SHARE, Math.min(1, passed))
  }

  stateAt(nowMs: number): EndpointState {
    if (!this.checked) return 'unwell'
    const state = this.health.stateAt(nowMs)
    return state === 'well' && this.shareAt(nowMs) < 1 ? 'warming' : state
  }
  /** For /table. */
  rowAt(nowMs: number, backend: string): EndpointRow {
    const { target: { address, port }, active, health: { reason, dueMs } } = this
    const trialAt = dueMs < Infinity ? new Date(Date.now() + dueMs - nowMs).toISOString() : ''
    return { backend, address, port, active, states: { [this.stateAt(nowMs)]: 1 }, reasons: reason === null ? [] : [reason], trialAt }
  }
}
