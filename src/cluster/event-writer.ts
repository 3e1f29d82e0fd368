// Says each issue of an object on the object itself, as an Event (events.k8s.io/v1), so that `kubectl describe` answers why something does
// not work. One issue is said once: its Event's name follows from it, and the API server keeps the first. Knows not how issues come about.
import { createHash } from 'node:crypto'
import type { Issue } from '../model.ts'
import { ApiError } from './api-error.ts'
import { resources } from './resources.ts'
import { Rest } from './retry.ts'
import type { Api } from './transport.ts'

/** The API server's own limit for a note, octets. */
const MOST_NOTE = 1024
/** A second: thousands of issues at once must not become a load. */
const PER_SECOND = 20
/** Events live for an hour at most; an issue that lasts is said again. */
const AGAIN_MS = 30 * 60_000
const GATHER_MS = 200
const CONTROLLER = 'lintel.dev/ingress-controller'

type Told = { readonly issue: Issue; readonly key: string; readonly resource: { readonly kind: string; readonly apiVersion: string } }
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
  /** By the Event's name: what is to be said, and what was, with when. */
  readonly #waiting = new Map<string, Told>()
  readonly #said = new Map<string, number>()
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
  lead(leads: boolean): void {
    this.#leads = leads
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
      const told = subjectOf(issue)
      if (told === null) continue
      const name = this.#nameOf(told)
      present.add(name)
      if (performance.now() - (this.#said.get(name) ?? -Infinity) > AGAIN_MS) this.#waiting.set(name, told)
    }
    for (const name of this.#said.keys()) if (!present.has(name)) this.#said.delete(name)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#rest.isOn || this.#waiting.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const [next] = this.#waiting
      if (next !== undefined && !this.#rest.isOn) void this.#say(...next)
      this.#schedule()
    }, 1000 / PER_SECOND)
  }

  async #say(name: string, told: Told): Promise<void> {
    this.#waiting.delete(name)
    this.#said.set(name, performance.now())
    try {
      await this.#api.request(`/apis/events.k8s.io/v1/namespaces/${namespaceOf(told)}/events`, { method: 'POST', body: this.#event(name, told) })
      this.#rest.succeeded()
      this.#options.written()
    } catch (error) {
      // 409: said before, by this replica or its forerunner. 404: the namespace is gone.
      if (!(error instanceof ApiError && (error.code === 409 || error.code === 404))) this.#failed(name, error)
    }
  }

  #failed(name: string, error: unknown): void {
    this.#options.failed(error)
    this.#rest.after(error, () => this.#collect())
    // What was refused by itself is said again with the others.
    if (this.#rest.isOn) this.#said.delete(name)
  }

  #event(name: string, told: Told): object {
    const { issue, key, resource } = told
    const note = issue.field === '' ? issue.reason : `${issue.field}: ${issue.reason}`
    return {
      apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { namespace: namespaceOf(told), name },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      type: 'Warning', reason: 'Issue', action: 'Serve', note: shortened(note),
      regarding: { ...resource, namespace: key.includes('/') ? namespaceOf(told) : undefined, name: key.split('/').at(-1), uid: this.#options.uidOf(resource.kind, key) || undefined },
      reportingController: CONTROLLER, reportingInstance: this.#options.instance,
    }
  }

  #nameOf({ issue, key, resource }: Told): string {
    const digest = createHash('sha256').update(JSON.stringify([resource.kind, this.#options.uidOf(resource.kind, key), issue.field, issue.reason])).digest('hex').slice(0, 16)
    // The longest name is 253 octets.
    return `${key.split('/').at(-1)?.slice(0, 200)}.${digest}`
  }
}

/** null: the issue is about no object of the cluster. */
function subjectOf(issue: Issue): Told | null {
  const [kind = '', key = ''] = issue.object.split(' ')
  const resource = isKind(kind) ? resources[kind] : undefined
  return resource === undefined || key === '' || issue.object.split(' ').length > 2 ? null : { issue, key, resource: { kind, apiVersion: resource.apiVersion } }
}
const isKind = (kind: string): kind is keyof typeof resources => Object.hasOwn(resources, kind)

/** Events about what has no namespace go to `default`, as kubectl expects. */
const namespaceOf = ({ key }: Told): string => (key.includes('/') ? key.slice(0, key.indexOf('/')) : 'default')

function shortened(text: string): string {
  return Buffer.byteLength(text) <= MOST_NOTE ? text : `${Buffer.from(text).subarray(0, MOST_NOTE - 4).toString('utf8').replace(/�+$/, '')} …`
}
