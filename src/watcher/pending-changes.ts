// What changed since the last build: keys of the kinds that change every day, or that it was more than these. Knows no tables.
import type { Change, ChangedKeys, Kind } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'

type EverydayKind = keyof ChangedKeys
const isEveryday = (kind: Kind): kind is EverydayKind => kind === 'Ingress' || kind === 'Service' || kind === 'EndpointSlice'
const nothing = (): { readonly [K in EverydayKind]: Set<string> } => ({ Ingress: new Set(), Service: new Set(), EndpointSlice: new Set() })

export class PendingChanges {
  #keys = nothing()
  /** At first all is new. */
  #isMore = true

  add(change: Change): void {
    const kind = change.op === 'set' ? change.object.kind : change.kind
    if (isEveryday(kind)) this.#keys[kind].add(change.op === 'set' ? keyOf(change.object) : change.key)
    else this.#isMore = true
  }

  /** null: settings, classes or Secrets changed, on which anything may depend. */
  take(): ChangedKeys | null {
    const taken = this.#isMore ? null : this.#keys
    this.#keys = nothing()
    this.#isMore = false
    return taken
  }
}
