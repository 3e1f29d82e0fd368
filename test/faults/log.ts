// The access log as the scene's format writes it: which statuses and reasons, and what must not be in it. Pure.

/** What a line may consist of. */
const PRINTABLE = /^[\x20-\x7e]*$/
const LINE = /^status=(\d+) reason=(\S+) /
const REFUSED = 400

export type Logged = {
  readonly statuses: ReadonlyMap<number, number>
  readonly reasons: ReadonlyMap<string, number>
  /** Lines of refusals without a reason. */
  readonly unreasoned: readonly string[]
  /** Lines with octets that could steer a terminal or look like lines of their own. */
  readonly raw: readonly string[]
}

export const logged = (lines: readonly string[]): Logged => {
  const statuses = new Map<number, number>()
  const reasons = new Map<string, number>()
  const unreasoned: string[] = []
  for (const line of lines) {
    const [, digits = '0', reason = '-'] = LINE.exec(line) ?? []
    const status = Number(digits)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (reason !== '-') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    else if (status === 0 || status >= REFUSED) unreasoned.push(line)
  }
  return { statuses, reasons, unreasoned, raw: lines.filter((line) => !PRINTABLE.test(line)) }
}
