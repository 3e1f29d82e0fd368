// A load at a fixed rate, for latency: it waits for no answer before it sends the next request (wrk does, and so hides every pause).
import { join } from 'node:path'
import { encode } from '../requests.ts'
import { type Load, outputOf } from './load.ts'
import { parseReport } from './report.ts'

/** rate: requests a second in all. It keeps no proxy busy, and isn't meant to. */
export const paced = ({ rate, connections, requests }: { readonly rate: number; readonly connections: number; readonly requests: readonly string[] }): Load => ({
  tool: null,
  busy: 0,
  run: async ({ port, secure, seconds, folder }) => {
    const file = join(folder, 'paced-requests')
    await Bun.write(file, encode(requests))
    const command = [process.execPath, `${import.meta.dir}/paced-process.ts`, `${port}`, `${secure ? 'tls' : 'clear'}`, `${rate}`, `${connections}`, `${seconds}`, file]
    return parseReport(await outputOf(command))
  },
})
