// Which Ingresses of ours are new or changed since the last look. At the first look none is: a restart is no news. Pure but for what it remembers.
import type { Ingress } from '../kube/objects.ts'

export class Syncs {
  #known: ReadonlyMap<string, Ingress> | null = null

  /** ours: keys. An object of the store is another one when it reads otherwise. */
  since(ours: Iterable<string>, ingresses: ReadonlyMap<string, Ingress>): readonly Ingress[] {
    const known = this.#known
    const now = new Map<string, Ingress>()
    const changed: Ingress[] = []
    for (const key of ours) {
      const ingress = ingresses.get(key)
      if (ingress === undefined) continue
      now.set(key, ingress)
      if (known !== null && known.get(key) !== ingress) changed.push(ingress)
    }
    this.#known = now
    return changed
  }
}
