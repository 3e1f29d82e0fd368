// HTTP/1.1 load: wrk, one thread, keep-alive connections.
import { host, type Load, type LoadReport, outputOf, unusable } from './load.ts'

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }

/** Reads wrk's report. A report without a request count is trouble, not zero. */
export const parseWrk = (report: string): LoadReport => {
  const [, requests, seconds, unit, octets, size = ''] = /(\d+) requests in ([\d.]+)(m?s|m), ([\d.]+)(\w+) read/.exec(report) ?? []
  const trouble = /Socket errors:.*|Non-2xx or 3xx responses: \d+/.exec(report)?.[0]
  if (requests === undefined || seconds === undefined) return unusable(`wrk: ${report.trim() || 'no report'}`)
  const factor = unit === 'ms' ? 1 / 1000 : unit === 'm' ? 60 : 1
  return { requests: Number(requests), seconds: Number(seconds) * factor, octets: Number(octets) * (UNITS[size] ?? NaN), trouble }
}

/** script: a file beside this one. */
export const wrk = ({ connections, script }: { readonly connections: number; readonly script?: string }): Load => ({
  tool: 'wrk',
  run: async ({ port, seconds }) => {
    const scripted = script === undefined ? [] : ['-s', `${import.meta.dir}/${script}`]
    return parseWrk(await outputOf(['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, ...scripted, '-H', `Host: ${host}`, `http://127.0.0.1:${port}/`]))
  },
})
