// The tests of a suite: a seeded sample of its cases through the real program, and what must hold of the program during and after them.
// FAULTS_SEED=n draws another sample; a finding is repeated by its name: `bun test/faults/exhaustive.ts NAME`.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { metric } from '../features/scene.ts'
import { until } from '../support/until.ts'
import type { Census } from '../support/faults/census.ts'
import { sampleOf } from './cases.ts'
import { logged } from './log.ts'
import { type Found, Scene } from './scene.ts'
import { suite } from './suites.ts'

const SEED = Number(process.env['FAULTS_SEED'] ?? 1)
const CASES = 400
/** Cases whose fault comes behind the last octet that there is: the sizes of TLS flights vary, and so does what a timeout cuts off. */
const UNSTRUCK = 0.2
/** Far below one for each case; the collector of JavaScriptCore leaves some that its stack seems to name. */
const LEFT = 30
const TEST_MS = 60_000

/** Defines the tests of the suite with this name. */
export function broken(name: string): void {
  describe(`${name}, seed ${SEED}`, () => {
    let scene: Scene
    let found: Found
    let before: Census
    let after: Census
    let from: { readonly stdout: number; readonly stderr: number }
    const notes = () => scene.program.stderr.slice(from.stderr)
    const log = () => logged(scene.program.stdout.slice(from.stdout))

    beforeAll(async () => {
      const broken = suite(name)
      scene = await Scene.open(broken)
      const cases = []
      for (const conversation of broken.conversations) cases.push(...await scene.casesOf(conversation, SEED))
      before = await scene.census()
      const { stdout, stderr } = scene.program
      from = { stdout: stdout.length, stderr: stderr.length }
      found = await scene.run(sampleOf(broken, cases, { count: CASES, seed: SEED }))
      after = await scene.census()
    }, TEST_MS)
    afterAll(() => scene?.close())

    test('each conversation comes to an end in time, and what was taken for whole was', () => {
      expect(found.findings).toEqual([])
      expect(found.struck).toBeGreaterThan(CASES * (1 - UNSTRUCK))
    })
    test('the healthy connections beside them were served all the time', () => {
      expect(found.bystanders.failures).toEqual([])
      expect(found.bystanders.served).toBeGreaterThan(0)
    })
    test('no defect, no restart: the program has nothing to say of it', () => { expect(notes()).toEqual([]) })
    test('each refusal is in the log with its reason, in the metric too, and no octet of the input as it was', async () => {
      await until('each answer is logged', () => [...found.statuses].every(([status, times]) => (log().statuses.get(status) ?? 0) >= times))
      const { raw, unreasoned, reasons } = log()
      expect({ raw, unreasoned }).toEqual({ raw: [], unreasoned: [] })
      for (const [reason, times] of reasons) {
        await until(`${reason} is counted`, async () => await metric(scene.program, 'lintel_own_answers_total', `reason="${reason}"`) >= times)
      }
    })
    test('afterwards the program holds as many descriptors and objects as before', () => {
      expect(after['fds']).toBeLessThanOrEqual((before['fds'] ?? 0) + 2)
      expect(Object.entries(after).filter(([name, count]) => count - (before[name] ?? 0) > LEFT)).toEqual([])
    })
  })
}
