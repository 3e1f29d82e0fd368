// From the start of the process to its first answer for the last of its hosts, in ms. Each round starts each proxy anew, alone.
import { type Measure, startAnew } from '../contest.ts'
import { answered } from '../loads/answered.ts'
import { cpuUs, memoryOf } from '../proc.ts'
import { hostsOf } from '../site.ts'

export const start: Measure = (contestants, setup, { rounds }) => startAnew(contestants, setup, {
  rounds,
  sample: async ({ contestant, peer }) => {
    await answered(peer.port, hostsOf(contestant.site).at(-1) ?? '')
    const value = performance.now() - peer.startedAt
    return { value, details: { cpuMs: cpuUs(peer.pid) / 1000, ...memoryOf(peer.pid) }, trouble: undefined }
  },
})
