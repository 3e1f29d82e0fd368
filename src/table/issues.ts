// The issues of one build in one order, whatever order the objects came in. Knows nothing of what they are about.
import type { Issue } from '../model.ts'

/** By object, field, reason; each once. */
export function orderedIssues(issues: readonly Issue[]): readonly Issue[] {
  const sorted = issues.toSorted(compareIssues)
  return sorted.filter((issue, index) => {
    const former = sorted[index - 1]
    return former === undefined || compareIssues(former, issue) !== 0
  })
}

function compareIssues(a: Issue, b: Issue): number {
  return compareText(a.object, b.object) || compareText(a.field, b.field) || compareText(a.reason, b.reason)
}

/** By code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
