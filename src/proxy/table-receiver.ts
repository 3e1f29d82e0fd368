// The worker's end of the table's channel: puts a snapshot together from its chunks, applies deltas, asks again where the base is not ours.
// Knows no threads: messages are JSON strings.
import type { FromProxy, ToProxy, Unwell } from '../channel.ts'
import type { Update } from '../model.ts'
import type { LiveTable } from '../update.ts'

export type TableEvents = {
  send(json: string): void
  /** The table serves `update`; whole: it was replaced. */
  applied(update: Update, whole: boolean): void
  /** What active checks found, all of it. */
  checked(unwell: Unwell): void
}

export class TableReceiver {
  readonly #table: LiveTable
  readonly #events: TableEvents
  #chunks: Update[] = []

  constructor(table: LiveTable, events: TableEvents) {
    this.#table = table
    this.#events = events
  }

  /** Also when the watcher is a new one: what is held serves until the snapshot is whole. */
  start() {
    this.#chunks = []
    this.#send({ type: 'snapshot' })
  }

  receive(json: string) {
    const message: ToProxy = JSON.parse(json)
    if (message.type === 'delta') return this.#delta(message.update)
    if (message.type === 'unwell') return this.#events.checked(message.endpoints)
    this.#chunks.push(message.update)
    if (message.last) this.#whole()
    this.#send({ type: 'ack' })
  }

  #delta(update: Update) {
    if (!this.#table.apply(update)) return this.start()
    this.#applied(update, false)
  }

  #whole() {
    const chunks = this.#chunks
    this.#chunks = []
    const first = chunks[0]!
    const update: Update = {
      ...first,
      hosts: chunks.flatMap((chunk) => chunk.hosts),
      backends: chunks.flatMap((chunk) => chunk.backends),
      certificates: chunks.flatMap((chunk) => chunk.certificates),
      authorities: chunks.flatMap((chunk) => chunk.authorities),
      streams: chunks.flatMap((chunk) => chunk.streams),
    }
    this.#table.apply(update)
    this.#applied(update, true)
  }

  #applied(update: Update, whole: boolean) {
    this.#events.applied(update, whole)
    this.#send({ type: 'at', version: update.version })
  }

  #send(message: FromProxy) { this.#events.send(JSON.stringify(message)) }
}
