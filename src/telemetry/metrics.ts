// /metrics: names, help and labels of every metric. Knows where no number comes from.
import { counter, gauge, histogram, type Labels, type Sample } from './prometheus.ts'
import type { PoolCounts } from './pool-stats.ts'
import { streamMetrics } from './stream-metrics.ts'
import type { IngressTotals, Totals } from './totals.ts'

/** What main knows besides the workers' counts. */
export type ProgramState = {
  readonly version: string
  readonly startedAt: Date
  readonly issues: number
  readonly logLinesDropped: number
  /** By thread: `proxy`, `watcher`. */
  readonly restarts: Readonly<Record<string, number>>
  /** Version that each proxy worker serves, by its number. */
  readonly tableVersions: ReadonlyMap<number, number>
  readonly residentBytes: number
  readonly cpuSeconds: number
}

/** Makes ingress-nginx's requests counter too, for dashboards that ask for it (ingress-nginx.md §4.1). */
export type CompatibleMetrics = {
  /** controller_class, controller_namespace, controller_pod. */
  readonly labels: Labels
  /** `2xx` instead of `200`. */
  readonly statusClasses: boolean
}

/** compatible: null without --enable-metrics. */
export function metricsText(totals: Totals, program: ProgramState, compatible: CompatibleMetrics | null): string {
  const requestCounter = compatible === null ? '' : compatibleRequests(totals, compatible)
  return requestMetrics(totals) + requestCounter + edgeMetrics(totals) + poolMetrics(totals) + streamMetrics(totals.streams) + programMetrics(program)
}

function requestMetrics(totals: Totals): string {
  const perIngress = <T>(value: (row: IngressTotals) => T) =>
    totals.ingresses.entries().map(([name, row]) => ({ labels: ingressLabels(name), value: value(row) }))
  return [
    counter('lintel_requests_total', 'Requests answered, by Ingress, status and the canary that took them; 499: the client left first.', requests(totals)),
    histogram('lintel_request_duration_seconds', 'From the complete head to the end of the answer.', perIngress((row) => row.seconds)),
    counter('lintel_request_bytes_total', 'Bytes of requests, head and body.', perIngress((row) => row.bytesIn)),
    counter('lintel_response_bytes_total', 'Bytes of answers, body alone.', perIngress((row) => row.bytesOut)),
  ].join('')
}

function edgeMetrics(totals: Totals): string {
  return [
    counter('lintel_own_answers_total', 'Answers that the proxy made itself, and attacks that it cut (rapid_reset, ping_flood and others), by reason.', byLabel('reason', totals.reasons)),
    counter('lintel_upstream_errors_total', 'Failed attempts at an endpoint, by reason.', byLabel('reason', totals.upstreamErrors)),
    counter('lintel_connections_accepted_total', 'Client connections accepted.', one(totals.accepted)),
    gauge('lintel_connections_open', 'Client connections open at the last report of each worker.', one(totals.open)),
    counter('lintel_connections_refused_total', 'Client connections reset as they came: connections (max-worker-connections), client_connections (max-connections-per-client), descriptors, memory.', byLabel('reason', totals.refusals)),
    counter('lintel_connections_evicted_total', 'Idle client connections closed because room was needed.', one(totals.evicted)),
    counter('lintel_tls_handshakes_failed_total', 'TLS handshakes of clients that failed: refused, timeout, client_gone, unknown_name (ssl-reject-handshake).', byLabel('reason', totals.handshakes)),
    counter('lintel_proxy_headers_failed_total', 'Connections closed for their PROXY header: missing, malformed, timeout, client_gone.', byLabel('reason', totals.proxyHeaders)),
    counter('lintel_upstream_ejections_total', 'Endpoints left out for a while, by reason: refused, failing, silent, slow.', byLabel('reason', totals.ejections)),
    counter('lintel_mirror_dropped_total', 'Copies for mirrors that did not get there, by reason: copies, held, body, target, cut, or how they failed.', byLabel('reason', totals.mirrorDrops)),
    histogram('lintel_table_propagation_seconds', 'From a change reaching the watcher to a worker serving it.', one(totals.propagation)),
  ].join('')
}

/** By Service: an endpoint for each label value would be a new series with each rollout. */
function poolMetrics(totals: Totals): string {
  const services = [...totals.pools.byService()]
  const samples = (name: keyof PoolCounts) => services.map(([service, counts]) => ({ labels: serviceLabels(service), value: counts[name] }))
  return [
    gauge('lintel_upstream_connections_open', 'Connections to endpoints of a Service.', samples('open')),
    gauge('lintel_upstream_connections_waiting', 'Of these: being opened.', samples('waiting')),
    gauge('lintel_upstream_connections_idle', 'Of these: kept for the next request.', samples('idle')),
    counter('lintel_upstream_pool_hits_total', 'Attempts at an endpoint on a connection that was there.', samples('hits')),
    counter('lintel_upstream_pool_misses_total', 'Attempts at an endpoint for which a connection was opened.', samples('misses')),
    counter('lintel_upstream_pool_evictions_total', 'Idle connections closed because there were too many, or the limits changed.', samples('evictions')),
  ].join('')
}

function programMetrics(program: ProgramState): string {
  const versions = new Map(program.tableVersions.entries().map(([worker, version]) => [String(worker), version]))
  const restarts = new Map(Object.entries(program.restarts))
  return [
    gauge('lintel_table_version', 'Version of the table that a worker serves.', byLabel('worker', versions)),
    gauge('lintel_issues', 'Problems found in the objects now; see /issues.', one(program.issues)),
    counter('lintel_log_lines_dropped_total', 'Access log lines dropped because the reader was slow.', one(program.logLinesDropped)),
    counter('lintel_thread_restarts_total', 'Threads that died and were started again.', byLabel('thread', restarts)),
    gauge('lintel_build_info', 'Always 1; the version is the label.', [{ labels: { version: program.version }, value: 1 }]),
    gauge('process_resident_memory_bytes', 'Resident memory.', one(program.residentBytes)),
    counter('process_cpu_seconds_total', 'User and system CPU time.', one(program.cpuSeconds)),
    gauge('process_start_time_seconds', 'Start of the process, seconds since 1970.', one(program.startedAt.getTime() / 1000)),
  ].join('')
}

function compatibleRequests(totals: Totals, { labels, statusClasses }: CompatibleMetrics): string {
  const samples = statusClasses ? classes(requests(totals)) : requests(totals)
  const labelled = samples.map((sample) => ({ ...sample, labels: { ...labels, ...sample.labels } }))
  return counter('nginx_ingress_controller_requests', 'Requests answered, under the name that ingress-nginx gave them.', labelled)
}

function requests(totals: Totals): Sample[] {
  return [...totals.ingresses].flatMap(([name, { statuses, canaries }]) => [
    ...statusSamples(ingressLabels(name), statuses),
    ...[...canaries].flatMap(([canary, taken]) => statusSamples({ ...ingressLabels(name), canary }, taken)),
  ])
}

function statusSamples(labels: Labels, statuses: ReadonlyMap<string, number>): Sample[] {
  return [...statuses].map(([status, value]) => ({ labels: { ...labels, status }, value }))
}

/** Adds up the samples of one Ingress whose statuses begin with the same digit. */
function classes(samples: readonly Sample[]): Sample[] {
  const sums = new Map<string, Sample>()
  for (const { labels, value } of samples) {
    const wide = { ...labels, status: `${labels['status']?.charAt(0)}xx` }
    const key = JSON.stringify(wide)
    sums.set(key, { labels: wide, value: value + (sums.get(key)?.value ?? 0) })
  }
  return [...sums.values()]
}

/** `` is what came before routing, or matched no rule. */
function ingressLabels(name: string): { namespace: string; ingress: string } {
  const [namespace = '', ingress = ''] = name.split('/')
  return { namespace, ingress }
}

/** `namespace/name:port`. */
function serviceLabels(text: string): { namespace: string; service: string; port: string } {
  const [, namespace = '', service = '', port = ''] = /^([^/]*)\/(.*):([^:]*)$/.exec(text) ?? []
  return { namespace, service, port }
}

function byLabel(label: string, values: ReadonlyMap<string, number>): Sample[] {
  return [...values].map(([text, value]) => ({ labels: { [label]: text }, value }))
}

function one<T>(value: T): { labels: Labels; value: T }[] {
  return [{ labels: {}, value }]
}
