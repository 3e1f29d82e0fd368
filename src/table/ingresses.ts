// All our Ingresses by the hosts that they want; each compiled once while it and the route settings stay the same.
// Knows nothing of Services or Secrets.
import type { Ingress, Objects } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { classSelector } from './classes.ts'
import type { HostDraft } from './draft.ts'
import { Groups } from './groups.ts'
import { type CompiledIngress, compileIngress } from './ingress.ts'
import { meanings } from './meaning.ts'
import { memoByObject, memoLast } from './memo.ts'
import type { BuildOptions } from './options.ts'
import type { RouteSettings } from './policies.ts'

export class IngressCompiler {
  /** The contributors of each host. */
  readonly hosts = new Groups<CompiledIngress, HostDraft>(({ hosts }) => hosts)
  /** Keys of the Ingresses of our class, also of those that have a fault. A live view. */
  readonly #ours = new Set<string>()
  /** By key, of those that have any. */
  readonly #issues = new Map<string, readonly Issue[]>()
  readonly #options: BuildOptions
  readonly #compilerFor: (settings: RouteSettings) => (ingress: Ingress) => CompiledIngress
  /** By key: what goes on being served while a newer version has a fault. As an object, since settings may change meanwhile. */
  readonly #lastGood = new Map<string, Ingress>()

  constructor(options: BuildOptions) {
    this.#options = options
    this.#compilerFor = memoLast((settings) => {
      const meaningOf = meanings(options.annotationsPrefix, settings)
      return memoByObject((ingress) => compileIngress(ingress, { options, settings, meaningOf }))
    })
  }

  get ours(): ReadonlySet<string> {
    return this.#ours
  }

  /** Brings `hosts` up to date. changed: keys of all that may differ since the last call, with the same settings and classes; undefined: any may. */
  compile(objects: Objects, settings: RouteSettings, changed?: ReadonlySet<string>): readonly Issue[] {
    const isSelected = classSelector(this.#options, objects.IngressClass)
    const compile = this.#compilerFor(settings)
    for (const key of changed ?? new Set([...this.#ours, ...objects.Ingress.keys()])) {
      const ingress = objects.Ingress.get(key)
      if (ingress === undefined || !isSelected(ingress)) this.#drop(key)
      else this.#take(key, ingress, compile)
    }
    return [...this.#issues.values()].flat()
  }

  #take(key: string, ingress: Ingress, compile: (ingress: Ingress) => CompiledIngress): void {
    const { issues, fault } = compile(ingress)
    const good = fault === undefined ? ingress : this.#lastGood.get(key)
    this.#ours.add(key)
    this.#note(key, fault === undefined ? issues : [...issues, withOutcome(fault, good)])
    if (good !== undefined) this.#lastGood.set(key, good)
    this.hosts.renew(key, good && compile(good))
  }

  #note(key: string, issues: readonly Issue[]): void {
    if (issues.length > 0) this.#issues.set(key, issues)
    else this.#issues.delete(key)
  }

  #drop(key: string): void {
    this.#ours.delete(key)
    this.#issues.delete(key)
    this.#lastGood.delete(key)
    this.hosts.delete(key)
  }
}

function withOutcome(fault: Issue, served: Ingress | undefined): Issue {
  const what = served === undefined ? 'nothing of this Ingress' : 'its last good version'
  return { ...fault, reason: `${fault.reason}: ${what} is served until it is mended` }
}
