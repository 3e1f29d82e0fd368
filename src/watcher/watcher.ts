// From changed objects to changed tables: source → store → hold-off → builder → diff → each proxy worker. Knows no threads,
// no files, and nothing of serving.
import type { FromProxy, FromWatcher, ToProxy } from '../channel.ts'
import type { Change, Objects, Source } from '../kube/objects.ts'
import { Store } from '../kube/store.ts'
import type { Endpoint, Issue, Table } from '../model.ts'
import type { Build, Builder } from '../table/build.ts'
import { emptyTable, step } from '../update.ts'
import { WallClock } from '../wall-clock.ts'
import { Answers } from './answers.ts'
import { HoldOff, systemClock, type Clock, type Scope } from './hold-off.ts'
import { IssueBook } from './issue-book.ts'
import { type Check, checkEndpoint } from './probes/check.ts'
import { PendingChanges } from './pending-changes.ts'
import { Prober } from './probes/prober.ts'
import { Publication, TableSender, type Port } from './table-sender.ts'

/** Told what became of the objects after each build that may have changed it. */
export type Audience = (found: { readonly ingresses: ReadonlySet<string>; readonly issues: readonly Issue[]; readonly objects: Objects; readonly changed?: ReadonlySet<string> }) => void
export type WatcherOptions = { readonly clock?: Clock; readonly check?: Check; readonly audience?: Audience }

export class Watcher {
  readonly #builder: Builder
  readonly #post: (message: FromWatcher) => void
  readonly #store = new Store()
  readonly #issues = new IssueBook()
  readonly #answers = new Answers()
  readonly #senders = new Map<number, TableSender>()
  readonly #holdOff: HoldOff
  readonly #prober: Prober
  readonly #audience: Audience | undefined
  #routes = 0
  readonly #pending = new PendingChanges()
  readonly #wall = new WallClock()
  #table: Table | null = null
  /** Of the oldest change that is not in the table, epoch ms. */
  #changedAt: number | null = null

  constructor(builder: Builder, post: (message: FromWatcher) => void, { clock = systemClock, check = checkEndpoint, audience }: WatcherOptions = {}) {
    this.#builder = builder
    this.#post = post
    this.#audience = audience
    this.#holdOff = new HoldOff((scope) => { this.#build(scope) }, clock)
    this.#prober = new Prober({ check, random: Math.random, turned: (...turn) => { this.#turned(...turn) } })
  }

  /** Resolves when the first full list is a table. Rejects with a StartError where the source can't start. */
  async start(source: Source): Promise<void> {
    await source.start({
      emit: (changes) => { this.#apply(changes) },
      report: (origin, issues) => { this.#report(`source ${origin}`, issues) },
      note: (line) => { this.#post({ type: 'changed', line }) },
    })
    this.#post({ type: 'synced', version: this.#build('full').version })
  }

  /** A former worker of that id is forgotten. The worker asks for its snapshot itself. */
  attach(id: number, port: Port): void {
    this.detach(id)
    const sender = new TableSender(port, () => this.#wall.now())
    if (this.#table) sender.offer(this.#table)
    this.#senders.set(id, sender)
  }

  detach(id: number): void {
    this.#senders.get(id)?.close()
    this.#senders.delete(id)
    this.#report(portsOf(id), [])
  }

  receive(id: number, message: FromProxy): void {
    if (message.type === 'unopened') return this.#report(portsOf(id), message.ports.flatMap((port) => this.#unopened(...port)))
    this.#senders.get(id)?.receive(message)
    if (message.type === 'snapshot') this.#senders.get(id)?.tell(this.#unwell())
  }

  /** JSON. */
  answer(what: 'table' | 'issues'): string {
    if (what === 'issues') return this.#answers.issues(this.#issues.all())
    return this.#answers.table(this.#table ?? emptyTable, { workers: new Map([...this.#senders].map(([id, sender]) => [id, sender.version])), unwell: this.#prober.unwell() })
  }

  #apply(changes: readonly Change[]): void {
    const kinds = this.#store.apply(changes)
    if (kinds.size === 0) return
    this.#changedAt ??= this.#wall.now()
    for (const change of changes) this.#pending.add(change)
    // The first list is built as a whole, at its end.
    if (this.#table === null) return
    this.#holdOff.request(kinds.size === 1 && kinds.has('EndpointSlice') ? 'endpoints' : 'full')
  }

  #build(scope: Scope): Table {
    const changed = this.#pending.take()
    const { objects } = this.#store
    const build = changed === null ? this.#builder.full(objects) : this.#builder.change(objects, changed)
    const { table, issues, ingresses } = build
    if (table !== this.#table) this.#publish(build)
    this.#changedAt = null
    this.#report('table', issues)
    if (scope === 'full') this.#audience?.({ ingresses, issues: this.#issues.all(), objects, ...changed !== null && { changed: changed.Ingress } })
    this.#postBuilt(table)
    return table
  }

  #publish({ table, changed }: Build): void {
    const former = this.#table ?? emptyTable
    for (const host of changed.hosts) this.#routes += routesOf(table, host) - routesOf(former, host)
    const update = step(former, table, { at: this.#changedAt ?? this.#wall.now(), changed })
    const publication = new Publication(table, update)
    const isOfChecks = update.certificates.length > 0 || this.#prober.concerns(update.backends)
    const recovered = isOfChecks && this.#prober.set(table.backends, table.certificates)
    this.#table = table
    for (const sender of this.#senders.values()) sender.publish(publication)
    if (recovered) this.#tellUnwell()
  }

  /** An active check changed its mind about an endpoint. */
  #turned(backend: string, { address, port }: Endpoint, reason: string): void {
    this.#post({ type: 'changed', line: `endpoint ${address} port ${port} of ${backend} ${reason === '' ? 'is well again' : `is unwell: ${reason}`}` })
    this.#tellUnwell()
  }
  #tellUnwell(): void { for (const sender of this.#senders.values()) sender.tell(this.#unwell()) }
  #unwell(): ToProxy { return { type: 'unwell', endpoints: [...this.#prober.unwell()] } }

  /** A port that a worker can't open is a fault of the ConfigMap that wants it. */
  #unopened(key: string, reason: string): Issue[] {
    const stream = this.#table?.streams.get(key)
    if (stream === undefined) return []
    return [{ object: `ConfigMap ${stream.configMap}`, field: `${stream.port}`, reason: `${stream.protocol.toUpperCase()} port ${stream.port} can't be opened: ${reason}. It is tried again every second` }]
  }

  #report(origin: string, issues: readonly Issue[]): void {
    const fresh = this.#issues.report(origin, issues)
    if (fresh.length > 0) this.#post({ type: 'issues', fresh })
  }

  #postBuilt({ version, global: { settings } }: Table): void {
    const workers = settings['worker-processes']
    const run = { shutdownTimeoutMs: settings['worker-shutdown-timeout'] * 1000, workers: workers === 'auto' ? null : workers }
    this.#post({ type: 'built', version, routes: this.#routes, issues: this.#issues.size, run })
  }
}

const portsOf = (worker: number): string => `ports of worker ${worker}`
const routesOf = ({ hosts }: Table, host: string): number => hosts.get(host)?.routes.length ?? 0
