// What a case came to, and the line that says so. Knows neither format.

export type Result = {
  readonly id: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** failed: each expectation that did not hold, with what was got. skipped: why. */
  readonly details: readonly string[]
  /** Passed by an outcome that the case lists as also_ok. */
  readonly alsoOk?: string
}

export const passed = (id: string): Result => ({ id, outcome: 'passed', details: [] })
export const failed = (id: string, details: readonly string[]): Result => ({ id, outcome: 'failed', details })
export const skipped = (id: string, reasons: readonly string[]): Result => ({ id, outcome: 'skipped', details: reasons })

/** `none` passes. */
export function byComplaints(id: string, complaints: readonly string[]): Result {
  return complaints.length === 0 ? passed(id) : failed(id, complaints)
}

export function report({ id, outcome, details, alsoOk }: Result): string {
  if (outcome === 'passed') return `passed  ${id}${alsoOk ? ` (also_ok: ${alsoOk})` : ''}`
  return `${outcome === 'failed' ? 'FAILED ' : 'skipped'} ${id}\n${details.map((detail) => `          ${detail}\n`).join('')}`.trimEnd()
}

export function summary(results: readonly Result[]): string {
  const count = (outcome: Result['outcome']) => results.filter((result) => result.outcome === outcome).length
  const also = results.filter(({ alsoOk }) => alsoOk !== undefined).length
  return `${also > 0 ? `${also} by also_ok; ` : ''}${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`
}

/** Values in messages: readable, on one line, of bounded length. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}
