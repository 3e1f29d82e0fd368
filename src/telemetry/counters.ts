// Counts requests in a proxy worker for /metrics. A request costs a few map look-ups and builds no text.
// Knows no metric name and no thread: what it counted leaves as JSON and is added up in totals.ts.
import type { RequestRecord, Sink } from './record.ts'
import type { PoolCounts } from './pool-stats.ts'
import type { StreamCounts } from './stream-stats.ts'
import { Histogram, type HistogramCounts } from './histogram.ts'

/** How often a worker should report unasked, so that its death loses little. */
export const REPORT_EVERY_MS = 5000

/** From the change reaching the watcher to this worker serving it; the promise is 50 ms. In seconds. */
export const PROPAGATION_BOUNDS: readonly number[] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5]

/** The client left before an answer: nginx's own number for it. */
const CLIENT_CLOSED = 499

/** What was counted since the last report. `ingresses` by `namespace/name`, `` before routing; `open` is the present number. */
export type Counts = {
  readonly ingresses: Readonly<Record<string, IngressCounts>>
  readonly reasons: Readonly<Record<string, number>>
  readonly upstreamErrors: Readonly<Record<string, number>>
  /** TLS handshakes that failed, by reason. */
  readonly handshakes: Readonly<Record<string, number>>
  /** Connections closed for their PROXY header, by reason. */
  readonly proxyHeaders: Readonly<Record<string, number>>
  /** Connections reset as they came, by reason. */
  readonly refusals: Readonly<Record<string, number>>
  /** Idle connections closed to make room. */
  readonly evicted: number
  /** Endpoints that health left out, by reason. */
  readonly ejections: Readonly<Record<string, number>>
  /** Copies for mirrors that did not get there, by reason. */
  readonly mirrorDrops: Readonly<Record<string, number>>
  readonly propagation: HistogramCounts
  /** By Service. */
  readonly pools: Readonly<Record<string, PoolCounts>>
  /** By key of Table.streams, `tls:` and the port where TLS is passed through. */
  readonly streams: Readonly<Record<string, StreamCounts>>
  readonly accepted: number
  readonly open: number
}
export type StatusCounts = Readonly<Record<string, number>>
export type IngressCounts = {
  /** Of answers by the main Service, and of those by each canary. */
  readonly statuses: StatusCounts
  readonly canaries: Readonly<Record<string, StatusCounts>>
  readonly seconds: HistogramCounts
  readonly bytesIn: number
  readonly bytesOut: number
}

type Row = { statuses: Map<number, number>; canaries: Map<string, Map<number, number>>; seconds: Histogram; bytesIn: number; bytesOut: number }

/** timeBuckets: `--time-buckets`, seconds. */
export function counters(timeBuckets: readonly number[]) {
  let counted = nothing()
  let open = 0

  const sink: Sink = (record) => {
    let row = counted.ingresses.get(record.ingress)
    if (row === undefined) counted.ingresses.set(record.ingress, row = emptyRow(timeBuckets))
    countRequest(row, record)
    if (record.reason !== '') increment(counted.reasons, record.reason)
    for (const attempt of record.attempts) {
      if (attempt.error !== '') increment(counted.upstreamErrors, attempt.error)
    }
  }

  return {
    sink,
    connectionOpened(): void {
      counted.accepted++
      open++
    },
    connectionClosed(): void {
      open--
    },
    handshakeFailed(reason: string): void {
      increment(counted.handshakes, reason)
    },
    proxyHeaderFailed(reason: string): void {
      increment(counted.proxyHeaders, reason)
    },
    refused(reason: string): void {
      increment(counted.refusals, reason)
    },
    evicted(): void {
      counted.evicted++
    },
    ejected(reason: string): void {
      increment(counted.ejections, reason)
    },
    mirrorDropped(reason: string): void {
      increment(counted.mirrorDrops, reason)
    },
    /** ms between Update.at and the moment the table serves. */
    observePropagation(ms: number): void {
      counted.propagation.observe(ms / 1000)
    },
    /** JSON of Counts; starts anew, so nothing is reported twice. pools, streams: counted since the last time. */
    drain(pools: Counts['pools'] = {}, streams: Counts['streams'] = {}): string {
      const json = JSON.stringify({ ...countsOf(counted, open), pools, streams })
      counted = nothing()
      return json
    },
  }
}
export type Counters = ReturnType<typeof counters>

function nothing() {
  return {
    ingresses: new Map<string, Row>(),
    reasons: new Map<string, number>(),
    upstreamErrors: new Map<string, number>(),
    handshakes: new Map<string, number>(),
    proxyHeaders: new Map<string, number>(),
    refusals: new Map<string, number>(),
    evicted: 0,
    ejections: new Map<string, number>(),
    mirrorDrops: new Map<string, number>(),
    propagation: new Histogram(PROPAGATION_BOUNDS),
    accepted: 0,
  }
}

function emptyRow(timeBuckets: readonly number[]): Row {
  return { statuses: new Map(), canaries: new Map(), seconds: new Histogram(timeBuckets), bytesIn: 0, bytesOut: 0 }
}

function countRequest(row: Row, record: Readonly<RequestRecord>): void {
  const statuses = record.alternativeName === '' ? row.statuses : canaryStatuses(row, record.alternativeName)
  increment(statuses, record.status === 0 ? CLIENT_CLOSED : record.status)
  row.seconds.observe((record.end - record.start) / 1000)
  row.bytesIn += record.bytesIn
  row.bytesOut += record.bytesOut
}

function canaryStatuses({ canaries }: Row, name: string): Map<number, number> {
  let statuses = canaries.get(name)
  if (statuses === undefined) canaries.set(name, statuses = new Map())
  return statuses
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function countsOf(counted: ReturnType<typeof nothing>, open: number): Omit<Counts, 'pools' | 'streams'> {
  return {
    ingresses: Object.fromEntries([...counted.ingresses].map(([name, row]) => [name, rowCounts(row)])),
    reasons: Object.fromEntries(counted.reasons),
    upstreamErrors: Object.fromEntries(counted.upstreamErrors),
    handshakes: Object.fromEntries(counted.handshakes),
    proxyHeaders: Object.fromEntries(counted.proxyHeaders),
    refusals: Object.fromEntries(counted.refusals),
    evicted: counted.evicted,
    ejections: Object.fromEntries(counted.ejections),
    mirrorDrops: Object.fromEntries(counted.mirrorDrops),
    propagation: counted.propagation.toJSON(),
    accepted: counted.accepted,
    open,
  }
}

function rowCounts(row: Row): IngressCounts {
  const canaries = Object.fromEntries([...row.canaries].map(([name, statuses]) => [name, Object.fromEntries(statuses)]))
  return { ...row, statuses: Object.fromEntries(row.statuses), canaries, seconds: row.seconds.toJSON() }
}
