// Canaries of a host joined to the routes that they are for; those that find none are issues. Knows nothing of annotations.
import type { Alternative, Issue } from '../model.ts'
import { withOptions } from './backend-ref.ts'
import type { BackendRef, CanaryDraft, Draft, HostDraft } from './draft.ts'

export type CanaryClaim = { readonly object: string; readonly canary: CanaryDraft }
export type JoinedCanaries = {
  /** Of each route that has some, in the order in which they are asked. */
  readonly alternatives: ReadonlyMap<Draft, readonly Alternative[]>
  /** Of these. */
  readonly backends: readonly BackendRef[]
  readonly issues: readonly Issue[]
}
type Joined = { readonly alternatives: Map<Draft, Alternative[]>; readonly backends: BackendRef[]; readonly issues: Issue[] }

/** Sums of shares such as 0.7 + 0.2 + 0.1 are not exact. */
const WHOLE = 1 + 1e-9

/** `contributors`: oldest first. `mains`: the drafts that became routes of the host. */
export function joinCanaries(name: string, contributors: readonly HostDraft[], mains: readonly Draft[]): JoinedCanaries {
  const joined: Joined = { alternatives: new Map(), backends: [], issues: [] }
  for (const { object, canaries } of contributors) {
    for (const canary of canaries) joinCanary(joined, mains, { name, object, canary })
  }
  return joined
}

function joinCanary(joined: Joined, mains: readonly Draft[], { name, object, canary }: CanaryClaim & { readonly name: string }): void {
  const found = mains.filter(({ place, backend }) => place === canary.place && backend !== undefined)
  const open = found.filter(({ backend }) => !isSamePort(canary.backend, backend))
  const issue = (reason: string) => joined.issues.push({ object, field: canary.field, reason })
  if (found.length === 0) issue(`no main Ingress has ${where(canary, name)}: this canary gets no requests there; add host and path to the main Ingress, or remove them here`)
  else if (open.length === 0) issue(`Service ${canary.backend.service}:${canary.backend.port} is the main one of ${where(canary, name)} already: ignored; name the Service of the new version`)
  for (const draft of open) {
    const { alternative, backend } = withAffinity(canary, draft)
    const others = joined.alternatives.get(draft) ?? []
    if (share(others) <= WHOLE && share([...others, alternative]) > WHOLE) {
      issue(`the weights of all canaries of ${where(canary, name)} are more than the whole: this one gets what the older ones leave; lower the weights`)
    }
    joined.alternatives.set(draft, [...others, alternative])
    joined.backends.push(backend)
  }
}

/** A canary keeps the clients of its main Ingress as that does, unless it says otherwise (ingress-nginx.md §4.8). */
function withAffinity({ alternative, backend }: CanaryDraft, { route, backend: main }: Draft): Pick<CanaryDraft, 'alternative' | 'backend'> {
  if (route.policies.affinity === undefined || main === undefined || alternative.withoutAffinity === true) return { alternative, backend }
  const sticky = withOptions(backend, { ...backend.options, balance: main.options.balance })
  return { alternative: { ...alternative, backend: sticky.key }, backend: sticky }
}

/** Whatever protocol or options: what the main Service has anyway is no alternative to it (ingress-nginx.md §4.8). */
function isSamePort(canary: BackendRef, main: BackendRef | undefined): boolean {
  return canary.service === main?.service && canary.port === main.port
}

function share(alternatives: readonly Alternative[]): number {
  return alternatives.reduce((sum, { weight, total }) => sum + weight / total, 0)
}

function where({ place }: CanaryDraft, name: string): string {
  return `${place} of ${name === '' ? 'the catch-all host' : `host ${name}`}`
}
