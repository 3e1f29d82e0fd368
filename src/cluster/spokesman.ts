// Tells the cluster what became of its objects: the status of Ingresses and Events of issues, by the one replica that leads.
// Knows no tables; what is written is decided in status-writer.ts and event-writer.ts.
import type { Kind, Objects } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'
import type { Issue } from '../model.ts'
import { type Election, Elector } from './elector.ts'
import { EventWriter } from './event-writer.ts'
import { syncOf } from './event.ts'
import type { Following } from './follow.ts'
import { statusOf } from './ingress-status.ts'
import { publish, type PublisherOptions } from './publisher.ts'
import { StatusWriter } from './status-writer.ts'
import { Syncs } from './syncs.ts'
import { wordsFor } from './troubles.ts'

/** As issues name what is written. */
const STATUS = 'status of Ingresses'
const EVENTS = 'Events of issues'

export type SpokesmanOptions = {
  readonly election: Election
  readonly publisher: PublisherOptions
  /** `--update-status`; false: none is ever written. */
  readonly writesStatus: boolean
  /** `--disable-sync-events`; false: no Event says that an Ingress was read. */
  readonly tellsSyncs: boolean
}
/** What a build found. changed: keys of the Ingresses that may be others than at the last one; undefined: any may. */
export type Findings = { readonly ingresses: ReadonlySet<string>; readonly issues: readonly Issue[]; readonly objects: Objects; readonly changed?: ReadonlySet<string> }

export class Spokesman {
  readonly #options: SpokesmanOptions
  readonly #following: Following
  readonly #note: (line: string) => void
  readonly #status: StatusWriter
  readonly #events: EventWriter
  readonly #syncs: Syncs | null
  readonly #retired = new AbortController()
  #election: Promise<void> = Promise.resolve()
  #uidOf: (kind: string, key: string) => string = () => ''

  /** note: one line for people. */
  constructor(options: SpokesmanOptions, { following, note }: { readonly following: Following; readonly note: (line: string) => void }) {
    this.#options = options
    this.#following = following
    this.#note = note
    this.#syncs = options.tellsSyncs ? new Syncs() : null
    this.#status = new StatusWriter(following.api, {
      written: () => this.#mended(STATUS),
      failed: (key, error) => this.#failed(STATUS, `of ${key}, and others, can't be written and is tried again: ${wordsFor(error, 'patch ingresses.networking.k8s.io/status')}`),
    })
    this.#events = new EventWriter(following.api, {
      instance: options.election.identity,
      uidOf: (kind, key) => this.#uidOf(kind, key),
      written: () => this.#mended(EVENTS),
      failed: (error) => this.#failed(EVENTS, `can't be written: ${wordsFor(error, 'create events.events.k8s.io')}`),
    })
  }

  start(): void {
    const { election, publisher, writesStatus } = this.#options
    const { api, timing } = this.#following
    const signal = AbortSignal.any([this.#following.signal, this.#retired.signal])
    if (writesStatus) publish(publisher, { ...this.#following, signal }, (addresses) => this.#status.publish(addresses))
    const lease = `Lease ${election.namespace}/${election.name}`
    this.#election = new Elector(api, election, {
      wait: timing.wait,
      events: {
        turned: (leads) => this.#turned(leads, lease),
        held: () => this.#mended(lease),
        failed: (error) => this.#failed(lease, `can't be held, so that this replica writes no status and no Events: ${wordsFor(error, 'get, create, update and patch leases.coordination.k8s.io')}`),
      },
    }).run(signal)
  }

  #turned(leads: boolean, lease: string): void {
    this.#note(leads ? `leads: writes status and Events (${lease})` : 'no longer leads')
    this.#status.lead(leads)
    this.#events.lead(leads)
  }
  #failed(object: string, reason: string): void { this.#following.report(object, [{ object, field: '', reason }]) }
  #mended(object: string): void { this.#following.report(object, []) }

  ingressSeen(key: string, raw: unknown): void {
    this.#status.seen(key, raw === null ? null : statusOf(raw))
  }

  found({ ingresses, issues, objects, changed }: Findings): void {
    this.#uidOf = (kind, key) => (isKind(objects, kind) ? objects[kind].get(key)?.meta.uid ?? '' : '')
    this.#status.serves(ingresses, changed)
    this.#events.tell(issues)
    for (const ingress of this.#syncs?.since(ingresses, objects.Ingress, changed) ?? []) this.#events.announce(syncOf(keyOf(ingress), ingress))
  }

  /** Gives the lease back. */
  async retire(): Promise<void> {
    this.#retired.abort()
    await this.#election
    this.#status.close()
    this.#events.close()
  }
}

const isKind = (objects: Objects, kind: string): kind is Kind => Object.hasOwn(objects, kind)
