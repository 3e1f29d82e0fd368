// The proxy thread: joins the messages of main and of the watcher with the Edge. Wiring only; no Kubernetes here.
import { parentPort } from 'node:worker_threads'
import type { FromWorker, ToWorker } from '../src/channel.ts'
import type { Update } from '../src/model.ts'
import { Edge } from '../src/proxy/edge.ts'
import { TableReceiver } from '../src/proxy/table-receiver.ts'
import { RequestLog } from '../src/proxy/request-log.ts'
import { type Counters, counters, REPORT_EVERY_MS } from '../src/telemetry/counters.ts'
import { logBatcher } from '../src/telemetry/log-writer.ts'

type Start = Extract<ToWorker, { type: 'start' }>
type Claim = Extract<ToWorker, { type: 'claim' }>
type Drain = Extract<ToWorker, { type: 'drain' }>
const post = (message: FromWorker): void => parentPort?.postMessage(message)

class ProxyThread {
  readonly #edge: Edge
  readonly #counts: Counters
  readonly #log: RequestLog
  readonly #ports: { readonly http: number; readonly https: number }
  #listening = false

  static async start({ flags, watcher }: Start): Promise<ProxyThread> {
    const counts = counters(flags.timeBuckets)
    const log = new RequestLog(logBatcher((lines) => post({ type: 'log', lines })))
    const edge = await Edge.create({ host: flags.bindAddress, workers: Math.max(1, flags.workers) }, {
      sink: (record) => { counts.sink(record); log.sink(record) },
      opened: counts.connectionOpened,
      closed: counts.connectionClosed,
      handshakeFailed: counts.handshakeFailed,
      ejected: counts.ejected,
      mirrorDropped: counts.mirrorDropped,
      defect: (error) => post({ type: 'note', line: `a request failed by a defect of Lintel: ${error instanceof Error ? error.stack : String(error)}` }),
    })
    const thread = new ProxyThread({ edge, counts, log, ports: { http: flags.httpPort, https: flags.httpsPort } })
    thread.follow(watcher)
    setInterval(() => thread.report(null), REPORT_EVERY_MS)
    return thread
  }

  private constructor(parts: { edge: Edge; counts: Counters; log: RequestLog; ports: { http: number; https: number } }) {
    this.#edge = parts.edge
    this.#counts = parts.counts
    this.#log = parts.log
    this.#ports = parts.ports
  }

  /** From now on the table comes from here. */
  follow(watcher: MessagePort) {
    const receiver = new TableReceiver(this.#edge.table, {
      send: (json) => watcher.postMessage(json),
      applied: (update, whole) => this.#applied(update, whole),
      checked: (unwell) => this.#edge.checked(unwell),
    })
    watcher.on('message', (json: string) => receiver.receive(json))
    receiver.start()
  }

  #applied(update: Update, whole: boolean) {
    this.#edge.updated(update, whole)
    if (update.global !== undefined) for (const line of this.#log.configure(update.global.settings)) post({ type: 'note', line })
    if (!whole) this.#counts.observePropagation(performance.timeOrigin + performance.now() - update.at)
    post({ type: 'at', version: update.version })
    if (!this.#listening) this.#listen()
  }

  #listen() {
    this.#listening = true
    this.#edge.listen(this.#ports).then(() => post({ type: 'listening' }), (error: unknown) => post({ type: 'fatal', message: String(error) }))
  }

  report(ask: number | null) { post({ type: 'counters', ask, counters: this.#counts.drain(this.#edge.pools.drainCounts()) }) }
  show(type: 'pools' | 'endpoints', ask: number) {
    const { pools, backends } = this.#edge
    post({ type, ask, rows: JSON.stringify(type === 'pools' ? pools.rows() : backends.rows()) })
  }

  claim({ ask, own, takeOver }: Claim) { post({ type: 'claimed', ask, share: this.#edge.claim(own, takeOver) }) }

  async drain(leave: Drain) {
    await this.#edge.drain(leave)
    this.#log.flush()
    this.report(null)
    post({ type: 'drained' })
  }
}

let thread: Promise<ProxyThread> | null = null

// In the first turn of the thread: what came before a handler stood would be lost (bun.md §5.2).
parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'start') thread = ProxyThread.start(message)
  else if (message.type === 'crash') throw new Error('crashed by the test hook')
  else thread?.then((started) => obey(started, message)).catch(rethrown)
})

const obey = (started: ProxyThread, message: Exclude<ToWorker, { type: 'start' | 'crash' }>): Promise<void> | void => {
  if (message.type === 'watcher') return started.follow(message.watcher)
  if (message.type === 'collect') return started.report(message.ask)
  if (message.type === 'claim') return started.claim(message)
  if (message.type === 'drain') return started.drain(message)
  return started.show(message.type, message.ask)
}
/** An unhandled rejection would end the thread with exit code 0 and no reason (bun.md §5.2). */
const rethrown = (error: unknown) => queueMicrotask(() => { throw error })
