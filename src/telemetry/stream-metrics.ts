// Names, help and labels of the metrics of TCP and UDP services. Knows where no number comes from.
import { counter, gauge, type Labels } from './prometheus.ts'
import type { StreamCounts, StreamTotals } from './stream-stats.ts'

export function streamMetrics(totals: StreamTotals): string {
  const ports = [...totals.byPort()].map(([key, counts]) => ({ labels: labelsOf(key), counts }))
  const samples = (value: (counts: StreamCounts) => number) => ports.map(({ labels, counts }) => ({ labels, value: value(counts) }))
  const failures = ports.flatMap(({ labels, counts }) => Object.entries(counts.failures).map(([reason, value]) => ({ labels: { ...labels, reason }, value })))
  return [
    counter('lintel_stream_sessions_total', 'TCP connections and UDP sessions of services, by port; protocol tls: passed through unopened.', samples(({ accepted }) => accepted)),
    gauge('lintel_stream_sessions_open', 'Of these: open at the last report of each worker.', samples(({ open }) => open)),
    counter('lintel_stream_received_bytes_total', 'Octets from their clients.', samples(({ bytesIn }) => bytesIn)),
    counter('lintel_stream_sent_bytes_total', 'Octets to their clients.', samples(({ bytesOut }) => bytesOut)),
    counter('lintel_stream_failures_total', 'What went wrong with them, each try at an endpoint too, by reason.', failures),
  ].join('')
}

/** `tcp:9000` */
function labelsOf(key: string): Labels {
  const [protocol = '', port = ''] = key.split(':')
  return { protocol, port }
}
