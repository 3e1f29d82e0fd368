// Tells the cluster what became of its objects: the status of Ingresses and Events of issues, by the one replica that leads.
// Knows no tables; what is written is decided in status-writer.ts and event-writer.ts.
import type { Kind, Objects } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { type Election, Elector } from './elector.ts'
import { EventWriter } from './event-writer.ts'
import type { Following } from './follow.ts'
import { statusOf } from './ingress-status.ts'
import { publish, type PublisherOptions } from './publisher.ts'
import { StatusWriter } from './status-writer.ts'
import { wordsFor } from './troubles.ts'

/** As issues name what is written. */
const STATUS = 'status of Ingresses'
const EVENTS = 'Events of issues'

export type SpokesmanOptions = {
  readonly election: Election
  readonly publisher: PublisherOptions
  /** `--update-status`; false: none is ever written. */
  readonly writesStatus: boolean
}
/** What a build found. */
export type Findings = { readonly ingresses: { has(key: string): boolean }; readonly issues: readonly Issue[]; readonly objects: Objects }

export class Spokesman {
  readonly #options: SpokesmanOptions
  readonly #following: Following
  readonly #status: StatusWriter
  readonly #events: EventWriter
  readonly #retired = new AbortController()
  #election: Promise<void> = Promise.resolve()
  #uidOf: (kind: string, key: string) => string = () => ''

  /** note: one line for people. */
  constructor(options: SpokesmanOptions, { following, note }: { readonly following: Following; readonly note: (line: string) => void }) {
    this.#options = options
    this.#following = following
    this.#status = new StatusWriter(following.api, {
      written: () => following.report(STATUS, []),
      failed: (key, error) => following.report(STATUS, [{ object: STATUS, field: '', reason: `of ${key}, and others, can't be written and is tried again: ${wordsFor(error, 'patch ingresses.networking.k8s.io/status')}` }]),
    })
    this.#events = new EventWriter(following.api, {
      instance: options.election.identity,
      uidOf: (kind, key) => this.#uidOf(kind, key),
      written: () => following.report(EVENTS, []),
      failed: (error) => following.report(EVENTS, [{ object: EVENTS, field: '', reason: `can't be written: ${wordsFor(error, 'create events.events.k8s.io')}` }]),
    })
    this.#note = note
  }
  readonly #note: (line: string) => void

  start(): void {
    const { election, publisher, writesStatus } = this.#options
    const signal = AbortSignal.any([this.#following.signal, this.#retired.signal])
    if (writesStatus) publish(publisher, { ...this.#following, signal }, (addresses) => this.#status.publish(addresses))
    const turned = (leads: boolean) => {
      this.#note(leads ? `leads: writes status and Events (Lease ${election.namespace}/${election.name})` : 'no longer leads')
      this.#status.lead(leads)
      this.#events.lead(leads)
    }
    const failed = (error: unknown) => { this.#following.report('election', [{ object: `Lease ${election.namespace}/${election.name}`, field: '', reason: `can't be held, so that this replica writes no status and no Events: ${wordsFor(error, 'get, create, update and patch leases.coordination.k8s.io')}` }]) }
    const elector = new Elector(this.#following.api, election, { events: { turned, failed, held: () => this.#following.report('election', []) }, wait: this.#following.timing.wait })
    this.#election = elector.run(signal)
  }

  ingressSeen(key: string, raw: unknown): void {
    this.#status.seen(key, raw === null ? null : statusOf(raw))
  }

  found({ ingresses, issues, objects }: Findings): void {
    this.#uidOf = (kind, key) => (isKind(objects, kind) ? objects[kind].get(key)?.meta.uid ?? '' : '')
    this.#status.serves(ingresses)
    this.#events.tell(issues)
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
