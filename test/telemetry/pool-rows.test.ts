// Counts of pools: from a pool to its Service, and over workers to /table and /metrics.
import { expect, test } from 'bun:test'
import { counters } from '../../src/telemetry/counters.ts'
import { metricsText } from '../../src/telemetry/metrics.ts'
import { type PoolRow, sumOfRows } from '../../src/telemetry/pool-rows.ts'
import { PoolStats } from '../../src/telemetry/pool-stats.ts'
import { Totals } from '../../src/telemetry/totals.ts'

const program = {
  version: '1.0.0', startedAt: new Date(0), issues: 0, logLinesDropped: 0, restarts: {}, tableVersions: new Map<number, number>(), residentBytes: 1, cpuSeconds: 1,
}
const TEA = 'namespace="shop",service="tea",port="80"'
const samples = (totals: Totals) => metricsText(totals, program, null).split('\n').filter((line) => line.includes(TEA)).map((line) => line.replace(`{${TEA}}`, '').replace('lintel_upstream_', ''))

test('what happens to a pool happens to its Service', () => {
  const service = new PoolStats('shop/tea:80', null)
  const [one, two] = [new PoolStats('shop/tea:80', service), new PoolStats('shop/tea:80', service)]
  for (const pool of [one, two]) {
    pool.miss()
    pool.stood()
    pool.idled(1)
  }
  one.idled(-1)
  one.hit()
  two.evicted()
  two.idled(-1)
  two.gone(true)
  one.miss()
  one.gone(false)
  expect(one.counts()).toEqual({ open: 1, waiting: 0, idle: 0, hits: 1, misses: 2, evictions: 0 })
  expect(service.drain()).toEqual({ open: 1, waiting: 0, idle: 0, hits: 1, misses: 3, evictions: 1 })
  expect(service.drain()).toEqual({ open: 1, waiting: 0, idle: 0, hits: 0, misses: 0, evictions: 0 })
})

test('/metrics: requests add up over reports and workers, connections are those of now; a dead worker takes only these along', () => {
  const totals = new Totals([1])
  const report = (worker: number, open: number, hits: number) =>
    totals.add(worker, counters([1]).drain({ 'shop/tea:80': { open, waiting: 0, idle: open, hits, misses: 1, evictions: 0 } }))
  report(1, 5, 10)
  report(1, 3, 1)
  report(2, 4, 100)
  expect(samples(totals)).toEqual([
    'connections_open 7', 'connections_waiting 0', 'connections_idle 7', 'pool_hits_total 111', 'pool_misses_total 3', 'pool_evictions_total 0',
  ])
  totals.forget(2)
  totals.add(1, counters([1]).drain())
  expect(samples(totals)).toEqual([
    'connections_open 0', 'connections_waiting 0', 'connections_idle 0', 'pool_hits_total 111', 'pool_misses_total 3', 'pool_evictions_total 0',
  ])
})

test('/table: pools of all workers to one endpoint are one row, another protocol is another', () => {
  const row: PoolRow = { service: 'shop/tea:80', address: '10.0.0.1', port: 80, protocol: 'h1', tls: false, open: 1, waiting: 1, idle: 0, hits: 2, misses: 3, evictions: 4 }
  const tls = { ...row, tls: true }
  expect(sumOfRows([JSON.stringify([row, tls]), JSON.stringify([row]), '[]'])).toEqual([{ ...row, open: 2, waiting: 2, hits: 4, misses: 6, evictions: 8 }, tls])
})
