// What changed in the cluster, as one line for people. Endpoints move all day and are not told. Pure.
import type { Change, Kind } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'

const TOLD: ReadonlySet<Kind> = new Set<Kind>(['Ingress', 'IngressClass', 'Secret', 'ConfigMap'])
// A burst of a thousand changes is still one readable line.
const MOST_NAMED = 8

/** `` where nothing is worth a line. */
export function noteOf(changes: readonly Change[]): string {
  const named = changes.filter((change) => TOLD.has(change.op === 'set' ? change.object.kind : change.kind)).map((change) =>
    change.op === 'set' ? `${change.object.kind} ${keyOf(change.object)} changed` : `${change.kind} ${change.key} removed`)
  const shown = named.slice(0, MOST_NAMED).join(', ')
  return named.length > MOST_NAMED ? `${shown} and ${named.length - MOST_NAMED} more` : shown
}
