// The endpoints of one backend under observation: which of them may be picked, and when one that is left out gets its trial.
// Knows neither balancing nor connections.
import { Health } from './health.ts'
import { Pace } from './pace.ts'
import { Slowness } from './slowness.ts'

/** With fewer than this in service, the rest could not bear the load, or it is health that is wrong: all are used ("panic"). */
const LEAST_IN_SERVICE = 0.5

/** What health remembers of an endpoint. */
export type Patient = {
  readonly health: Health
  readonly slowness: Slowness
  /** What active checks say. */
  checked: boolean
  /** May be picked. */
  available: boolean
}
export const patient = (random?: () => number): Patient => ({ health: new Health(random), slowness: new Slowness(), checked: true, available: true })

export class Ward<P extends Patient> {
  /** When something changes by itself; Infinity: never. */
  dueMs = Infinity
  readonly pace = new Pace()
  #patients: readonly P[] = []
  readonly #settled: (available: readonly P[]) => void

  /** settled: these may be picked from now on, in the order of `set`. */
  constructor(settled: (available: readonly P[]) => void) { this.#settled = settled }

  set(patients: readonly P[]) {
    this.#patients = patients
    this.settle()
  }

  /** `dueMs` has come. */
  wake(nowMs: number) {
    for (const { health } of this.#patients) health.wake(nowMs)
    this.settle()
  }

  /** An attempt at one of them began, comparable: its requests are like those of the others. */
  began({ health }: P, comparable: boolean, nowMs: number) {
    if (health.began(nowMs, comparable ? this.pace : null)) this.settle()
  }

  /** The head of an answer that is no failure. */
  answered(one: P, comparable: boolean, times: { readonly startedMs: number; readonly nowMs: number }) {
    const headMs = times.nowMs - times.startedMs
    this.pace.answered(times.nowMs, headMs)
    one.slowness.answered(headMs)
    if (comparable && one.slowness.isSuspect && one.slowness.isOutlier(this.#others(one))) return this.#failed(one, times)
    if (one.health.answered(times.startedMs)) this.settle()
  }
  #failed(one: P, { startedMs, nowMs }: { readonly startedMs: number; readonly nowMs: number }) {
    one.slowness.forget()
    if (one.health.failed('slow', startedMs, nowMs)) this.settle()
  }
  #others(one: P) {
    return this.#patients.filter((other) => other !== one && other.health.condition === 'well').map(({ slowness }) => slowness.averageMs)
  }

  /** Who may be picked. */
  settle() {
    const patients = this.#patients
    const panics = patients.filter(serves).length < patients.length * LEAST_IN_SERVICE
    const usable = panics ? this.#desperate() : patients.filter((one) => one.health.trial || serves(one))
    for (const one of patients) one.available = false
    for (const one of usable) one.available = true
    this.dueMs = Math.min(Infinity, ...patients.map(({ health }) => health.dueMs))
    this.#settled(usable)
  }
  /** One that takes no connections bears no load: sending there would only cost a try, as long as there is another. */
  #desperate(): readonly P[] {
    const alive = this.#patients.filter(({ health }) => health.condition !== 'dead' || health.trial)
    return alive.some(({ health }) => !health.trial) ? alive : this.#patients
  }
}

const serves = ({ checked, health }: Patient) => checked && health.condition === 'well'
