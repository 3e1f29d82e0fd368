// What the pools of all workers come to: for each endpoint, for /table, and for each Service, for /metrics. Knows no metric name.
import type { PoolCounts } from './pool-stats.ts'

/** A pool as /table shows it. */
export type PoolRow = PoolCounts & { readonly service: string; readonly address: string; readonly port: number; readonly protocol: 'h1' | 'h2'; readonly tls: boolean }

/** Pools of several workers to the same endpoint become one row. reports: JSON of PoolRow[], one for each worker. */
export function sumOfRows(reports: readonly string[]): PoolRow[] {
  const sums = new Map<string, PoolRow>()
  for (const report of reports) {
    const rows: readonly PoolRow[] = JSON.parse(report)
    for (const row of rows) {
      const key = JSON.stringify([row.address, row.port, row.protocol, row.tls])
      sums.set(key, { ...row, ...sumOf(sums.get(key), row) })
    }
  }
  return [...sums.values()]
}

/** Counts of the workers by Service. A worker that died takes its connections along, and no count. */
export class PoolTotals {
  readonly #counted = new Map<string, PoolCounts>()
  /** Of each worker, the last report. */
  readonly #present = new Map<number, Readonly<Record<string, PoolCounts>>>()

  /** pools: hits, misses and evictions since the last report. */
  add(worker: number, pools: Readonly<Record<string, PoolCounts>>): void {
    this.#present.set(worker, pools)
    for (const [service, counts] of Object.entries(pools)) this.#counted.set(service, sumOf(this.#counted.get(service), { ...counts, ...NO_CONNECTIONS }))
  }
  forget(worker: number): void {
    this.#present.delete(worker)
  }

  byService(): Map<string, PoolCounts> {
    const sums = new Map(this.#counted)
    for (const pools of this.#present.values()) {
      for (const [service, counts] of Object.entries(pools)) sums.set(service, sumOf(sums.get(service), { ...counts, ...NO_REQUESTS }))
    }
    return sums
  }
}

const NO_CONNECTIONS = { open: 0, waiting: 0, idle: 0 }
const NO_REQUESTS = { hits: 0, misses: 0, evictions: 0 }

function sumOf(a: PoolCounts | undefined, b: PoolCounts): PoolCounts {
  if (a === undefined) return b
  return {
    open: a.open + b.open, waiting: a.waiting + b.waiting, idle: a.idle + b.idle,
    hits: a.hits + b.hits, misses: a.misses + b.misses, evictions: a.evictions + b.evictions,
  }
}
