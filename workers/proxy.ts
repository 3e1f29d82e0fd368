// The proxy thread: joins the messages of main and of the watcher with the Edge. Wiring only; no Kubernetes here.
import { parentPort } from 'node:worker_threads'
import type { FromProxy, FromWorker, ToWorker } from '../src/channel.ts'
import type { Update } from '../src/model.ts'
import type { Settings } from '../src/settings.ts'
import { Edge, PortError } from '../src/proxy/edge.ts'
import { TableReceiver } from '../src/proxy/table-receiver.ts'
import { type AccessLog, requestLog, streamsLog } from '../src/proxy/request-log.ts'
import { type Counters, counters, REPORT_EVERY_MS } from '../src/telemetry/counters.ts'
import { logBatcher } from '../src/telemetry/log-writer.ts'
import type { RequestRecord } from '../src/telemetry/record.ts'
import type { StreamRecord } from '../src/telemetry/stream-record.ts'
import { WallClock } from '../src/wall-clock.ts'

type Start = Extract<ToWorker, { type: 'start' }>
type Claim = Extract<ToWorker, { type: 'claim' }>
type Drain = Extract<ToWorker, { type: 'drain' }>
type Logs = { readonly requests: AccessLog<RequestRecord>; readonly streams: AccessLog<StreamRecord> }
const post = (message: FromWorker): void => parentPort?.postMessage(message)

class ProxyThread {
  readonly #edge: Edge
  readonly #counts: Counters
  readonly #logs: Logs
  #watcher: MessagePort | null = null
  #unopened: Extract<FromProxy, { type: 'unopened' }> = { type: 'unopened', ports: [] }
  readonly #ports: { readonly http: number; readonly https: number }
  readonly #wall = new WallClock()
  #listening = false

  static async start({ id, flags, held, watcher, clients }: Start): Promise<ProxyThread> {
    const counts = counters(flags.timeBuckets)
    const batcher = logBatcher((lines) => post({ type: 'log', lines }))
    const logs = { requests: requestLog(batcher), streams: streamsLog(batcher) }
    const edge = await Edge.create({ host: flags.bindAddress, workers: Math.max(1, flags.workers), held, clients }, {
      sink: (record) => { counts.sink(record); logs.requests.sink(record) },
      streamSink: logs.streams.sink,
      unopened: (ports) => thread.tellUnopened([...ports]),
      opened: counts.connectionOpened,
      closed: counts.connectionClosed,
      handshakeFailed: counts.handshakeFailed,
      proxyHeaderFailed: counts.proxyHeaderFailed,
      refused: counts.refused,
      evicted: counts.evicted,
      note: (line) => post({ type: 'note', line }),
      ejected: counts.ejected,
      mirrorDropped: counts.mirrorDropped,
      defect: (error) => post({ type: 'note', line: `a request failed by a defect of Lintel: ${error instanceof Error ? error.stack : String(error)}` }),
    })
    const thread: ProxyThread = new ProxyThread({ edge, counts, logs, ports: { http: flags.httpPort, https: flags.httpsPort } })
    // All workers of a program find the same.
    if (edge.trouble !== null && id === 1) post({ type: 'note', line: `issue ${edge.trouble}` })
    thread.follow(watcher)
    setInterval(() => thread.report(null), REPORT_EVERY_MS)
    return thread
  }

  private constructor(parts: { edge: Edge; counts: Counters; logs: Logs; ports: { http: number; https: number } }) {
    this.#edge = parts.edge
    this.#counts = parts.counts
    this.#logs = parts.logs
    this.#ports = parts.ports
  }

  /** From now on the table comes from here. */
  follow(watcher: MessagePort) {
    this.#watcher = watcher
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
    if (update.global !== undefined) this.#configureLogs(update.global.settings)
    if (!whole) this.#counts.observePropagation(Math.max(0, this.#wall.now() - update.at))
    post({ type: 'at', version: update.version })
    if (whole && this.#unopened.ports.length > 0) this.tellUnopened(this.#unopened.ports)
    if (!this.#listening) this.#listen()
  }

  #configureLogs(settings: Settings) {
    for (const log of [this.#logs.requests, this.#logs.streams]) for (const line of log.configure(settings)) post({ type: 'note', line })
  }

  /** Also to a watcher that comes later. */
  tellUnopened(ports: readonly (readonly [string, string])[]) {
    this.#unopened = { type: 'unopened', ports }
    this.#watcher?.postMessage(JSON.stringify(this.#unopened))
  }

  #listen() {
    this.#listening = true
    this.#edge.listen(this.#ports).then(() => post({ type: 'listening' }), (error: unknown) => post({ type: 'fatal', message: String(error), held: error instanceof PortError && error.held }))
  }

  report(ask: number | null) { post({ type: 'counters', ask, counters: this.#counts.drain(this.#edge.pools.drainCounts(), this.#edge.streams.drainCounts()) }) }
  show(type: 'pools' | 'endpoints', ask: number) {
    const { pools, backends } = this.#edge
    post({ type, ask, rows: JSON.stringify(type === 'pools' ? pools.rows() : backends.rows()) })
  }

  shareClients(parts: readonly SharedArrayBuffer[]) { this.#edge.clients.share(parts) }

  admit(ask: number | null) {
    this.#edge.admit()
    post({ type: 'admitted', ask })
  }
  claim({ ask, own, takeOver }: Claim) { post({ type: 'claimed', ask, share: this.#edge.claim(own, takeOver) }) }

  async drain(leave: Drain) {
    await this.#edge.drain(leave)
    this.#logs.requests.flush()
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
  if (message.type === 'clients') return started.shareClients(message.parts)
  if (message.type === 'collect') return started.report(message.ask)
  if (message.type === 'admit') return started.admit(message.ask)
  if (message.type === 'claim') return started.claim(message)
  if (message.type === 'drain') return started.drain(message)
  return started.show(message.type, message.ask)
}
/** An unhandled rejection would end the thread with exit code 0 and no reason (bun.md §5.2). */
const rethrown = (error: unknown) => queueMicrotask(() => { throw error })
