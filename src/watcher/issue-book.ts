// All present issues by where they come from (a file, the table), and which of them are news. Knows nothing of their content.
import type { Issue } from '../model.ts'

export class IssueBook {
  readonly #byOrigin = new Map<string, readonly Issue[]>()

  /** Replaces the origin's issues; returns those that it did not have before. */
  report(origin: string, issues: readonly Issue[]): readonly Issue[] {
    const former = this.#byOrigin.get(origin) ?? []
    if (issues.length > 0) this.#byOrigin.set(origin, issues)
    else this.#byOrigin.delete(origin)
    if (issues === former || issues.length === 0) return []
    const known = new Set(former.map(identity))
    return issues.filter((issue) => !known.has(identity(issue)))
  }

  all(): readonly Issue[] {
    return [...this.#byOrigin.values()].flat()
  }

  get size(): number {
    return this.#byOrigin.values().reduce((sum, issues) => sum + issues.length, 0)
  }
}

const identity = ({ object, field, reason }: Issue): string => `${object}\n${field}\n${reason}`
