// A source whose Services of type ExternalName have endpoints: each name is resolved again and again, and its addresses are emitted as an EndpointSlice,
// so that they take the way of every other endpoint. Knows no table.
import { isIP } from 'node:net'
import type { Change, EndpointSlice, Service, Source, SourceEvents } from '../kube/objects.ts'
import { keyOf } from '../kube/store.ts'
import type { Resolve } from './dns.ts'
import { type Clock, systemClock } from './hold-off.ts'

/** A TTL of 0 or 1 s would be a query for each request elsewhere; here it is one a second for the whole program. */
const LEAST_MS = 1_000
/** A record that is kept for a day still moves within minutes of a new one, where the nameserver has that. */
const MOST_MS = 300_000
/** After a failure: doubled from LEAST_MS each time. */
const MOST_RETRY_MS = 30_000
/** The first list waits so long for all names; who is slower has no endpoints until then. */
const FIRST_MS = 500

export function withExternalNames(source: Source, resolve: Resolve, clock: Clock = systemClock): Source {
  return new ExternalNames(source, resolve, clock)
}

class ExternalNames implements Source {
  readonly #source: Source
  readonly #resolve: Resolve
  readonly #clock: Clock
  /** By `namespace/name` of the Service. */
  readonly #names = new Map<string, ResolvedName>()

  constructor(source: Source, resolve: Resolve, clock: Clock) {
    this.#source = source
    this.#resolve = resolve
    this.#clock = clock
  }

  async start(to: SourceEvents): Promise<void> {
    await this.#source.start({ ...to, emit: (changes) => to.emit([...changes, ...this.#follow(changes, to)]) })
    const first = Promise.all(this.#names.values().map(({ settled }) => settled))
    await Promise.race([first, new Promise<void>((resolve) => { this.#clock.after(FIRST_MS, resolve) })])
  }

  close(): void {
    for (const name of this.#names.values()) name.close()
    this.#source.close()
  }

  /** Returns the slices that go with their Services. */
  #follow(changes: readonly Change[], to: SourceEvents): Change[] {
    return changes.flatMap((change) => {
      if (change.op === 'delete') return change.kind === 'Service' ? this.#forget(change.key, to) : []
      if (change.object.kind !== 'Service') return []
      const key = keyOf(change.object)
      if (change.object.type !== 'ExternalName') return this.#forget(key, to)
      this.#name(key, to).follow(change.object)
      return []
    })
  }

  #name(key: string, to: SourceEvents): ResolvedName {
    let name = this.#names.get(key)
    if (name === undefined) this.#names.set(key, name = new ResolvedName(key, to, { resolve: this.#resolve, clock: this.#clock }))
    return name
  }

  #forget(key: string, to: SourceEvents): Change[] {
    const name = this.#names.get(key)
    if (name === undefined) return []
    this.#names.delete(key)
    name.close()
    to.report(name.origin, [])
    return [{ op: 'delete', kind: 'EndpointSlice', key: name.sliceKey }]
  }
}

/** The name of one Service as it is known now. */
class ResolvedName {
  readonly origin: string
  readonly sliceKey: string
  readonly #key: string
  readonly #to: SourceEvents
  readonly #resolve: Resolve
  readonly #clock: Clock
  readonly #first = Promise.withResolvers<void>()
  #service: Service | undefined
  /** What is served; `name`: what they are the addresses of. */
  #known = { name: '', addresses: '' }
  #failures = 0
  /** Counts what made earlier answers and timers void. */
  #turn = 0

  constructor(key: string, to: SourceEvents, { resolve, clock }: { readonly resolve: Resolve; readonly clock: Clock }) {
    this.#key = key
    this.origin = `dns ${key}`
    this.sliceKey = key.replace('/', '/dns:')
    this.#to = to
    this.#resolve = resolve
    this.#clock = clock
  }

  /** Resolves with the first answer, good or bad. */
  get settled(): Promise<void> {
    return this.#first.promise
  }

  follow(service: Service): void {
    const isSame = service.externalName === this.#service?.externalName
    this.#service = service
    if (isSame) return
    this.#failures = 0
    void this.#ask(service.externalName, ++this.#turn)
  }

  close(): void {
    this.#turn++
    this.#first.resolve()
  }

  async #ask(name: string, turn: number): Promise<void> {
    const answer = await this.#answerFor(name)
    if (turn !== this.#turn) return
    const waitMs = answer instanceof Error ? this.#failed(name, answer) : this.#succeeded(name, answer.addresses, answer.ttlMs)
    this.#first.resolve()
    this.#clock.after(waitMs, () => { if (turn === this.#turn) void this.#ask(name, turn) })
  }

  /** An address is its own answer, though it is no DNS name. */
  async #answerFor(name: string) {
    if (isIP(name) > 0) return { addresses: [name], ttlMs: MOST_MS }
    try {
      return await this.#resolve(name)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  /** Both return the time until the next question. */
  #succeeded(name: string, addresses: readonly string[], ttlMs: number): number {
    this.#failures = 0
    this.#to.report(this.origin, [])
    this.#serve(name, addresses)
    return Math.min(Math.max(ttlMs, LEAST_MS), MOST_MS)
  }

  #failed(name: string, error: Error): number {
    const isKnown = this.#known.name === name && this.#known.addresses !== ''
    if (!isKnown) this.#serve(name, [])
    const outcome = isKnown ? 'its last addresses are used' : 'it has no endpoints'
    const reason = `${name} can not be resolved (${codeOf(error)}): ${outcome} until it can; check the name and the nameserver`
    this.#to.report(this.origin, [{ object: `Service ${this.#key}`, field: 'spec.externalName', reason }])
    return Math.min(LEAST_MS * 2 ** this.#failures++, MOST_RETRY_MS)
  }

  #serve(name: string, addresses: readonly string[]): void {
    const text = addresses.toSorted().join()
    const isSame = text === this.#known.addresses
    this.#known = { name, addresses: text }
    if (!isSame && this.#service !== undefined) this.#to.emit([{ op: 'set', object: sliceOf(this.#service, addresses) }])
  }
}

/** Without ports: each port of the Service stands for the same one behind the name. */
function sliceOf({ meta }: Service, addresses: readonly string[]): EndpointSlice {
  const endpoints = addresses.map((address) => ({ addresses: [address], ready: true, serving: true, terminating: false, zone: '', hints: [] }))
  return { kind: 'EndpointSlice', meta: { ...meta, name: `dns:${meta.name}`, annotations: {}, labels: {} }, service: meta.name, ports: [], endpoints }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
