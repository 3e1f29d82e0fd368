// HTTP/1.1 load: wrk, one thread, keep-alive connections.
import { join } from 'node:path'
import { encode } from '../requests.ts'
import { host } from '../site.ts'
import { BUSY, type Load, type LoadReport, outputOf, unusable } from './load.ts'

const UNITS: Readonly<Record<string, number>> = { B: 1, KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }

/** Reads wrk's report. A report without a request count is trouble, not zero. */
export const parseWrk = (report: string): LoadReport => {
  const [, requests, seconds, unit, octets, size = ''] = /(\d+) requests in ([\d.]+)(m?s|m), ([\d.]+)(\w+) read/.exec(report) ?? []
  const trouble = /Socket errors:.*|Non-2xx or 3xx responses: \d+/.exec(report)?.[0]
  if (requests === undefined || seconds === undefined) return unusable(`wrk: ${report.trim() || 'no report'}`)
  const factor = unit === 'ms' ? 1 / 1000 : unit === 'm' ? 60 : 1
  return { requests: Number(requests), seconds: Number(seconds) * factor, octets: Number(octets) * (UNITS[size] ?? NaN), trouble }
}

/** requests: sent in turn, instead of one GET. wrk then calls its script for each, which costs the load's core alone. */
export const wrk = ({ connections, requests }: { readonly connections: number; readonly requests?: readonly string[] }): Load => ({
  tool: 'wrk',
  busy: BUSY,
  run: async ({ port, secure, seconds, folder }) => {
    const file = join(folder, 'requests')
    if (requests !== undefined) await Bun.write(file, encode(requests))
    const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', `${import.meta.dir}/replay.lua`, '-H', `Host: ${host}`]
    const url = `${secure ? 'https' : 'http'}://${host}:${port}/`
    return parseWrk(await outputOf([...command, url, ...(requests === undefined ? [] : ['--', file])]))
  },
})
