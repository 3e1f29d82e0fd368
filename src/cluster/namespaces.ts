// Which namespaces count: those that a selector chose, and not those that are being deleted, where since Kubernetes 1.33 an Ingress
// outlives its endpoints by seconds (kubernetes.md §2). Knows no other kind.
import { identityOf, valueAt } from './raw.ts'
import type { Follower } from './reflector.ts'

export class Namespaces implements Pick<Follower, 'began' | 'page' | 'listed' | 'event'> {
  /** By name; false: it is being deleted. */
  readonly #alive = new Map<string, boolean>()
  readonly #selected: boolean
  readonly #turned: (namespace: string) => void
  #listing: Set<string> | null = null

  /** selected: only namespaces that the API server lists count. turned: isVisible may say something else now. */
  constructor({ selected, turned }: { readonly selected: boolean; readonly turned: (namespace: string) => void }) {
    this.#selected = selected
    this.#turned = turned
  }

  /** One that is not known yet came with its first Ingress: the other watch is late. */
  isVisible(namespace: string): boolean {
    return this.#alive.get(namespace) ?? !this.#selected
  }

  began(): void {
    this.#listing = new Set()
  }
  page(items: readonly unknown[]): void {
    for (const item of items) this.#set(item)
  }
  listed(): void {
    const listed = this.#listing
    this.#listing = null
    for (const name of [...this.#alive.keys()]) if (listed?.has(name) === false) this.#drop(name)
  }
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: unknown): void {
    if (type === 'DELETED') this.#drop(identityOf(raw).key)
    else this.#set(raw)
  }

  #set(raw: unknown): void {
    const { key } = identityOf(raw)
    const alive = valueAt(raw, 'metadata', 'deletionTimestamp') === undefined
    this.#listing?.add(key)
    if (this.#alive.get(key) === alive) return
    this.#alive.set(key, alive)
    this.#turned(key)
  }
  #drop(name: string): void {
    if (this.#alive.delete(name)) this.#turned(name)
  }
}
