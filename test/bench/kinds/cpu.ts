// What a request costs: CPU of the proxy's processes by its answers, under a load that keeps it busy, in µs. Beside it: latency at a fixed
// rate, and memory before and after.
import { type Contestant, type Measure, type Running, type Sample, takeTurns } from '../contest.ts'
import type { Load, LoadReport } from '../loads/load.ts'
import { proxyCore } from '../peers/peer.ts'
import { coreBusyUs, cpuUs, memoryOf } from '../proc.ts'
import type { Setup } from '../setup.ts'
import type { Site } from '../site.ts'

/** wrk rounds what it read. */
const MIN_BODY_SHARE = 0.98
/** Of the time that was asked for. */
const MIN_TIME_SHARE = 0.9

export type CpuOptions = {
  readonly load: (site: Site) => Load
  /** Octets of an answer's body: a load that got less of each was not answered. */
  readonly bodyBytes: number
  /** Octets of an answer in all that are too many: it was not compressed. */
  readonly maxBytes?: number
  /** The same requests at a fixed rate, in each round. */
  readonly paced?: (site: Site) => Load
}

export const cpu = (options: CpuOptions): Measure => async (contestants, setup, { rounds, seconds, warmUpSeconds }) => {
  const before = new Map<Contestant, number>()
  return takeTurns(contestants, setup, {
    rounds,
    prepare: async (running) => {
      before.set(running.contestant, memoryOf(running.peer.pid).rss)
      await warmUp(options.load, running, { setup, seconds: warmUpSeconds })
    },
    sample: async (running) => {
      const sample = await sampled(options, running, { setup, seconds })
      const { p50, p99, p999 } = options.paced === undefined ? {} : (await drive(options.paced, running, { setup, seconds })).latency ?? {}
      const { rss, pss } = memoryOf(running.peer.pid)
      const details = { ...sample.details, rssBefore: before.get(running.contestant) ?? NaN, rss, pss, ...(p50 !== undefined && { p50, p99: p99 ?? NaN, p999: p999 ?? NaN }) }
      return { ...sample, details }
    },
  })
}

/** What a just-in-time compiler needs to see before it has made its best code; a busy machine takes longer to show it so much. */
const WARM_REQUESTS = 20_000
const WARM_TURNS = 5
const warmUp = async (load: CpuOptions['load'], running: Running, time: Time) => {
  let requests = 0
  for (let turn = 0; turn < WARM_TURNS && requests < WARM_REQUESTS; turn++) requests += (await drive(load, running, time)).requests
}

type Time = { readonly setup: Setup; readonly seconds: number }
const drive = (load: CpuOptions['load'], { contestant: { site }, peer }: Running, { setup, seconds }: Time): Promise<LoadReport> =>
  load(site).run({ port: peer.port, secure: site.secure, seconds, folder: setup.folder })

const sampled = async ({ load, bodyBytes, maxBytes }: CpuOptions, running: Running, time: Time): Promise<Sample> => {
  const { pid } = running.peer
  const cpuBefore = cpuUs(pid)
  const busyBefore = coreBusyUs(proxyCore)
  const report = await drive(load, running, time)
  const cpu = cpuUs(pid) - cpuBefore
  const busy = coreBusyUs(proxyCore) - busyBefore
  const own = cpu / 1e6 / report.seconds
  const others = Math.max(0, busy - cpu) / 1e6 / report.seconds
  const least = load(running.contestant.site).busy
  return {
    value: cpu / report.requests, details: { rate: report.requests / report.seconds, own, others },
    trouble: report.trouble ?? shortfall(report, { bodyBytes, maxBytes, seconds: time.seconds }) ?? tooLight({ own, others, least }),
  }
}

/** Why a load that says it went well was no load. */
export const shortfall = ({ requests, octets, seconds }: LoadReport, asked: { readonly bodyBytes: number; readonly maxBytes?: number | undefined; readonly seconds: number }): string | undefined => {
  if (requests === 0) return 'no request was answered'
  if (seconds < asked.seconds * MIN_TIME_SHARE) return `the load ended after ${seconds} s of ${asked.seconds}`
  if (octets > requests * (asked.maxBytes ?? Infinity)) return `${Math.round(octets / requests)} octets an answer instead of ${asked.maxBytes} at most`
  return octets >= requests * asked.bodyBytes * MIN_BODY_SHARE ? undefined : `${Math.round(octets / requests)} octets an answer instead of ${asked.bodyBytes}`
}

const tooLight = ({ own, others, least }: { readonly own: number; readonly others: number; readonly least: number }): string | undefined =>
  own < least * (1 - others) ? `the load was too light: the proxy used ${Math.round(own * 100)} % of its core` : undefined
