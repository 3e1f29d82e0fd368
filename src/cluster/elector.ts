// Which replica speaks for all: a Lease that one holds and renews (coordination.k8s.io/v1). Another's lease is judged by how long it stays
// unchanged here, never by its times: clocks differ. Knows nothing of what the leader does.
import { ApiError } from './api-error.ts'
import { textAt, valueAt } from './raw.ts'
import type { Timing } from './reflector.ts'
import type { Api } from './transport.ts'

/** name: of the Lease. identity: unlike any other replica's. ttlMs: how long a holder that fell silent stays the holder. */
export type Election = { readonly namespace: string; readonly name: string; readonly identity: string; readonly ttlMs: number }
export type ElectorEvents = {
  /** This replica leads from now on, or no longer. */
  turned(leads: boolean): void
  failed(error: unknown): void
  /** The API server answered: what failed is over. */
  held(): void
}

/** Parts of the ttl: a try, and when a holder that can't renew gives up, well before another may take over. As client-go's defaults in ingress-nginx. */
const RETRY = 1 / 4
const GIVE_UP = 1 / 2

export class Elector {
  readonly #api: Api
  readonly #election: Election
  readonly #events: ElectorEvents
  readonly #wait: Timing['wait']
  #leads = false
  #renewedMs = -Infinity
  /** The holder's last sign of life as we saw it. */
  #seen = { version: '', atMs: 0 }

  constructor(api: Api, election: Election, { events, wait }: { readonly events: ElectorEvents; readonly wait: Timing['wait'] }) {
    this.#api = api
    this.#election = election
    this.#events = events
    this.#wait = wait
  }

  /** Ends when the signal is aborted, with the lease given back. */
  async run(signal: AbortSignal): Promise<void> {
    const { ttlMs } = this.#election
    while (!signal.aborted) {
      const began = performance.now()
      await this.#try(began, signal)
      await this.#wait(Math.max(0, ttlMs * RETRY - (performance.now() - began)), signal)
    }
    if (this.#leads) await this.#release()
  }

  async #try(nowMs: number, signal: AbortSignal): Promise<void> {
    const { ttlMs } = this.#election
    // A request that hangs must not outlast the lease.
    const limit = AbortSignal.timeout(ttlMs * RETRY)
    try {
      this.#renewedMs = await this.#hold(nowMs, AbortSignal.any([signal, limit])) ? nowMs : -Infinity
      this.#events.held()
    } catch (error) {
      if (signal.aborted) return
      // Another was quicker: that is how an election goes.
      if (error instanceof ApiError && error.code === 409) this.#renewedMs = -Infinity
      else this.#events.failed(error)
    }
    this.#turn(performance.now() - this.#renewedMs < ttlMs * GIVE_UP)
  }

  /** Returns whether the lease is ours now. */
  async #hold(nowMs: number, signal: AbortSignal): Promise<boolean> {
    const { namespace, name, ttlMs, identity } = this.#election
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    const lease = await this.#api.request(`${path}/${name}`, { signal }).catch(nullIfAbsent)
    if (lease === null) {
      await this.#api.request(path, { method: 'POST', body: this.#lease({ leaseTransitions: 0 }), signal })
      return true
    }
    const holder = textAt(lease, 'spec', 'holderIdentity')
    const leaseTransitions = valueAt(lease, 'spec', 'leaseTransitions')
    const resourceVersion = textAt(lease, 'metadata', 'resourceVersion')
    if (resourceVersion !== this.#seen.version) this.#seen = { version: resourceVersion, atMs: nowMs }
    const isFree = holder === '' || nowMs - this.#seen.atMs > ttlMs
    if (holder !== identity && !isFree) return false
    const transitions = (typeof leaseTransitions === 'number' ? leaseTransitions : 0) + (holder === identity ? 0 : 1)
    await this.#api.request(`${path}/${name}`, { method: 'PUT', body: this.#lease({ leaseTransitions: transitions }, resourceVersion), signal })
    return true
  }

  async #release(): Promise<void> {
    const { namespace, name } = this.#election
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`
    this.#turn(false)
    try {
      await this.#api.request(path, { method: 'PATCH', contentType: 'application/merge-patch+json', body: { spec: { holderIdentity: '' } } })
    } catch (error) {
      this.#events.failed(error)
    }
  }

  #lease(spec: { readonly leaseTransitions: number }, resourceVersion?: string) {
    const { namespace, name, identity, ttlMs } = this.#election
    // The type is MicroTime: with six digits behind the point.
    const now = new Date().toISOString().replace('Z', '000Z')
    return {
      apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name, ...resourceVersion !== undefined && { resourceVersion } },
      spec: { ...spec, holderIdentity: identity, leaseDurationSeconds: Math.ceil(ttlMs / 1000), renewTime: now, acquireTime: now },
    }
  }

  #turn(leads: boolean): void {
    if (leads === this.#leads) return
    this.#leads = leads
    this.#events.turned(leads)
  }
}

function nullIfAbsent(error: unknown): null {
  if (error instanceof ApiError && error.code === 404) return null
  throw error
}
