// The endpoints of one backend under observation: which of them may be picked, and when one that is left out gets its trial.
// Knows neither balancing nor connections.
import { type EjectionReason, Health } from './health.ts'
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
/** performance.now(). */
type Times = { readonly startedMs: number; readonly nowMs: number }

export const patient = (random?: () => number): Patient => ({ health: new Health(random), slowness: new Slowness(), checked: true, available: true })

export class Ward<P extends Patient> {
  /** When something changes by itself; Infinity: never. */
  dueMs = Infinity
  /** There are some, and none takes connections. */
  allDead = false
  readonly pace = new Pace()
  #patients: readonly P[] = []
  readonly #settled: (available: readonly P[]) => void

  readonly #ejected: (reason: EjectionReason) => void

  /** settled: these may be picked from now on, in the order of `set`. ejected: one is left out from now on. */
  constructor(settled: (available: readonly P[]) => void, ejected: (reason: EjectionReason) => void = () => undefined) {
    this.#settled = settled
    this.#ejected = ejected
  }

  set(patients: readonly P[]) {
    this.#patients = patients
    this.settle()
  }

  /** Whoever is due gets a trial. */
  wake(nowMs: number) {
    if (nowMs < this.dueMs) return
    for (const { health } of this.#patients) health.wake(nowMs)
    this.settle()
  }

  /** An attempt at one of them began. comparable: its requests are like those of the others. */
  began(one: P, comparable: boolean, nowMs: number) {
    if (one.health.began(nowMs, comparable ? this.pace : null)) this.#turned(one)
  }

  /** The head of an answer that is no failure. */
  answered(one: P, comparable: boolean, times: Times) {
    const { startedMs, nowMs } = times
    this.pace.answered(nowMs, nowMs - startedMs)
    if (one.health.condition === 'well') one.slowness.answered(nowMs - startedMs)
    else one.slowness.restart(nowMs - startedMs)
    if (comparable && one.slowness.isSuspect && one.slowness.isOutlier(this.#others(one))) this.failed(one, 'slow', times)
    else if (one.health.answered(startedMs)) this.#turned(one)
  }

  /** An attempt is over. error: ProxyError.code, or `` for a whole answer. */
  ended(one: P, error: string, { startedMs, nowMs }: Times) {
    if (one.health.ended(error, startedMs, nowMs)) this.#turned(one)
  }

  failed(one: P, reason: EjectionReason, { startedMs, nowMs }: Times) {
    if (one.health.failed(reason, startedMs, nowMs)) this.#turned(one)
  }

  #turned({ health }: P) {
    if (health.reason !== null && !health.announced) this.#ejected(health.reason)
    health.announced = health.reason !== null
    this.settle()
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
    this.allDead = patients.length > 0 && patients.every(({ health }) => health.condition === 'dead')
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
