// Which namespaces count: those that a selector chose, and not those that are being deleted, where since Kubernetes 1.33 an Ingress
// outlives its endpoints by seconds (kubernetes.md §2). And whether those are there that a flag asks for. Knows no other kind.
import type { Issue } from '../model.ts'
import { identityOf, valueAt } from './raw.ts'
import type { Follower } from './reflector.ts'

/** What flags ask for: namespaces by name, a selector of them (`` for none). */
export type Wanted = { readonly names: readonly string[]; readonly selector: string }
export type NamespacesEvents = {
  /** isVisible may say something else now. */
  turned(namespace: string): void
  /** All issues of `origin`; none: it is there. */
  report(origin: string, issues: readonly Issue[]): void
}

export class Namespaces implements Pick<Follower, 'began' | 'page' | 'listed' | 'event'> {
  /** By name; false: it is being deleted. */
  readonly #alive = new Map<string, boolean>()
  readonly #wanted: Wanted
  readonly #to: NamespacesEvents
  #listing: Set<string> | null = null

  /** With a selector only namespaces that the API server lists count. */
  constructor(wanted: Wanted, to: NamespacesEvents) {
    this.#wanted = wanted
    this.#to = to
  }

  /** One that is not known yet came with its first Ingress: the other watch is late. */
  isVisible(namespace: string): boolean {
    return this.#alive.get(namespace) ?? this.#wanted.selector === ''
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
    this.#reportAbsent()
  }
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: unknown): void {
    if (type === 'DELETED') this.#drop(identityOf(raw).key)
    else this.#set(raw)
    this.#reportAbsent()
  }

  #set(raw: unknown): void {
    const { key } = identityOf(raw)
    const alive = valueAt(raw, 'metadata', 'deletionTimestamp') === undefined
    this.#listing?.add(key)
    if (this.#alive.get(key) === alive) return
    this.#alive.set(key, alive)
    this.#to.turned(key)
  }
  #drop(name: string): void {
    if (this.#alive.delete(name)) this.#to.turned(name)
  }

  #reportAbsent(): void {
    const { names, selector } = this.#wanted
    for (const name of names) this.#report(`Namespace ${name}`, this.#alive.has(name), ABSENT)
    if (selector !== '') this.#report(`Namespaces ${selector}`, this.#alive.size > 0, UNMATCHED)
  }
  #report(object: string, isThere: boolean, trouble: Omit<Issue, 'object'>): void {
    this.#to.report(object, isThere ? [] : [{ object, ...trouble }])
  }
}

const ABSENT = { field: '--watch-namespace', reason: 'does not exist: nothing is served from there until it does' }
const UNMATCHED = { field: '--watch-namespace-selector', reason: 'no namespace has these labels: nothing is served until one has' }
