// Which replica speaks for all: a Lease that one holds and renews (coordination.k8s.io/v1). Another's lease is judged by how long it stays
// unchanged here, never by its times: clocks differ. Knows nothing of what the leader does.
import { ApiError } from './api-error.ts'
import { textAt, valueAt } from './raw.ts'
import type { Timing } from './reflector.ts'
import { retryAfter } from './retry.ts'
import type { Api, Send } from './transport.ts'

/** name: of the Lease. identity: unlike any other replica's. ttlMs: how long a holder that fell silent stays the holder. */
export type Election = { readonly namespace: string; readonly name: string; readonly identity: string; readonly ttlMs: number }
export type ElectorEvents = {
  /** This replica leads from now on, or no longer. */
  turned(leads: boolean): void
  failed(error: unknown): void
  /** The API server answered: what failed is over. */
  held(): void
}

type Written = { readonly version: string; readonly transitions: number }

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
  /** The Lease as we wrote it last, while nobody else has written it as far as we know. */
  #own: Written | null = null

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
      const askedMs = await this.#try(began, signal)
      await this.#wait(Math.max(askedMs, ttlMs * RETRY - (performance.now() - began)), signal)
    }
    if (this.#leads) await this.#release()
  }

  /** Returns how long the server wants to be left alone, ms. */
  async #try(nowMs: number, signal: AbortSignal): Promise<number> {
    const { ttlMs } = this.#election
    let askedMs = 0
    // Requests that hang must not outlast the lease; who holds none yet has more time, and needs it for two.
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ttlMs * (this.#leads ? RETRY : GIVE_UP))])
    try {
      this.#renewedMs = await this.#renew(limit) || await this.#hold(nowMs, limit) ? nowMs : -Infinity
      this.#events.held()
    } catch (error) {
      if (signal.aborted) return 0
      askedMs = retryAfter(error)
      // Another was quicker: that is how an election goes.
      if (error instanceof ApiError && error.code === 409) this.#renewedMs = -Infinity
      else this.#events.failed(error)
    }
    this.#turn(performance.now() - this.#renewedMs < ttlMs * GIVE_UP)
    return askedMs
  }

  /** One request where a server that is slow may leave no time for two. Returns false where it is not known to be ours, or no longer is. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const own = this.#own
    this.#own = null
    if (own === null) return false
    try {
      await this.#replace(own, signal)
      return true
    } catch (error) {
      if (error instanceof ApiError && (error.code === 409 || error.code === 404)) return false
      throw error
    }
  }

  /** Returns whether the lease is ours now. */
  async #hold(nowMs: number, signal: AbortSignal): Promise<boolean> {
    const { ttlMs, identity } = this.#election
    const lease = await this.#request('GET', { signal }).catch(nullIfAbsent)
    if (lease === null) {
      this.#own = writtenIn(await this.#request('POST', { body: this.#lease({ leaseTransitions: 0 }), signal }))
      return true
    }
    const holder = textAt(lease, 'spec', 'holderIdentity')
    const { version, transitions } = writtenIn(lease)
    if (version !== this.#seen.version) this.#seen = { version, atMs: nowMs }
    const isFree = holder === '' || nowMs - this.#seen.atMs > ttlMs
    if (holder !== identity && !isFree) return false
    await this.#replace({ version, transitions: transitions + (holder === identity ? 0 : 1) }, signal)
    return true
  }

  async #replace({ version, transitions }: Written, signal: AbortSignal): Promise<void> {
    this.#own = writtenIn(await this.#request('PUT', { body: this.#lease({ leaseTransitions: transitions }, version), signal }))
  }

  #request(method: 'GET' | 'POST' | 'PUT' | 'PATCH', send: Send): Promise<unknown> {
    const { namespace, name } = this.#election
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    return this.#api.request(method === 'POST' ? path : `${path}/${name}`, { method, ...send })
  }

  async #release(): Promise<void> {
    this.#turn(false)
    try {
      await this.#request('PATCH', { contentType: 'application/merge-patch+json', body: { spec: { holderIdentity: '' } } })
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

function writtenIn(lease: unknown): Written {
  const transitions = valueAt(lease, 'spec', 'leaseTransitions')
  return { version: textAt(lease, 'metadata', 'resourceVersion'), transitions: typeof transitions === 'number' ? transitions : 0 }
}

function nullIfAbsent(error: unknown): null {
  if (error instanceof ApiError && error.code === 404) return null
  throw error
}
