// How the program looks from outside while it works: its memory, and numbers that have stopped moving. Knows no protocol.
import { readFileSync } from 'node:fs'
import { until } from '../support/until.ts'

const STILL_MS = 250
const WITHIN_MS = 10_000

export const residentBytes = ({ pid }: { readonly pid: number }): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

/** Resolves when `value` has stopped moving: the same for a quarter of a second. */
export async function stalled(value: () => number): Promise<number> {
  let last = -1
  let since = performance.now()
  await until('it stands still', () => {
    if (value() !== last) since = performance.now()
    last = value()
    return last > 0 && performance.now() - since > STILL_MS
  }, WITHIN_MS)
  return last
}
