// The objects of one collection as they are known now, and what changes in them. An object that can't be understood keeps its last good
// version. Knows no requests, and of the kinds only how to read them.
import { contentOfValue } from '../kube/parse-object.ts'
import type { Change, Kind, KubeObject } from '../kube/objects.ts'
import type { Rejection } from '../kube/schema.ts'
import type { Issue } from '../model.ts'
import { identityOf, isMapping } from './raw.ts'

export type CollectionEvents = {
  changed(changes: readonly Change[]): void
  /** All issues of one object (`Kind namespace/name`). None: it is understood again, or gone. */
  issues(origin: string, issues: readonly Issue[]): void
  /** Everything that came, as it came; null: gone. */
  readonly seen?: (key: string, raw: unknown) => void
}
/** object: null while no version of it could be read. */
type Held = { readonly version: string; readonly object: KubeObject | null }
type Reads = { readonly kind: Kind; readonly apiVersion: string }

export class Collection {
  readonly #resource: Reads
  readonly #to: CollectionEvents
  readonly #isWanted: (key: string) => boolean
  /** By key. What a watch tells again with the same version is not read again; what reads the same, such as after a change of status, is no change. */
  readonly #held = new Map<string, Held>()
  readonly #rejected = new Set<string>()
  /** During a list: the keys that it had so far. */
  #listing: Set<string> | null = null

  /** isWanted: other keys are not kept, and not even read. */
  constructor(resource: Reads, to: CollectionEvents, isWanted: (key: string) => boolean = () => true) {
    this.#resource = resource
    this.#to = to
    this.#isWanted = isWanted
  }

  has(key: string): boolean {
    return this.#held.has(key)
  }

  began(): void {
    this.#listing = new Set()
  }

  page(items: readonly unknown[]): void {
    this.#tell(items.flatMap((item) => this.#set(item)))
  }

  listed(): void {
    const listed = this.#listing
    this.#listing = null
    if (listed !== null) this.#tell([...this.#held.keys()].filter((key) => !listed.has(key)).flatMap((key) => this.#drop(key)))
  }

  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: unknown): void {
    this.#tell(type === 'DELETED' ? this.#drop(identityOf(raw).key) : this.#set(raw))
  }

  /** It is gone, or nobody wants it any more. */
  forget(key: string): void {
    this.#tell(this.#drop(key))
  }

  #tell(changes: readonly Change[]): void {
    if (changes.length > 0) this.#to.changed(changes)
  }

  #set(raw: unknown): readonly Change[] {
    const { key, version } = identityOf(raw)
    if (!this.#isWanted(key)) return []
    this.#listing?.add(key)
    const held = this.#held.get(key)
    // A list may be one of an etcd that was put back to an older state, where versions came to be used twice.
    if (held?.version === version && this.#listing === null) return []
    this.#to.seen?.(key, raw)
    const read = readOf(raw, this.#resource)
    const isKept = 'reason' in read || Bun.deepEquals(held?.object, read)
    this.#held.set(key, { version, object: isKept ? held?.object ?? null : read })
    if ('reason' in read) return this.#reject(key, read)
    this.#accept(key)
    return isKept ? [] : [{ op: 'set', object: read }]
  }

  #drop(key: string): readonly Change[] {
    if (!this.#held.delete(key)) return []
    this.#to.seen?.(key, null)
    this.#accept(key)
    return [{ op: 'delete', kind: this.#resource.kind, key }]
  }

  #accept(key: string): void {
    if (this.#rejected.delete(key)) this.#to.issues(this.#origin(key), [])
  }

  #reject(key: string, { field, reason }: Rejection): readonly Change[] {
    this.#rejected.add(key)
    const object = this.#origin(key)
    this.#to.issues(object, [{ object, field, reason: `${reason}; until it is mended this version of the object is not used` }])
    return []
  }

  #origin(key: string): string {
    return `${this.#resource.kind} ${key}`
  }
}

/** The items of a list name neither kind nor version. */
function readOf(raw: unknown, { kind, apiVersion }: Reads): KubeObject | Rejection {
  const { items, faults } = contentOfValue({ ...(isMapping(raw) ? raw : {}), kind, apiVersion })
  const [item] = items
  if (item === undefined) return { field: '', reason: faults[0]?.reason ?? 'is not valid' }
  if ('rejection' in item) return item.rejection
  const [object] = item.objects
  return object ?? { field: '', reason: 'is empty' }
}
