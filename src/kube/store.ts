// All objects known now, by kind and key, kept up to date by batches of changes. Knows no source and no table.
import type { Change, Kind, KubeObject, Objects } from './objects.ts'

type Maps = { readonly [K in Kind]: Map<string, Extract<KubeObject, { kind: K }>> }

/** `namespace/name`; an IngressClass, which has no namespace, `name`. */
export const keyOf = ({ meta }: KubeObject): string => (meta.namespace === '' ? meta.name : `${meta.namespace}/${meta.name}`)

export class Store {
  readonly #maps: Maps = {
    Ingress: new Map(), IngressClass: new Map(), Service: new Map(), EndpointSlice: new Map(), Secret: new Map(), ConfigMap: new Map(),
  }

  /** A live view: it changes with every `apply`. */
  get objects(): Objects {
    return this.#maps
  }

  /** Returns the kinds of which something changed: EndpointSlices alone take the short way to the table. */
  apply(changes: readonly Change[]): ReadonlySet<Kind> {
    const changed = new Set<Kind>()
    for (const change of changes) {
      const differs = change.op === 'set' ? this.#set(change.object) : this.#maps[change.kind].delete(change.key)
      if (differs) changed.add(change.op === 'set' ? change.object.kind : change.kind)
    }
    return changed
  }

  #set(object: KubeObject): boolean {
    const key = keyOf(object)
    if (this.#maps[object.kind].get(key) === object) return false
    put(this.#maps, key, object)
    return true
  }
}

const put = (maps: Maps, key: string, object: KubeObject): Map<string, KubeObject> => {
  switch (object.kind) {
    case 'Ingress': return maps.Ingress.set(key, object)
    case 'IngressClass': return maps.IngressClass.set(key, object)
    case 'Service': return maps.Service.set(key, object)
    case 'EndpointSlice': return maps.EndpointSlice.set(key, object)
    case 'Secret': return maps.Secret.set(key, object)
    case 'ConfigMap': return maps.ConfigMap.set(key, object)
  }
}
