// A load of TLS handshakes: each connection shakes hands anew, asks once, and is closed. No generator of Debian's does that without
// offering the session it had before (wrk does), so this is a process of our own.
import { type Load, outputOf } from './load.ts'
import { parseReport } from './report.ts'

/** A handshake costs the client more than it costs most proxies: they can't be kept busy. It makes no difference to what one costs them. */
const CLIENT_BOUND = 0.25

export const handshakes = ({ connections }: { readonly connections: number }): Load => ({
  tool: null,
  busy: CLIENT_BOUND,
  run: async ({ port, seconds }) =>
    parseReport(await outputOf([process.execPath, `${import.meta.dir}/handshakes-process.ts`, `${port}`, `${connections}`, `${seconds}`])),
})
