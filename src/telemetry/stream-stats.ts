// What a port of a TCP or UDP service counts, and what the counts of all workers come to. Knows no metric name and no protocol.

/** accepted, octets and failures since the last report; open: now. failures: by reason. */
export type StreamCounts = {
  readonly accepted: number
  readonly open: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly failures: Readonly<Record<string, number>>
}

/** Of one port in one worker. */
export class StreamStats {
  accepted = 0
  open = 0
  /** From clients, to clients. */
  bytesIn = 0
  bytesOut = 0
  #failures = new Map<string, number>()

  failed(reason: string) { this.#failures.set(reason, (this.#failures.get(reason) ?? 0) + 1) }

  get isIdle() { return this.open === 0 && this.accepted === 0 && this.#failures.size === 0 }

  drain(): StreamCounts {
    const { accepted, open, bytesIn, bytesOut } = this
    const counts = { accepted, open, bytesIn, bytesOut, failures: Object.fromEntries(this.#failures) }
    this.accepted = this.bytesIn = this.bytesOut = 0
    this.#failures = new Map()
    return counts
  }
}

const NOTHING: StreamCounts = { accepted: 0, open: 0, bytesIn: 0, bytesOut: 0, failures: {} }

/** A worker that died takes its connections along, and no count. */
export class StreamTotals {
  readonly #counted = new Map<string, StreamCounts>()
  /** Of each worker, by port. */
  readonly #open = new Map<number, ReadonlyMap<string, number>>()

  add(worker: number, streams: Readonly<Record<string, StreamCounts>>): void {
    this.#open.set(worker, new Map(Object.entries(streams).map(([key, { open }]) => [key, open])))
    for (const [key, counts] of Object.entries(streams)) this.#counted.set(key, sumOf(this.#counted.get(key) ?? NOTHING, counts))
  }
  forget(worker: number): void { this.#open.delete(worker) }

  /** By key of the port. */
  byPort(): Map<string, StreamCounts> {
    const open = (key: string) => this.#open.values().reduce((sum, of) => sum + (of.get(key) ?? 0), 0)
    return new Map(this.#counted.entries().map(([key, counts]) => [key, { ...counts, open: open(key) }]))
  }
}

const sumOf = (a: StreamCounts, b: StreamCounts): StreamCounts => ({
  accepted: a.accepted + b.accepted, open: 0, bytesIn: a.bytesIn + b.bytesIn, bytesOut: a.bytesOut + b.bytesOut, failures: withAll(a.failures, b.failures),
})
const withAll = (a: StreamCounts['failures'], b: StreamCounts['failures']): StreamCounts['failures'] =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((reason) => [reason, (a[reason] ?? 0) + (b[reason] ?? 0)]))
