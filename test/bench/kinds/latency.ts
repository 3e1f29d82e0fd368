// How long an answer takes at a fixed rate, which keeps no proxy busy: the median, in µs. p99 and p99.9 are shown beside it: on a machine
// that others use they are noise.
import { type Measure, type Running, takeTurns } from '../contest.ts'
import type { Load } from '../loads/load.ts'
import { cpuUs } from '../proc.ts'
import { shortfall } from './cpu.ts'

export const latency = ({ load, bodyBytes }: { readonly load: Load; readonly bodyBytes: number }): Measure => (contestants, setup, { rounds, seconds, warmUpSeconds }) => {
  const drive = ({ peer, contestant }: Running, seconds: number) =>
    load.run({ port: peer.port, secure: contestant.site.secure, seconds, folder: setup.folder })
  return takeTurns(contestants, setup, {
    rounds,
    prepare: async (running) => { await drive(running, warmUpSeconds) },
    sample: async (running) => {
      const before = cpuUs(running.peer.pid)
      const report = await drive(running, seconds)
      const { p50 = NaN, p99 = NaN, p999 = NaN } = report.latency ?? {}
      const cpu = (cpuUs(running.peer.pid) - before) / report.requests
      return { value: p50, details: { p99, p999, cpu }, trouble: report.trouble ?? shortfall(report, { bodyBytes, seconds }) }
    },
  })
}
