// From a change of what the proxy is told, one host more, to the first answer of that host: the p99 of the changes of a round, in ms. Peers do
// it as their users do: nginx and HAProxy reload, the others watch files.
import { type Measure, type Running, takeTurns } from '../contest.ts'
import { answered } from '../loads/answered.ts'
import { percentile } from '../numbers.ts'
import { cpuUs } from '../proc.ts'
import { newHost } from '../site.ts'

/** In a round. Few for the others: some take seconds for one. */
const CHANGES = 20
const OF_OTHERS = 3
/** Between two changes of others: Traefik gathers those of two seconds, HAProxy misses a signal while it reloads. Lintel gets no pause. */
const PAUSE_MS = 3_000

export const change = ({ ours }: { readonly ours: string }): Measure => (contestants, setup, { rounds }) => takeTurns(contestants, setup, {
  rounds,
  prepare: async () => {},
  sample: async (running, round) => {
    const count = running.contestant.peer === ours ? CHANGES : OF_OTHERS
    const before = cpuUs(running.peer.pid)
    const times: number[] = []
    for (let n = 1; n <= count; n++) {
      if (running.contestant.peer !== ours) await Bun.sleep(PAUSE_MS)
      times.push(await changed(running, round * count + n))
    }
    const cpuMs = Math.max(0, cpuUs(running.peer.pid) - before) / 1000 / count
    return { value: percentile(times, 0.99), details: { p50Ms: percentile(times, 0.5), cpuMs }, trouble: undefined }
  },
})

const changed = async ({ contestant: { kind }, peer }: Running, n: number): Promise<number> => {
  if (kind.change === undefined) throw new Error('it can not be changed while it runs')
  const from = performance.now()
  await kind.change(peer.place, { pid: peer.pid, n })
  await answered(peer.port, newHost(n))
  return performance.now() - from
}
