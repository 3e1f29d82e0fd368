// All our Ingresses by the hosts that they want; each compiled once while it and the route settings stay the same.
// Knows nothing of Services or Secrets.
import type { Ingress, Objects } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { suggestAnnotation } from './annotations.ts'
import { classSelector } from './classes.ts'
import type { HostDraft } from './draft.ts'
import { Groups } from './groups.ts'
import { type CompiledIngress, compileIngress } from './ingress.ts'
import { memoByObject, memoByText, memoLast } from './memo.ts'
import type { BuildOptions } from './options.ts'
import type { RouteSettings } from './policies.ts'

export class IngressCompiler {
  /** The contributors of each host. */
  readonly hosts = new Groups<CompiledIngress, HostDraft>(({ hosts }) => hosts)
  /** Keys of the Ingresses of our class, also of those that have a fault. */
  ours: ReadonlySet<string> = new Set()
  readonly #options: BuildOptions
  readonly #compilerFor: (settings: RouteSettings) => (ingress: Ingress) => CompiledIngress
  /** By key: what goes on being served while a newer version has a fault. As an object, since settings may change meanwhile. */
  readonly #lastGood = new Map<string, Ingress>()

  constructor(options: BuildOptions) {
    const suggest = memoByText(suggestAnnotation)
    this.#options = options
    this.#compilerFor = memoLast((settings) => memoByObject((ingress) => compileIngress(ingress, { options, settings, suggest })))
  }

  /** Brings `hosts` up to date. */
  compile(objects: Objects, settings: RouteSettings): readonly Issue[] {
    const isSelected = classSelector(this.#options, objects.IngressClass)
    const compile = this.#compilerFor(settings)
    const issues: Issue[] = []
    const served = new Map<string, CompiledIngress>()
    const ours = new Set<string>()
    for (const [key, ingress] of objects.Ingress) {
      if (!isSelected(ingress)) continue
      ours.add(key)
      const compiled = compile(ingress)
      for (const issue of compiled.issues) issues.push(issue)
      const good = this.#choose(key, ingress, compiled.fault)
      if (compiled.fault !== undefined) issues.push(withOutcome(compiled.fault, good))
      if (good !== undefined) served.set(key, compile(good))
    }
    this.hosts.reconcile(served)
    this.#forget(served)
    this.ours = ours
    return issues
  }

  #choose(key: string, ingress: Ingress, fault: Issue | undefined): Ingress | undefined {
    const former = this.#lastGood.get(key)
    if (fault !== undefined) return former
    if (former !== ingress) this.#lastGood.set(key, ingress)
    return ingress
  }

  #forget(served: ReadonlyMap<string, unknown>): void {
    if (this.#lastGood.size === served.size) return
    for (const key of this.#lastGood.keys()) if (!served.has(key)) this.#lastGood.delete(key)
  }
}

function withOutcome(fault: Issue, served: Ingress | undefined): Issue {
  const what = served === undefined ? 'nothing of this Ingress' : 'its last good version'
  return { ...fault, reason: `${fault.reason}: ${what} is served until it is mended` }
}
