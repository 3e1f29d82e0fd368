// Which Ingresses of ours are new or changed since the last look. At the first look none is: a restart is no news. Pure but for what it remembers.
import type { Ingress } from '../kube/objects.ts'

export class Syncs {
  readonly #known = new Map<string, Ingress>()
  #hasLooked = false

  /** ours: keys. changed: keys of all that may be others since the last look; undefined: any may. An object of the store is another one when it reads otherwise. */
  since(ours: ReadonlySet<string>, ingresses: ReadonlyMap<string, Ingress>, changed?: ReadonlySet<string>): readonly Ingress[] {
    const news: Ingress[] = []
    for (const key of changed ?? new Set([...this.#known.keys(), ...ours])) {
      const ingress = ours.has(key) ? ingresses.get(key) : undefined
      if (ingress === undefined) this.#known.delete(key)
      else if (this.#known.get(key) !== ingress) news.push(ingress)
      if (ingress !== undefined) this.#known.set(key, ingress)
    }
    const isFirst = !this.#hasLooked
    this.#hasLooked = true
    return isFirst ? [] : news
  }
}
