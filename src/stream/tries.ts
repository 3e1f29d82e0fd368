// Which endpoints a session tries, one after another, and what became of each: told to their backend and kept for the log. Knows no sockets.
import type { StreamAttempt } from '../telemetry/stream-record.ts'
import type { BalancedRequest } from '../upstream/balance/balancer.ts'
import type { LiveBackend } from '../upstream/backends.ts'
import type { LiveEndpoint } from '../upstream/endpoint.ts'
import type { StreamLimits } from './stream-options.ts'

/** A balancer that sees a connection as a request has nothing to ask of it. */
const ANYONE: BalancedRequest = { text: () => '', session: null }

export class Tries {
  readonly attempts: StreamAttempt[] = []
  /** The one that is on; null: none. */
  endpoint: LiveEndpoint | null = null
  readonly #backend: LiveBackend | undefined
  readonly #limits: Pick<StreamLimits, 'retries' | 'tries' | 'retryMs'>
  readonly #tried: LiveEndpoint[] = []
  readonly #startMs = performance.now()
  #triedMs = 0
  #connectMs = 0

  constructor(backend: LiveBackend | undefined, limits: Pick<StreamLimits, 'retries' | 'tries' | 'retryMs'>) {
    this.#backend = backend
    this.#limits = limits
    backend?.retries.count()
  }

  /** Begins with the next endpoint; null: there is none, or no try is left. */
  next(): LiveEndpoint | null {
    const endpoint = this.#mayTry() ? this.#backend?.pick(this.#tried, ANYONE) : undefined
    if (endpoint === undefined || !this.#affords(endpoint)) return null
    this.#triedMs = performance.now()
    this.#tried.push(endpoint)
    this.attempts.push({ endpoint: endpoint.name, error: '', connectMs: null, bytesIn: 0, bytesOut: 0 })
    endpoint.began(this.#triedMs)
    return this.endpoint = endpoint
  }
  #mayTry(): boolean {
    const { retries, tries, retryMs } = this.#limits
    const count = this.#tried.length
    if (count === 0) return true
    return retries && (tries === 0 || count < tries) && (retryMs === 0 || performance.now() - this.#startMs < retryMs)
  }
  /** As for requests: a first try, and one at an endpoint that is well, cost nothing that an outage would multiply. */
  #affords({ health }: LiveEndpoint): boolean {
    return this.#tried.length === 0 || health.condition === 'well' || this.#backend?.retries.spend(performance.now()) === true
  }

  /** It has taken the connection, or has answered. */
  stood() {
    const nowMs = performance.now()
    const { attempt } = this
    this.#connectMs = nowMs - this.#triedMs
    if (attempt !== undefined) attempt.connectMs ??= this.#connectMs
    this.endpoint?.answered(STOOD, this.#triedMs, nowMs)
  }

  /** error: a reason code as of requests; `` where nothing is to be said against it. */
  ended(error: string) {
    const { attempt, endpoint } = this
    if (endpoint === null) return
    if (attempt !== undefined) attempt.error = error
    this.endpoint = null
    endpoint.ended({ status: error === '' ? STOOD : 0, headMs: this.#connectMs, error }, this.#triedMs, performance.now())
  }

  get attempt(): StreamAttempt | undefined { return this.attempts.at(-1) }
}
/** Backends think in statuses of requests. */
const STOOD = 200

