// The proxy workers: as many as wanted, each with its number, joined with the watcher by a channel of its own.
// Knows nothing of what the watcher is, of ports, signals and exit codes.
import type { FromWorker, Share, ToWorker } from '../channel.ts'
import { clientPart } from '../machine/client-counts.ts'
import { isServed } from '../machine/port-holder.ts'
import type { Flags } from '../settings.ts'
import { type EndpointRow, joinedRows } from '../telemetry/endpoint-rows.ts'
import { type PoolRow, sumOfRows } from '../telemetry/pool-rows.ts'
import type { Asks } from './asks.ts'
import type { Readiness } from './readiness.ts'
import { Thread } from './thread.ts'

/** How long /metrics and /table wait for the workers. */
const COLLECT_MS = 500
/** A worker ends its drain in time by itself; after so much more it is ended. */
const DRAIN_MARGIN_MS = 1000

export type ThreadKind = 'proxy' | 'watcher'

export type ProxiesEvents = {
  /** A worker listens or serves a new version. */
  progress(): void
  /** Access log lines. */
  log(lines: string): void
  /** One line for people. */
  note(line: string): void
  counters(worker: number, json: string): void
  died(thread: ThreadKind, line: string): void
  /** A worker ended; its number may come back. */
  gone(worker: number): void
  /** held: another program has a port, and may end. */
  fatal(message: string, held?: boolean): void
}

export type ProxiesOptions = {
  readonly script: URL
  /** With the real ports. */
  readonly flags: Flags
  readonly readiness: Readiness
  readonly asks: Asks
  /** Gives the watcher one end of a new channel, returns the other; undefined: there is no watcher to join yet. */
  readonly joinWatcher: (worker: number) => MessagePort | undefined
  readonly events: ProxiesEvents
}

type ProxyThread = Thread<ToWorker, FromWorker>
type Leave = Omit<Extract<ToWorker, { type: 'drain' }>, 'type'>

export class Proxies {
  readonly #options: ProxiesOptions
  readonly #threads = new Map<number, ProxyThread>()
  readonly #drained = new Map<number, () => void>()
  /** What each worker counts its clients in: a worker that comes back has a new one. */
  readonly #clients = new Map<number, SharedArrayBuffer>()
  readonly #seed = crypto.getRandomValues(new BigUint64Array(1))[0]!
  #lastId = 0
  #held = false

  constructor(options: ProxiesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#threads.size
  }

  /** More or fewer workers; fewer: the youngest finish what they have within drainMs. */
  scale(workers: number, drainMs: number): void {
    while (this.#threads.size < workers) this.#add(++this.#lastId)
    void this.#retireAll([...this.#threads.keys()].slice(workers), drainMs)
  }

  /** The first start: the watcher is there now. Who comes is turned away at first, if there are others to go to: who is alone would only make him wait. A port of our choice is held by ourselves (ports.ts), and nobody comes there yet. */
  greetAll(): void {
    const { httpPort, httpsPort } = this.#options.flags
    this.#held = [httpPort, httpsPort].some(isServed)
    for (const id of this.#threads.keys()) this.#greet(id)
  }

  /** The watcher is a new one: its ends of the channels died with the old one. */
  rejoinWatcher(): void {
    for (const [id, thread] of this.#threads) {
      const watcher = thread.alive ? this.#options.joinWatcher(id) : undefined
      if (watcher !== undefined) thread.post({ type: 'watcher', watcher }, [watcher])
    }
  }

  /** All counters that serving workers have, within half a second. */
  async collect(): Promise<void> {
    await this.#ask('collect')
  }

  /** The pools of serving workers that answer within half a second, summed by endpoint. */
  async pools(): Promise<PoolRow[]> {
    return sumOfRows(await this.#ask('pools'))
  }

  /** The endpoints that are not simply well, or have requests, as the same workers find them. */
  async endpoints(): Promise<EndpointRow[]> {
    return joinedRows(await this.#ask('endpoints'))
  }

  /** What comes to the ports is served from now on, by workers that start later too. */
  async admit(): Promise<void> {
    this.#held = false
    // One that does not listen yet was told to start as held.
    for (const [id, thread] of this.#threads) if (!this.#options.readiness.isListening(id)) thread.post({ type: 'admit', ask: null })
    await this.#ask('admit')
  }

  /** New connections shall come to these workers: see `claim` in channel.ts. Rejects where the one that was asked is silent. */
  async claim(takeOver: boolean): Promise<Share> {
    const { asks, readiness } = this.#options
    const listening = [...this.#threads].filter(([id]) => readiness.isListening(id))
    const [first] = listening
    if (first === undefined) return 'alone'
    const answer = await asks.ask((ask) => first[1].post({ type: 'claim', ask, own: listening.length, takeOver }), { whom: 'worker', withinMs: COLLECT_MS })
    return answer === 'shared' || answer === 'refused' ? answer : 'alone'
  }

  /** What those said that answered in time. */
  async #ask(type: 'admit' | 'collect' | 'pools' | 'endpoints'): Promise<string[]> {
    const { asks, readiness } = this.#options
    const limits = { whom: 'worker', withinMs: COLLECT_MS }
    const serving = this.#threads.entries().filter(([id, thread]) => thread.alive && readiness.isListening(id))
    const answers = await Promise.allSettled(serving.map(([, thread]) => asks.ask((ask) => thread.post({ type, ask }), limits)))
    return answers.flatMap((answer) => answer.status === 'fulfilled' ? [answer.value] : [])
  }

  /** Ends all workers for good: those that listen finish their requests within timeoutMs. */
  async drain(timeoutMs: number): Promise<void> {
    await this.#retireAll([...this.#threads.keys()], timeoutMs)
  }
  async #retireAll(ids: readonly number[], timeoutMs: number): Promise<void> {
    const listening = [...this.#threads.keys()].filter((id) => this.#options.readiness.isListening(id))
    const leaving = listening.filter((id) => ids.includes(id)).length
    const leave = { timeoutMs, leaving, staying: listening.length - leaving }
    await Promise.all(ids.map((id) => this.#retire(id, leave)))
  }

  /** False: there is no such worker. */
  crash(id: number): boolean {
    const thread = this.#threads.get(id)
    thread?.post({ type: 'crash' })
    return thread !== undefined
  }

  #add(id: number): void {
    const { script, events } = this.#options
    const thread: ProxyThread = new Thread(script, {
      started: () => this.#started(id),
      message: (message) => this.#receive(id, message),
      died: (reason, waitMs) => {
        this.#gone(id)
        events.died('proxy', `worker ${id} died (${reason}): restart in ${waitMs} ms`)
      },
    })
    this.#threads.set(id, thread)
    thread.start()
  }

  #started(id: number): void {
    this.#options.readiness.started(id)
    this.#greet(id)
  }

  #greet(id: number): void {
    const watcher = this.#options.joinWatcher(id)
    if (watcher === undefined) return
    const flags = { ...this.#options.flags, workers: this.#threads.size }
    const own = clientPart()
    this.#clients.set(id, own)
    this.#threads.get(id)?.post({ type: 'start', id, flags, held: this.#held, watcher, clients: { seed: this.#seed, own } }, [watcher])
    this.#shareClients()
  }
  #shareClients(): void {
    const parts = [...this.#clients.values()]
    for (const [id, thread] of this.#threads) if (this.#clients.has(id)) thread.post({ type: 'clients', parts })
  }

  #gone(id: number): void {
    this.#options.readiness.gone(id)
    this.#drained.get(id)?.()
    this.#clients.delete(id)
    this.#shareClients()
    this.#options.events.gone(id)
  }

  async #retire(id: number, { timeoutMs, leaving, staying }: Leave): Promise<void> {
    const thread = this.#threads.get(id)
    this.#threads.delete(id)
    if (this.#options.readiness.isListening(id)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#drained.set(id, resolve)
      const timer = setTimeout(resolve, timeoutMs + DRAIN_MARGIN_MS)
      thread?.post({ type: 'drain', timeoutMs, leaving, staying })
      await promise
      clearTimeout(timer)
    }
    await thread?.stop()
    this.#gone(id)
  }

  #receive(id: number, message: FromWorker): void {
    const { readiness, events, asks } = this.#options
    switch (message.type) {
      case 'at': {
        readiness.at(id, message.version)
        return events.progress()
      }
      case 'listening': {
        readiness.listening(id)
        return events.progress()
      }
      case 'counters': {
        events.counters(id, message.counters)
        return asks.answer(message.ask, '')
      }
      case 'pools':
      case 'endpoints': return asks.answer(message.ask, message.rows)
      case 'admitted': return asks.answer(message.ask, '')
      case 'claimed': return asks.answer(message.ask, message.share)
      case 'log': return events.log(message.lines)
      case 'note': return events.note(message.line)
      case 'drained': return this.#drained.get(id)?.()
      case 'fatal': return events.fatal(message.message, message.held)
    }
  }
}
