// HTTP/2 load over TLS: h2load, one thread, streams in parallel on each connection.
import { GRPC_PATH } from '../setup.ts'
import { host } from '../site.ts'
import { BUSY, type Load, type LoadReport, outputOf, unusable } from './load.ts'

const numberOf = (report: string, pattern: RegExp) => Number(pattern.exec(report)?.[1] ?? NaN)

/** Reads h2load's report of a run by time. At its end some answers have begun and are not done: they count among the statuses alone. */
export const parseH2load = (report: string): LoadReport => {
  const seconds = numberOf(report, /finished in ([\d.]+)s,/)
  const done = numberOf(report, /(\d+) done/)
  const good = numberOf(report, /status codes: (\d+) 2xx/)
  const counts = /requests: .*/.exec(report)?.[0]
  if (!(seconds > 0) || !(done > 0) || counts === undefined) return unusable(`h2load: ${report.trim() || 'no report'}`)
  const protocol = /Application protocol: (\S+)/.exec(report)?.[1]
  const failed = good < done || !/ 0 failed, 0 errored, 0 timeout/.test(counts)
  const trouble = protocol !== 'h2' ? `h2load: the protocol was ${protocol}` : failed ? `h2load: ${counts}, ${good} with 2xx` : undefined
  return { requests: done, seconds, octets: numberOf(report, /\((\d+)\) data/), trouble }
}

/** grpc: each request carries the message of the cell's folder. */
export const h2load = ({ connections, streams, grpc = false }: { readonly connections: number; readonly streams: number; readonly grpc?: boolean }): Load => ({
  tool: 'h2load',
  busy: BUSY,
  run: async ({ port, seconds, folder }) => {
    const message = grpc ? ['-d', `${folder}/${GRPC_PATH}`, '-H', 'content-type: application/grpc', '-H', 'te: trailers'] : []
    const url = `https://${host}/${grpc ? GRPC_PATH : ''}`
    return parseH2load(await outputOf(['h2load', '-t1', `-c${connections}`, `-m${streams}`, '-D', `${seconds}s`, ...message, `--connect-to=127.0.0.1:${port}`, url]))
  },
})
