// Which endpoints of a backend may be picked: never fewer than half of them, but for those that take no connections while another does.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Patient, patient, Ward } from '../../../src/upstream/health/ward.ts'

const backend = (count: number) => {
  let available: readonly Patient[] = []
  const ward = new Ward<Patient>((usable) => { available = usable })
  const patients = Array.from({ length: count }, () => patient(() => 0.5))
  ward.set(patients)
  const attempt = (one: Patient, nowMs: number, error: string) => {
    ward.began(one, true, nowMs)
    if (error === '') ward.answered(one, true, { startedMs: nowMs, nowMs: nowMs + 1 })
    if (one.health.ended(error, nowMs, nowMs + 1)) ward.settle()
  }
  const kill = (one: Patient, error: string) => { for (let i = 0; i < 3; i++) attempt(one, i, error) }
  return { ward, patients, attempt, kill, available: () => available }
}

test('one that fails is out; the others serve', () => {
  const { patients, kill, available } = backend(4)
  kill(patients[1]!, 'upstream_reset')
  expect(available()).toEqual([patients[0]!, patients[2]!, patients[3]!])
  expect(patients.map((one) => one.available)).toEqual([true, false, true, true])
})

test('with most of them failing, all are used', () => {
  const { patients, kill, available } = backend(4)
  for (const one of patients.slice(0, 2)) kill(one, 'timeout_header')
  expect(available()).toHaveLength(2)
  kill(patients[2]!, 'timeout_header')
  expect(available()).toEqual(patients)
})

test('those that refuse stay out while another takes connections; with none left all are used, and the first that answers is used alone', () => {
  const { patients, kill, attempt, available } = backend(4)
  for (const one of patients.slice(0, 3)) kill(one, 'connect_failed')
  expect(available()).toEqual([patients[3]!])
  kill(patients[3]!, 'connect_failed')
  expect(available()).toEqual(patients)
  attempt(patients[2]!, 10, '')
  expect(available()).toEqual([patients[2]!])
})

test('a single endpoint is never left out', () => {
  const { patients, kill, available } = backend(1)
  kill(patients[0]!, 'upstream_reset')
  expect(available()).toEqual(patients)
})

test('what active checks found is out until they find it well', () => {
  const { ward, patients, available } = backend(2)
  patients[0]!.checked = false
  ward.settle()
  expect(available()).toEqual([patients[1]!])
  patients[0]!.checked = true
  ward.settle()
  expect(available()).toEqual(patients)
})

test('when it is due, a trial goes to one that is out, and only one', () => {
  const { ward, patients, kill, available } = backend(4)
  kill(patients[0]!, 'upstream_reset')
  ward.wake(ward.dueMs)
  expect(available()).toEqual(patients)
  ward.began(patients[0]!, true, 5000)
  expect(available()).toEqual(patients.slice(1))
})

test('slow beside the others: out; slow like the others: not', () => {
  const answers = (slowMs: number, otherMs: number) => {
    const { ward, patients } = backend(4)
    for (let i = 0; i < 10; i++) {
      for (const one of patients) {
        const startedMs = i * 1000
        ward.began(one, true, startedMs)
        ward.answered(one, true, { startedMs, nowMs: startedMs + (one === patients[0] ? slowMs : otherMs) })
      }
    }
    return patients[0]!.health.condition
  }
  expect(answers(300, 5)).toBe('out')
  expect(answers(300, 40)).toBe('well')
  expect(answers(200, 5)).toBe('well')
})

test('whatever happens, at least half may be picked, or all that take connections', () => {
  const step = fc.record({ who: fc.nat(9), pass: fc.integer({ min: 0, max: 1500 }), error: fc.constantFrom('', 'connect_failed', 'upstream_reset', 'timeout_header') })
  fc.assert(fc.property(fc.integer({ min: 1, max: 10 }), fc.array(step, { maxLength: 150 }), (count, steps) => {
    const { ward, patients, attempt, available } = backend(count)
    let now = 1
    for (const { who, pass, error } of steps) {
      now += pass
      if (now >= ward.dueMs) ward.wake(now)
      attempt(patients[who % count]!, now, error)
      const alive = patients.filter(({ health }) => health.condition !== 'dead').length
      expect(available().length).toBeGreaterThanOrEqual(Math.max(1, Math.min(count / 2, alive)))
    }
  }))
})
