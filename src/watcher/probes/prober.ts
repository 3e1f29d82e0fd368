// Active health checks: looks at each endpoint of the backends that ask for it, again and again, and says when one turned well or unwell.
// One for the whole program. Knows no table and no way of looking.
import type { Backend, Certificate, Endpoint, Protocol } from '../../model.ts'
import { type Check, checkEndpoint, type Probe } from './check.ts'

/** At once. A thousand endpoints that hang must not cost a thousand sockets. */
const MAX_CHECKS = 64
/** Of an interval, either way: instances of Lintel must not look all at the same moment. */
const JITTER = 0.1

export type ProberOptions = {
  readonly check: Check
  /** From 0 to less than 1. */
  readonly random: () => number
  /** An endpoint turned; `reason`: why it is unwell, `` when it is well. */
  readonly turned: (backend: string, endpoint: Endpoint, reason: string) => void
}
export const proberDefaults = { check: checkEndpoint, random: Math.random } as const

export class Prober {
  readonly #options: ProberOptions
  readonly #subjects = new Map<string, Subject>()
  readonly #waiting = new Set<Subject>()
  /** Backends that ask for it. */
  readonly #checked = new Set<string>()
  #running = 0

  constructor(options: ProberOptions) { this.#options = options }

  /** Whether a change of these makes a call of set needful. */
  concerns(changed: readonly (readonly [backend: string, Backend | null])[]): boolean {
    return changed.some(([backend, now]) => (now !== null && now.options.check !== null) || this.#checked.has(backend))
  }

  /** These are checked from now on, with our certificates for them; what is known of those that stay is kept. Returns whether one that was unwell is gone. */
  set(backends: ReadonlyMap<string, Backend>, certificates: ReadonlyMap<string, Certificate> = new Map()): boolean {
    const wanted = new Set<string>()
    this.#checked.clear()
    for (const [backend, { endpoints, protocol, options: { check, tls } }] of backends) {
      if (check === null) continue
      this.#checked.add(backend)
      const probe: Probe = { ...check, certificate: tls === undefined ? undefined : certificates.get(tls.secret) }
      for (const endpoint of endpoints) {
        const key = subjectKey(backend, endpoint)
        wanted.add(key)
        const of = { backend, endpoint, protocol, probe }
        const known = this.#subjects.get(key)
        if (known === undefined) this.#add(key, of)
        else known.of = of
      }
    }
    let changed = false
    for (const [key, subject] of this.#subjects) {
      if (wanted.has(key)) continue
      changed ||= subject.unwell
      this.#remove(key, subject)
    }
    return changed
  }

  /** Endpoints that checks found unwell, by backend. */
  unwell(): Map<string, Endpoint[]> {
    const found = new Map<string, Endpoint[]>()
    for (const { unwell, of: { backend, endpoint } } of this.#subjects.values()) {
      if (unwell) found.set(backend, [...(found.get(backend) ?? []), endpoint])
    }
    return found
  }

  close(): void { for (const [key, subject] of this.#subjects) this.#remove(key, subject) }

  /** The first look is some time within the interval: a table of a thousand endpoints is spread over it. */
  #add(key: string, of: Checked): void {
    const subject = new Subject(of)
    this.#subjects.set(key, subject)
    this.#wait(subject, of.probe.intervalMs * this.#options.random())
  }
  #remove(key: string, subject: Subject): void {
    this.#subjects.delete(key)
    this.#waiting.delete(subject)
    clearTimeout(subject.timer)
    subject.gone = true
  }

  #wait(subject: Subject, ms: number): void {
    subject.timer = setTimeout(() => {
      this.#waiting.add(subject)
      this.#next()
    }, ms)
  }
  #next(): void {
    for (const subject of this.#waiting) {
      if (this.#running >= MAX_CHECKS) return
      this.#waiting.delete(subject)
      this.#running++
      void this.#look(subject)
    }
  }
  async #look(subject: Subject): Promise<void> {
    const { endpoint, probe, protocol, backend } = subject.of
    const reason = await this.#options.check(endpoint, probe, protocol)
    this.#running--
    if (!subject.gone) {
      if (subject.saw(reason)) this.#options.turned(backend, endpoint, reason)
      this.#wait(subject, probe.intervalMs * (1 + (this.#options.random() * 2 - 1) * JITTER))
    }
    this.#next()
  }
}

type Checked = { readonly backend: string; readonly endpoint: Endpoint; readonly protocol: Protocol; readonly probe: Probe }

const subjectKey = (backend: string, { address, port }: Endpoint) => `${backend} ${address} ${port}`

/** An endpoint of a backend, taken for well until checks say otherwise: a new pod is ready by its own probe already. */
class Subject {
  of: Checked
  timer: ReturnType<typeof setTimeout> | undefined
  gone = false
  unwell = false
  /** Looks in a row that contradict what it is taken for. */
  #contrary = 0

  constructor(of: Checked) { this.of = of }

  /** Whether it turned. */
  saw(reason: string): boolean {
    const { healthyThreshold, unhealthyThreshold } = this.of.probe
    this.#contrary = (reason !== '') === this.unwell ? 0 : this.#contrary + 1
    if (this.#contrary < (this.unwell ? healthyThreshold : unhealthyThreshold)) return false
    this.unwell = !this.unwell
    this.#contrary = 0
    return true
  }
}
