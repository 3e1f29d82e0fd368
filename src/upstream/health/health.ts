// What an endpoint's own attempts say of it: whether it is left out of picking, and when one request tries it again.
// A state machine over times that it is given; knows no timers, no connections and no other endpoint.
import type { Pace } from './pace.ts'

/** dead: it takes no connections. out: it takes them, and fails. */
export type Condition = 'well' | 'out' | 'dead'
/** For people. trial: it is being tried again, or the next request will. */
export type HealthState = 'well' | 'ejected' | 'trial'
export type EjectionReason = 'refused' | 'failing' | 'silent' | 'slow'

/** Failures without a whole answer between them. One may be chance, and a rollout must not cost endpoints that are well. */
const FAILURES = 3
/** Failures further apart than this have nothing to do with each other (nginx's fail_timeout). */
const FAILURES_WITHIN_MS = 10_000
/** Left out for so long at first, then twice as long each time its trial fails. */
export const FIRST_BACKOFF_MS = 1000
/** A pod that was restarted is back within this. */
export const LONGEST_BACKOFF_MS = 30_000
/** Each worker, and each endpoint of a node that died, tries again at a moment of its own. */
const JITTER = 0.2
/** It hangs: so many attempts and for so long without any answer, while others answer. */
const SILENT_ATTEMPTS = 5
const SILENT_MS = 500
/** Unless the others take their time as well. */
const SILENT_FACTOR = 10

const REFUSALS: ReadonlySet<string> = new Set(['connect_failed', 'timeout_connect'])
const FAULTS: ReadonlySet<string> = new Set(['upstream_reset', 'timeout_header', 'timeout_send', 'timeout_body', 'bad_answer'])

/** Each method that says so returns whether the condition or the trial changed. */
export class Health {
  condition: Condition = 'well'
  /** Why it is left out; null: it is not. */
  reason: EjectionReason | null = null
  /** It was told that it is left out. */
  announced = false
  /** The next request may go to it although it is left out. */
  trial = false
  /** When the next trial is due. */
  dueMs = Infinity
  #sinceMs = 0
  #backoffMs = FIRST_BACKOFF_MS
  /** When the trial that runs began; Infinity: none does. */
  #trialMs = Infinity
  /** Back after a trial, and no answer has come whole yet: the next failure is enough. */
  #onProbation = false
  #failures = 0
  #failedMs = 0
  /** Attempts since the last answer, and when the first of them began. */
  #unanswered = 0
  #silentMs = 0
  readonly #random: () => number

  constructor(random: () => number = Math.random) { this.#random = random }

  /** An attempt goes to it. pace: of the backend; null where requests of one endpoint are not like those of another. */
  began(nowMs: number, pace: Pace | null): boolean {
    if (this.#unanswered++ === 0) this.#silentMs = nowMs
    if (this.condition !== 'well') return this.trial && this.#beginTrial(nowMs)
    return pace !== null && this.#isSilent(nowMs, pace) && this.#eject('out', 'silent', nowMs)
  }
  #beginTrial(nowMs: number): boolean {
    this.trial = false
    this.#trialMs = nowMs
    // Should it take longer than that, another one goes.
    this.dueMs = nowMs + this.#backoffMs
    return true
  }
  #isSilent(nowMs: number, pace: Pace): boolean {
    const silentMs = nowMs - this.#silentMs
    return this.#unanswered >= SILENT_ATTEMPTS && silentMs >= SILENT_MS && silentMs > pace.averageMs * SILENT_FACTOR && pace.answeredMs > this.#silentMs
  }

  /** The head of an answer came that is no failure. */
  answered(startedMs: number): boolean {
    this.#unanswered = 0
    // What began before it was left out says nothing about now.
    if (this.condition === 'well' || startedMs <= this.#sinceMs) return false
    this.condition = 'well'
    this.reason = null
    this.trial = false
    this.#onProbation = true
    return this.#wait(Infinity)
  }

  /** An attempt is over. error: ProxyError.code, or `` for a whole answer. */
  ended(error: string, startedMs: number, nowMs: number): boolean {
    if (error === '') this.#completed()
    const refused = REFUSALS.has(error)
    return (refused || FAULTS.has(error)) && this.failed(refused ? 'refused' : 'failing', startedMs, nowMs)
  }
  #completed() {
    if (this.condition !== 'well') return
    this.#failures = 0
    this.#onProbation = false
    this.#backoffMs = FIRST_BACKOFF_MS
  }

  /** It failed, or is slow: once is enough for that, as it is an average. */
  failed(reason: EjectionReason, startedMs: number, nowMs: number): boolean {
    if (reason === 'slow') this.#unanswered = 0
    if (this.condition !== 'well') return startedMs >= this.#trialMs && this.#failedTrial(nowMs)
    if (nowMs - this.#failedMs > FAILURES_WITHIN_MS) this.#failures = 0
    this.#failedMs = nowMs
    this.#failures++
    if (reason !== 'slow' && !this.#onProbation && this.#failures < FAILURES) return false
    return this.#eject(reason === 'refused' ? 'dead' : 'out', reason, nowMs)
  }

  #eject(condition: Condition, reason: EjectionReason, nowMs: number): boolean {
    this.condition = condition
    this.reason = reason
    this.#sinceMs = nowMs
    this.#failures = 0
    if (this.#onProbation) this.#growBackoff()
    this.#onProbation = false
    return this.#wait(nowMs + this.#jittered())
  }
  #failedTrial(nowMs: number): boolean {
    this.#sinceMs = nowMs
    this.#growBackoff()
    this.trial = false
    return this.#wait(nowMs + this.#jittered())
  }
  #growBackoff() { this.#backoffMs = Math.min(this.#backoffMs * 2, LONGEST_BACKOFF_MS) }
  #jittered() { return this.#backoffMs * (1 + (this.#random() - 0.5) * JITTER) }
  #wait(dueMs: number): true {
    this.#trialMs = Infinity
    this.dueMs = dueMs
    return true
  }

  stateAt(nowMs: number): HealthState {
    if (this.condition === 'well') return 'well'
    return this.trial || this.#trialMs < Infinity || nowMs >= this.dueMs ? 'trial' : 'ejected'
  }

  /** Time passed: a trial may be due. */
  wake(nowMs: number): boolean {
    if (nowMs < this.dueMs) return false
    this.trial = true
    this.dueMs = Infinity
    return true
  }
}
