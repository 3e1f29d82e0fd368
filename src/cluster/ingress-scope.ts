// The Ingresses of the namespaces that count. Knows no requests; when a namespace comes or goes, so do its Ingresses.
import type { Change, Ingress } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'

export class IngressScope {
  readonly #isVisible: (namespace: string) => boolean
  readonly #byNamespace = new Map<string, Map<string, Ingress>>()

  constructor(isVisible: (namespace: string) => boolean) {
    this.#isVisible = isVisible
  }

  /** What of these changes is to be seen. */
  pass(changes: readonly Change[]): readonly Change[] {
    return changes.filter((change) => {
      const key = change.op === 'set' ? keyOf(change.object) : change.key
      const namespace = key.slice(0, key.indexOf('/'))
      if (change.op === 'delete') this.#byNamespace.get(namespace)?.delete(key)
      else if (change.object.kind === 'Ingress') this.#within(namespace).set(key, change.object)
      return this.#isVisible(namespace)
    })
  }

  /** What to tell when a namespace may have come or gone. Sets of what is known already change nothing. */
  turned(namespace: string): readonly Change[] {
    const isVisible = this.#isVisible(namespace)
    const ingresses = this.#byNamespace.get(namespace) ?? new Map<string, Ingress>()
    return [...ingresses].map(([key, object]): Change => (isVisible ? { op: 'set', object } : { op: 'delete', kind: 'Ingress', key }))
  }

  #within(namespace: string): Map<string, Ingress> {
    let ingresses = this.#byNamespace.get(namespace)
    if (ingresses === undefined) this.#byNamespace.set(namespace, ingresses = new Map())
    return ingresses
  }
}
