// What a set of annotations means: read once for all Ingresses that have the same one, of which thousands share a few. They share its objects
// too, a third of what a table takes. Knows no Ingress.
import type { BackendOptions, Policies } from '../model.ts'
import { isOurs, readAnnotations, type ReadAnnotations, suggestAnnotation } from './annotations.ts'
import { backendOptions } from './backend-options.ts'
import { memoByText, memoRecent } from './memo.ts'
import { commonPolicies, type RouteSettings } from './policies.ts'

export type Meaning = {
  readonly annotations: ReadAnnotations
  /** Of every route; what depends on the path comes later. */
  readonly policies: Policies
  /** Of every backend but one that is spoken to with TLS of its own. */
  readonly options: BackendOptions
}

/** Sets at a time: one of each Ingress of a large cluster, if no two are the same. */
const SETS = 5000

export function meanings(prefix: string, settings: RouteSettings): (raw: Readonly<Record<string, string>>) => Meaning {
  const suggest = memoByText(suggestAnnotation)
  const meaningOf = memoRecent(SETS, (json) => {
    const annotations = readAnnotations(JSON.parse(json), prefix, suggest)
    return { annotations, policies: commonPolicies(annotations.values, settings, annotations.denies), options: backendOptions(annotations.values, settings) }
  })
  // What others keep there, such as kubectl all that was applied, is of each Ingress alone.
  return (raw) => meaningOf(JSON.stringify(Object.fromEntries(Object.entries(raw).filter(([field]) => isOurs(field, prefix)))))
}
