// From finished requests in workers to the text of /metrics.
import { describe, expect, test } from 'bun:test'
import { counters } from '../../src/telemetry/counters.ts'
import { metricsText } from '../../src/telemetry/metrics.ts'
import { counter } from '../../src/telemetry/prometheus.ts'
import { Totals } from '../../src/telemetry/totals.ts'
import { requestRecord } from './record.ts'

const BUCKETS = [0.01, 0.1]
const program = {
  version: '1.0.0', startedAt: new Date(5000), issues: 3, logLinesDropped: 4, restarts: { proxy: 1 }, tableVersions: new Map([[2, 7]]),
  residentBytes: 1e6, cpuSeconds: 1.5,
}
const textOf = (totals: Totals) => metricsText(totals, program, null)

describe('requests', () => {
  test('by Ingress and status, with time and bytes', () => {
    const { sink, drain } = counters(BUCKETS)
    sink(requestRecord({ start: 0, end: 5 }))
    sink(requestRecord({ start: 0, end: 50 }))
    sink(requestRecord({ start: 0, end: 500, status: 0 }))
    sink(requestRecord({ ingress: '', status: 404, reason: 'no_route', attempts: [] }))
    const totals = new Totals(BUCKETS)
    totals.add(1, drain())
    expect(textOf(totals).split('\n')).toEqual(expect.arrayContaining([
      '# TYPE lintel_requests_total counter',
      'lintel_requests_total{namespace="shop",ingress="cafe",status="200"} 2',
      'lintel_requests_total{namespace="shop",ingress="cafe",status="499"} 1',
      'lintel_requests_total{namespace="",ingress="",status="404"} 1',
      'lintel_request_duration_seconds_bucket{namespace="shop",ingress="cafe",le="0.01"} 1',
      'lintel_request_duration_seconds_bucket{namespace="shop",ingress="cafe",le="0.1"} 2',
      'lintel_request_duration_seconds_bucket{namespace="shop",ingress="cafe",le="+Inf"} 3',
      'lintel_request_duration_seconds_sum{namespace="shop",ingress="cafe"} 0.555',
      'lintel_request_duration_seconds_count{namespace="shop",ingress="cafe"} 3',
      'lintel_request_bytes_total{namespace="shop",ingress="cafe"} 936',
      'lintel_response_bytes_total{namespace="shop",ingress="cafe"} 126',
      'lintel_own_answers_total{reason="no_route"} 1',
    ]))
  })

  test('those that a canary took have its name', () => {
    const { sink, drain } = counters(BUCKETS)
    sink(requestRecord())
    for (const status of [200, 500]) sink(requestRecord({ alternativeName: 'shop-tea-v2-80', status }))
    const totals = new Totals(BUCKETS)
    totals.add(1, drain())
    sink(requestRecord({ alternativeName: 'shop-tea-v2-80', status: 503 }))
    totals.add(1, drain())
    const samples = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(`${name}{`))
    expect(samples(textOf(totals), 'lintel_requests_total')).toEqual([
      'lintel_requests_total{namespace="shop",ingress="cafe",status="200"} 1',
      'lintel_requests_total{namespace="shop",ingress="cafe",canary="shop-tea-v2-80",status="200"} 1',
      'lintel_requests_total{namespace="shop",ingress="cafe",canary="shop-tea-v2-80",status="500"} 1',
      'lintel_requests_total{namespace="shop",ingress="cafe",canary="shop-tea-v2-80",status="503"} 1',
    ])
    expect(samples(metricsText(totals, program, { labels: {}, statusClasses: true }), 'nginx_ingress_controller_requests')).toContain(
      'nginx_ingress_controller_requests{namespace="shop",ingress="cafe",canary="shop-tea-v2-80",status="5xx"} 2')
  })

  test('failed attempts by reason', () => {
    const { sink, drain } = counters(BUCKETS)
    const failed = { endpoint: '10.0.0.1:80', status: 0, ms: 1, bytes: 0, error: 'connect_failed' }
    sink(requestRecord({ attempts: [failed, failed, { ...failed, status: 200, error: '' }] }))
    const totals = new Totals(BUCKETS)
    totals.add(1, drain())
    expect(textOf(totals)).toContain('\nlintel_upstream_errors_total{reason="connect_failed"} 2\n')
  })
})

describe('reports', () => {
  test('add up over workers and over time, and say nothing twice', () => {
    const [first, second] = [counters(BUCKETS), counters(BUCKETS)]
    const totals = new Totals(BUCKETS)
    first.sink(requestRecord())
    totals.add(1, first.drain())
    first.sink(requestRecord())
    totals.add(1, first.drain())
    totals.add(1, first.drain())
    second.sink(requestRecord())
    totals.add(2, second.drain())
    expect(textOf(totals)).toContain('lintel_requests_total{namespace="shop",ingress="cafe",status="200"} 3\n')
  })

  test('a dead worker takes its connections along, and no count', () => {
    const dead = counters(BUCKETS)
    const alive = counters(BUCKETS)
    for (const { connectionOpened } of [dead, dead, alive, alive]) connectionOpened()
    alive.connectionClosed()
    const totals = new Totals(BUCKETS)
    totals.add(1, dead.drain())
    totals.add(2, alive.drain())
    expect([totals.open, totals.accepted]).toEqual([3, 4])
    totals.forget(1)
    expect([totals.open, totals.accepted]).toEqual([1, 4])
  })

  test('propagation is measured in ms and shown in seconds', () => {
    const { observePropagation, drain } = counters(BUCKETS)
    observePropagation(4)
    const totals = new Totals(BUCKETS)
    totals.add(1, drain())
    const bucket = 'lintel_table_propagation_seconds_bucket'
    expect(textOf(totals)).toContain(`${bucket}{le="0.002"} 0\n${bucket}{le="0.005"} 1\n`)
  })
})

test('the program itself', () => {
  expect(textOf(new Totals(BUCKETS)).split('\n')).toEqual(expect.arrayContaining([
    'lintel_table_version{worker="2"} 7', 'lintel_issues 3', 'lintel_log_lines_dropped_total 4',
    'lintel_thread_restarts_total{thread="proxy"} 1',
    'lintel_build_info{version="1.0.0"} 1', 'process_resident_memory_bytes 1000000', 'process_cpu_seconds_total 1.5',
    'process_start_time_seconds 5',
  ]))
})

describe('ingress-nginx\'s requests counter', () => {
  const totals = new Totals(BUCKETS)
  const { sink, drain } = counters(BUCKETS)
  for (const status of [200, 204, 404]) sink(requestRecord({ status }))
  totals.add(1, drain())
  const labels = { controller_class: 'k8s.io/ingress-nginx' }
  const name = 'nginx_ingress_controller_requests{controller_class="k8s.io/ingress-nginx",namespace="shop",ingress="cafe"'

  test('is there only when asked for', () => {
    expect(textOf(totals)).not.toContain('nginx_ingress')
    expect(metricsText(totals, program, { labels, statusClasses: false })).toContain(`${name},status="204"} 1\n`)
  })

  test('can count by status class', () => {
    const text = metricsText(totals, program, { labels, statusClasses: true })
    expect(text).toContain(`${name},status="2xx"} 2\n${name},status="4xx"} 1\n`)
  })
})

test('label values are escaped', () => {
  expect(counter('n', 'h', [{ labels: { a: 'x"y\\z\n' }, value: 1 }])).toBe('# HELP n h\n# TYPE n counter\nn{a="x\\"y\\\\z\\n"} 1\n')
})

test('counting a request costs less than a microsecond', () => {
  const { sink } = counters([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
  const records = Array.from({ length: 8 }, (_, n) => requestRecord({ ingress: `shop/cafe-${n}`, status: n % 2 === 0 ? 200 : 304 }))
  const rounds = 200_000
  const started = performance.now()
  for (let n = 0; n < rounds; n++) sink(records[n & 7] ?? requestRecord())
  expect((performance.now() - started) / rounds).toBeLessThan(0.001)
})
