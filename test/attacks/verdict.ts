// The bounds of an attack: what it may cost, and how it must end. Pure.
import type { Cost } from './measure.ts'

/** Of a round. */
const CPU_S = 1
const RSS_MIB = 20
const SLOWER = 3
/** A machine of two cores on which an attacker, the program, its origin and this run: below it, waiting for a core is what is measured. */
const FLOOR_MS = 25

/** What is wrong, for people; none if the attack was stood. */
export const complaints = (cost: Cost): string[] => {
  const { attack, whole, cut, opened, rounds, cpuS, rssMiB, p99BeforeMs, p99DuringMs, failures, trouble } = cost
  const wrong = (broken: boolean, text: string) => broken ? [text] : []
  const p99Most = Math.max(SLOWER * p99BeforeMs, FLOOR_MS)
  return [
    ...wrong(trouble !== '', `no attack: ${trouble}`),
    ...wrong(whole && attack.inert === undefined && cut < opened, `${opened - cut} of ${opened} connections were not cut`),
    ...wrong(whole && attack.reason !== undefined && cost.counted < 1, `${attack.reason} was not counted`),
    ...wrong(whole && attack.reason !== undefined && !cost.logged, `${attack.reason} is not in the access log`),
    ...wrong(cpuS / rounds > CPU_S, `${(cpuS / rounds).toFixed(2)} s of CPU a round, at most ${CPU_S}`),
    ...wrong(rssMiB > RSS_MIB, `${rssMiB.toFixed(1)} MiB more memory, at most ${RSS_MIB}`),
    ...wrong(p99DuringMs > p99Most, `p99 ${p99DuringMs.toFixed(1)} ms, at most ${p99Most.toFixed(1)}`),
    ...wrong(failures.length > 0, `other clients: ${failures.slice(0, 3).join('; ')}`),
  ]
}
