// A sample of fuzz.ts; `bun test/http/h2/fuzz.ts` does 60,000.
import { expect, test } from 'bun:test'
import { finding } from './fuzz.ts'

const COUNT = 3_000
const BUDGET_MS = 10_000

test(`${COUNT} mutated connections: nothing thrown, said wrongly or held beyond its bounds`, () => {
  const start = performance.now()
  let seed = 0
  for (; seed < COUNT && performance.now() - start < BUDGET_MS; seed++) expect([seed, finding(seed)]).toEqual([seed, undefined])
  expect(seed).toBeGreaterThan(COUNT / 10)
}, 2 * BUDGET_MS)
