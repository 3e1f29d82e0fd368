// Brings one proxy worker to the newest table: a snapshot in acknowledged chunks, then deltas. Knows no threads: a port is
// whatever takes a JSON string (bun.md §5.1: strings are shared, objects are cloned).
import type { FromProxy, ToProxy } from '../channel.ts'
import type { Table, Update } from '../model.ts'
import { diff } from '../update.ts'

export type Port = { postMessage(json: string): void; close(): void }

/** A new version, the same for all workers: its delta is made into JSON once, and only if somebody needs it. */
export class Publication {
  readonly table: Table
  readonly at: number
  readonly #update: Update
  #json: string | undefined

  constructor(table: Table, update: Update) {
    this.table = table
    this.at = update.at
    this.#update = update
  }

  get json(): string {
    this.#json ??= message({ type: 'delta', update: this.#update })
    return this.#json
  }
}

type Snapshot = { readonly table: Table; readonly chunks: Iterator<ToProxy>; heldAt: number | null }

export class TableSender {
  readonly #port: Port
  readonly #now: () => number
  #newest: Table | null = null
  #snapshot: Snapshot | null = null
  #state: 'idle' | 'wanting' | 'sending' | 'following' = 'idle'
  #version: number | null = null

  /** now: epoch ms, as Update.at. */
  constructor(port: Port, now: () => number) {
    this.#port = port
    this.#now = now
  }

  /** What the worker serves; null: nothing yet. */
  get version(): number | null {
    return this.#version
  }

  receive(message: FromProxy): void {
    if (message.type === 'at') this.#version = message.version
    else if (message.type === 'ack') this.#next()
    else if (message.type === 'snapshot') this.#begin()
  }

  publish(publication: Publication): void {
    this.#newest = publication.table
    if (this.#state === 'wanting') this.#begin()
    else if (this.#snapshot) this.#snapshot.heldAt ??= publication.at
    else if (this.#state === 'following') this.#port.postMessage(publication.json)
  }

  /** A worker that joins late is told of the table that there is. */
  offer(table: Table): void {
    this.#newest = table
  }

  /** What is no part of the table. */
  tell(content: ToProxy): void {
    this.#port.postMessage(message(content))
  }

  close(): void {
    this.#snapshot = null
    this.#state = 'idle'
    this.#port.close()
  }

  /** Also in the middle of another snapshot: the worker lost its place. */
  #begin(): void {
    this.#state = this.#newest ? 'sending' : 'wanting'
    this.#snapshot = this.#newest && { table: this.#newest, chunks: snapshotChunks(this.#newest, this.#now()), heldAt: null }
    this.#next()
  }

  #next(): void {
    if (!this.#snapshot) return
    const { done, value } = this.#snapshot.chunks.next()
    if (done === true) this.#finish(this.#snapshot)
    else this.#port.postMessage(message(value))
  }

  #finish({ table, heldAt }: Snapshot): void {
    this.#snapshot = null
    this.#state = 'following'
    if (this.#newest && heldAt !== null) this.#port.postMessage(message({ type: 'delta', update: diff(table, this.#newest, heldAt) }))
  }
}

const message = (content: ToProxy): string => JSON.stringify(content)

// 500 entries parse in 4 ms: what a worker that serves may be stalled (bun.md §5.1).
const chunkEntries = 500

/** Certificates, authorities, backends, then hosts: all of one kind before the next. A table without entries is one chunk too. */
export function* snapshotChunks(table: Table, at: number): Generator<ToProxy, undefined> {
  const certificates = [...table.certificates]
  const authorities = [...table.authorities]
  const backends = [...table.backends]
  const hosts = [...table.hosts]
  const material = certificates.length + authorities.length
  const total = material + backends.length + hosts.length
  // Each is a port: there are not many.
  const streams = [...table.streams]
  for (let from = 0; from === 0 || from < total; from += chunkEntries) {
    const window = <T>(entries: readonly T[], before: number): T[] =>
      entries.slice(Math.max(0, from - before), Math.max(0, from + chunkEntries - before))
    yield {
      type: 'chunk',
      last: from + chunkEntries >= total,
      update: {
        base: null,
        version: table.version,
        at,
        ...(from === 0 ? { global: table.global } : {}),
        certificates: window(certificates, 0),
        authorities: window(authorities, certificates.length),
        backends: window(backends, material),
        hosts: window(hosts, material + backends.length),
        streams: from === 0 ? streams : [],
      },
    }
  }
}
