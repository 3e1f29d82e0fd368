// How far workers share the work: CPU of the busiest thread by all answers, in µs. With two workers that share it evenly and cost no more
// than one it is half. A machine of two cores can't show it by requests a second: load and origin need one of them.
import { type Measure, takeTurns } from '../contest.ts'
import type { Load } from '../loads/load.ts'
import { threadsUs } from '../proc.ts'
import { shortfall } from './cpu.ts'

export const busiest = ({ load, bodyBytes }: { readonly load: Load; readonly bodyBytes: number }): Measure => (contestants, setup, { rounds, seconds, warmUpSeconds }) => {
  const target = (port: number, seconds: number) => ({ port, secure: false, seconds, folder: setup.folder })
  return takeTurns(contestants, setup, {
    rounds,
    prepare: async ({ peer }) => { await load.run(target(peer.port, warmUpSeconds * 2)) },
    sample: async ({ peer }) => {
      const before = threadsUs(peer.pid)
      const report = await load.run(target(peer.port, seconds))
      const used = [...threadsUs(peer.pid)].map(([thread, us]) => us - (before.get(thread) ?? 0))
      const cpu = used.reduce((sum, us) => sum + us, 0) / report.requests
      return { value: Math.max(...used) / report.requests, details: { rate: report.requests / report.seconds, cpu }, trouble: report.trouble ?? shortfall(report, { bodyBytes, seconds }) }
    },
  })
}
