// Adds up what all proxy workers ever reported, so that a worker's death takes no count back. Knows no metric name.
import { type Counts, type IngressCounts, PROPAGATION_BOUNDS } from './counters.ts'
import { Histogram } from './histogram.ts'
import { PoolTotals } from './pool-rows.ts'
import { StreamTotals } from './stream-stats.ts'

export type IngressTotals = {
  readonly statuses: Map<string, number>
  readonly canaries: Map<string, Map<string, number>>
  readonly seconds: Histogram
  bytesIn: number
  bytesOut: number
}

export class Totals {
  readonly ingresses = new Map<string, IngressTotals>()
  readonly reasons = new Map<string, number>()
  readonly upstreamErrors = new Map<string, number>()
  readonly handshakes = new Map<string, number>()
  readonly proxyHeaders = new Map<string, number>()
  readonly refusals = new Map<string, number>()
  readonly ejections = new Map<string, number>()
  readonly mirrorDrops = new Map<string, number>()
  readonly propagation = new Histogram(PROPAGATION_BOUNDS)
  readonly pools = new PoolTotals()
  readonly streams = new StreamTotals()
  accepted = 0
  evicted = 0
  readonly #open = new Map<number, number>()
  readonly #timeBuckets: readonly number[]

  /** timeBuckets: the same as the workers'. */
  constructor(timeBuckets: readonly number[]) {
    this.#timeBuckets = timeBuckets
  }

  /** Connections open now in all workers. */
  get open(): number {
    return this.#open.values().reduce((sum, open) => sum + open, 0)
  }

  /** `json`: a report of counters().drain(). */
  add(worker: number, json: string): void {
    const counts: Counts = JSON.parse(json)
    for (const [name, ingress] of Object.entries(counts.ingresses)) this.#addIngress(name, ingress)
    addAll(this.reasons, counts.reasons)
    addAll(this.upstreamErrors, counts.upstreamErrors)
    addAll(this.handshakes, counts.handshakes)
    addAll(this.proxyHeaders, counts.proxyHeaders)
    addAll(this.refusals, counts.refusals)
    addAll(this.ejections, counts.ejections)
    addAll(this.mirrorDrops, counts.mirrorDrops)
    this.propagation.add(counts.propagation)
    this.pools.add(worker, counts.pools)
    this.streams.add(worker, counts.streams)
    this.accepted += counts.accepted
    this.evicted += counts.evicted
    this.#open.set(worker, counts.open)
  }

  /** A worker died: its connections went with it, what it counted stays. */
  forget(worker: number): void {
    this.#open.delete(worker)
    this.pools.forget(worker)
    this.streams.forget(worker)
  }

  #addIngress(name: string, counts: IngressCounts): void {
    let totals = this.ingresses.get(name)
    if (totals === undefined) {
      totals = { statuses: new Map(), canaries: new Map(), seconds: new Histogram(this.#timeBuckets), bytesIn: 0, bytesOut: 0 }
      this.ingresses.set(name, totals)
    }
    addAll(totals.statuses, counts.statuses)
    for (const [canary, statuses] of Object.entries(counts.canaries)) addAll(present(totals.canaries, canary), statuses)
    totals.seconds.add(counts.seconds)
    totals.bytesIn += counts.bytesIn
    totals.bytesOut += counts.bytesOut
  }
}

function present(totals: Map<string, Map<string, number>>, name: string): Map<string, number> {
  const known = totals.get(name) ?? new Map<string, number>()
  totals.set(name, known)
  return known
}

function addAll(totals: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(counts)) totals.set(key, (totals.get(key) ?? 0) + count)
}
