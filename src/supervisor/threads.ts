// The watcher and the proxy workers together: starts them, starts anew whoever dies, and passes on what they report.
// Knows nothing of ports, signals and exit codes.
import type { FromWatcher, RunSettings, ToWatcher } from '../channel.ts'
import type { Certificate, Issue } from '../model.ts'
import type { Flags } from '../settings.ts'
import { Asks } from './asks.ts'
import { Proxies, type ProxiesEvents } from './proxies.ts'
import { Readiness } from './readiness.ts'
import { Thread } from './thread.ts'

/** How long /table and /issues wait for the watcher. */
const ASK_MS = 5000
/** One request to the API server; the exit does not wait for one that is down. */
const RETIRE_MS = 2000

export type Built = { readonly routes: number; readonly issues: number; readonly run: RunSettings }

export type ThreadsEvents = ProxiesEvents & {
  built(built: Built): void
  issues(fresh: readonly Issue[]): void
}

export type ThreadsOptions = {
  /** With the real ports. */
  readonly flags: Flags
  readonly scripts: { readonly watcher: URL; readonly proxy: URL }
  readonly events: ThreadsEvents
}

export class Threads {
  readonly readiness = new Readiness()
  readonly proxies: Proxies
  readonly #options: ThreadsOptions
  readonly #watcher: Thread<ToWatcher, FromWatcher>
  readonly #asks = new Asks()
  /** Undefined: the watcher was not told to start, and `start` must be the first thing it hears. */
  #certificate: Certificate | undefined

  constructor(options: ThreadsOptions) {
    const { flags, scripts, events } = options
    this.#options = options
    this.#watcher = new Thread(scripts.watcher, {
      started: () => this.#watcherStarted(),
      message: (message) => this.#receive(message),
      died: (reason, waitMs) => events.died('watcher', `watcher died (${reason}): restart in ${waitMs} ms, workers serve on`),
    })
    const joinWatcher = (worker: number) => this.#joinWatcher(worker)
    const { readiness } = this
    this.proxies = new Proxies({ script: scripts.proxy, flags, readiness, asks: this.#asks, joinWatcher, events: this.#proxiesEvents() })
  }

  /** The threads load their code while the certificate is made. */
  async start(workers: number, certificate: Promise<Certificate>): Promise<void> {
    this.#watcher.start()
    this.proxies.scale(workers, 0)
    this.#certificate = await certificate
    this.#greetWatcher(this.#certificate)
    this.proxies.greetAll()
  }

  /** JSON for the admin port. */
  async ask(what: 'table' | 'issues'): Promise<string> {
    if (this.#certificate === undefined) throw new Error('the watcher is starting')
    const answer = this.#asks.ask((ask) => this.#watcher.post({ type: 'ask', ask, what }), { whom: 'watcher', withinMs: ASK_MS })
    return what === 'table' ? this.#withLife(answer) : answer
  }
  /** The table is the watcher's; how its endpoints do, and what connections they have, is the workers'. */
  async #withLife(answer: Promise<string>): Promise<string> {
    const [table, health, pools] = await Promise.all([answer, this.proxies.endpoints(), this.proxies.pools()])
    return JSON.stringify({ ...JSON.parse(table), health, pools })
  }

  /** Ends all threads; workers finish their requests within timeoutMs. */
  async drain(timeoutMs: number): Promise<void> {
    await Promise.all([this.proxies.drain(timeoutMs), this.#retire()])
    await this.#watcher.stop()
  }

  /** Another replica leads while this one drains. One that can't be told in time waits for the Lease to run out. */
  async #retire(): Promise<void> {
    if (this.#certificate === undefined || !this.#watcher.alive) return
    const retired = this.#asks.ask((ask) => this.#watcher.post({ type: 'retire', ask }), { whom: 'watcher', withinMs: RETIRE_MS })
    await retired.catch((error: unknown) => { this.#options.events.note(`the leader's Lease was not given back: ${String(error)}`) })
  }

  /** A fault on purpose. `thread`: a worker's number or `watcher`; false: there is no such thread. */
  crash(thread: string): boolean {
    if (thread !== 'watcher') return this.proxies.crash(Number(thread))
    this.#watcher.kill()
    return true
  }

  #proxiesEvents(): ProxiesEvents {
    const { events } = this.#options
    return {
      ...events,
      gone: (worker) => {
        if (this.#certificate !== undefined) this.#watcher.post({ type: 'gone', id: worker })
        events.gone(worker)
      },
    }
  }

  #watcherStarted(): void {
    this.readiness.watcherStarted()
    if (this.#certificate === undefined) return
    this.#greetWatcher(this.#certificate)
    this.proxies.rejoinWatcher()
  }

  #greetWatcher(fakeCertificate: Certificate): void {
    this.#watcher.post({ type: 'start', flags: this.#options.flags, fakeCertificate })
  }

  /** Before the watcher was told to start there is nothing to join: greetAll comes after it. */
  #joinWatcher(worker: number): MessagePort | undefined {
    if (this.#certificate === undefined) return undefined
    const { port1, port2 } = new MessageChannel()
    this.#watcher.post({ type: 'proxy', id: worker, port: port1 }, [port1])
    return port2
  }

  #receive(message: FromWatcher): void {
    const { events } = this.#options
    switch (message.type) {
      case 'synced': {
        this.readiness.synced(message.version)
        return events.progress()
      }
      case 'built': return events.built(message)
      case 'changed': return events.note(message.line)
      case 'issues': return events.issues(message.fresh)
      case 'answer': return this.#asks.answer(message.ask, message.json)
      case 'fatal': return events.fatal(message.message)
    }
  }
}
