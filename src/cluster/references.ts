// Which Secrets and ConfigMaps others refer to: only those are kept in memory. Knows no requests.
import type { Ingress, KubeObject } from '../kube/objects.ts'

export type ReferredKind = 'Secret' | 'ConfigMap'
type Names = Readonly<Record<ReferredKind, readonly string[]>>

/** What the flags name, as `namespace/name`, and the prefix of the annotations that are read. */
export type Roots = { readonly secrets: readonly string[]; readonly configMaps: readonly string[]; readonly annotationsPrefix: string }
export type Turn = { readonly gained: readonly string[]; readonly lost: readonly string[] }

/** Annotations whose value is the name of one, in the Ingress's own namespace where it names none. */
const SECRET_ANNOTATIONS = ['auth-secret', 'auth-tls-secret', 'proxy-ssl-secret']
const CONFIG_MAP_ANNOTATIONS = ['auth-proxy-set-headers', 'custom-headers', 'fastcgi-params-configmap']
/** Keys of the ConfigMap with the global settings whose value is the name of another. */
const CONFIG_MAP_KEYS = ['add-headers', 'proxy-set-headers']
const KINDS: readonly ReferredKind[] = ['Secret', 'ConfigMap']
const NOTHING: Names = { Secret: [], ConfigMap: [] }

export class References {
  readonly #roots: Roots
  readonly #byHolder = new Map<string, Names>()
  readonly #counts: Readonly<Record<ReferredKind, Map<string, number>>> = { Secret: new Map(), ConfigMap: new Map() }

  constructor(roots: Roots) {
    this.#roots = roots
    this.#count({ Secret: roots.secrets, ConfigMap: roots.configMaps }, 1)
  }

  has(kind: ReferredKind, key: string): boolean {
    return this.#counts[kind].has(key)
  }

  /** object: what the holder is now, null: gone. Returns which names are referred to from now on, and which no longer. */
  set(holder: string, object: KubeObject | null): Readonly<Record<ReferredKind, Turn>> {
    const before = this.#byHolder.get(holder) ?? NOTHING
    const now = object === null ? NOTHING : this.#namesIn(object)
    if (now === NOTHING) this.#byHolder.delete(holder)
    else this.#byHolder.set(holder, now)
    const gained = (kind: ReferredKind) => now[kind].filter((key) => !this.has(kind, key))
    const [secrets, configMaps] = [gained('Secret'), gained('ConfigMap')]
    this.#count(now, 1)
    this.#count(before, -1)
    const lost = (kind: ReferredKind) => before[kind].filter((key) => !this.has(kind, key))
    return { Secret: { gained: secrets, lost: lost('Secret') }, ConfigMap: { gained: configMaps, lost: lost('ConfigMap') } }
  }

  #namesIn(object: KubeObject): Names {
    if (object.kind === 'Ingress') return namesInIngress(object, this.#roots.annotationsPrefix)
    if (object.kind === 'IngressClass') return object.parameters === '' ? NOTHING : { Secret: [], ConfigMap: [object.parameters] }
    if (object.kind !== 'ConfigMap') return NOTHING
    return { Secret: [], ConfigMap: unique(CONFIG_MAP_KEYS.map((key) => object.data[key] ?? '').filter((name) => name.includes('/'))) }
  }

  #count(names: Names, by: 1 | -1): void {
    for (const kind of KINDS) for (const key of names[kind]) {
      const holders = (this.#counts[kind].get(key) ?? 0) + by
      if (holders > 0) this.#counts[kind].set(key, holders)
      else this.#counts[kind].delete(key)
    }
  }
}

function namesInIngress(ingress: Ingress, prefix: string): Names {
  const { namespace } = ingress.meta
  const tls = ingress.tls.filter(({ secretName }) => secretName !== '').map(({ secretName }) => `${namespace}/${secretName}`)
  const Secret = unique([...tls, ...namesInAnnotations(ingress, SECRET_ANNOTATIONS, prefix)])
  const ConfigMap = unique(namesInAnnotations(ingress, CONFIG_MAP_ANNOTATIONS, prefix))
  return Secret.length + ConfigMap.length === 0 ? NOTHING : { Secret, ConfigMap }
}

function namesInAnnotations({ meta }: Ingress, annotations: readonly string[], prefix: string): string[] {
  return annotations.map((name) => meta.annotations[`${prefix}/${name}`] ?? '').filter((value) => value !== '')
    .map((value) => (value.includes('/') ? value : `${meta.namespace}/${value}`))
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)]
