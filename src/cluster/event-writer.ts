// Writes Events while this replica leads: each issue of an object on the object itself, so that `kubectl describe` answers why something does
// not work, and each sync of an Ingress. Knows not how issues come about.
import type { Issue } from '../model.ts'
import { ApiError } from './api-error.ts'
import { eventOf, nameOf, namespaceOf, type Saying, sayingOf } from './event.ts'
import { Rest } from './retry.ts'
import type { Api } from './transport.ts'

/** A second: thousands of issues at once must not become a load. */
const PER_SECOND = 20
/** Events live for an hour at most; an issue that lasts is said again. */
const AGAIN_MS = 30 * 60_000
const GATHER_MS = 200

export type EventWriterOptions = {
  /** Of this replica. */
  readonly instance: string
  /** `` where it is not known. */
  readonly uidOf: (kind: string, key: string) => string
  readonly written: () => void
  readonly failed: (error: unknown) => void
}

export class EventWriter {
  readonly #api: Api
  readonly #options: EventWriterOptions
  /** By the Event's name: what is to be said of issues, and what was, with when. */
  readonly #waiting = new Map<string, Saying>()
  readonly #said = new Map<string, number>()
  /** Said once, after the issues. By object: of a version that was soon followed by another nothing need be said. */
  readonly #news = new Map<string, Saying>()
  #issues: readonly Issue[] = []
  #leads = false
  readonly #rest = new Rest()
  #timer: Timer | undefined
  #again: Timer | undefined
  #collecting: Timer | undefined

  constructor(api: Api, options: EventWriterOptions) {
    this.#api = api
    this.#options = options
  }

  /** All present issues. */
  tell(issues: readonly Issue[]): void {
    this.#issues = issues
    // Under many changes a second, thousands of issues are gone through once.
    this.#collecting ??= setTimeout(() => {
      this.#collecting = undefined
      this.#collect()
    }, GATHER_MS)
  }
  /** Something that happened; nobody need know of it later. */
  announce(saying: Saying): void {
    if (!this.#leads) return
    this.#news.set(saying.key, saying)
    this.#schedule()
  }
  lead(leads: boolean): void {
    this.#leads = leads
    this.#news.clear()
    clearInterval(this.#again)
    if (leads) this.#again = setInterval(() => this.#collect(), AGAIN_MS)
    this.#collect()
  }
  close(): void {
    this.lead(false)
    this.#rest.cancel()
    clearTimeout(this.#timer)
    clearTimeout(this.#collecting)
  }

  #collect(): void {
    this.#waiting.clear()
    if (!this.#leads) return
    const present = new Set<string>()
    for (const issue of this.#issues) {
      const saying = sayingOf(issue)
      if (saying === null) continue
      const name = this.#nameOf(saying)
      present.add(name)
      if (performance.now() - (this.#said.get(name) ?? -Infinity) > AGAIN_MS) this.#waiting.set(name, saying)
    }
    for (const name of this.#said.keys()) if (!present.has(name)) this.#said.delete(name)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#rest.isOn || this.#waiting.size + this.#news.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#rest.isOn) this.#sayNext()
      this.#schedule()
    }, 1000 / PER_SECOND)
  }

  #sayNext(): void {
    const [issue] = this.#waiting
    const [news] = this.#news.values()
    if (issue !== undefined) void this.#sayIssue(...issue)
    else if (news !== undefined) void this.#sayNews(news)
  }

  async #sayIssue(name: string, saying: Saying): Promise<void> {
    this.#waiting.delete(name)
    this.#said.set(name, performance.now())
    // What was refused by itself is said again with the others.
    if (!await this.#say(name, saying)) this.#said.delete(name)
  }
  async #sayNews(saying: Saying): Promise<void> {
    this.#news.delete(saying.key)
    if (!await this.#say(this.#nameOf(saying), saying) && !this.#news.has(saying.key)) this.announce(saying)
  }

  /** Returns false where it is to be said again after a rest. */
  async #say(name: string, saying: Saying): Promise<boolean> {
    const { instance, uidOf, written, failed } = this.#options
    const body = eventOf(saying, { name, uid: uidOf(saying.resource.kind, saying.key), instance })
    try {
      await this.#api.request(`/apis/events.k8s.io/v1/namespaces/${namespaceOf(saying)}/events`, { method: 'POST', body })
      this.#rest.succeeded()
      written()
    } catch (error) {
      // 409: said before, by this replica or its forerunner. 404: the namespace is gone.
      if (error instanceof ApiError && (error.code === 409 || error.code === 404)) return true
      failed(error)
      this.#rest.after(error, () => this.#collect())
    }
    return !this.#rest.isOn
  }

  #nameOf(saying: Saying): string {
    return nameOf(saying, this.#options.uidOf(saying.resource.kind, saying.key))
  }
}
