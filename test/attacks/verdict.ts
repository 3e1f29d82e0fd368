// The bounds of an attack: what it may cost, and how it must end. Pure.
import { isTold } from './attack.ts'
import type { Cost } from './measure.ts'

/** Of a round; of one that goes on because nobody need cut it, this share of a core. */
const CPU_S = 1, CPU_SHARE = 0.1
const RSS_MIB = 20
const SLOWER = 3
/** A machine of two cores on which an attacker, the program, its origin and this run: below it, waiting for a core is what is measured. */
const FLOOR_MS = 25

const wrong = (broken: boolean, text: string): string[] => broken ? [text] : []

/** What is wrong with the end or the price of an attack, for people; none if it was stood. */
export const breaches = (cost: Cost): string[] => {
  const { attack, whole, cut, opened, rounds, cpuS, rssMiB, failures, trouble } = cost
  const { inert, reason, handshake, heldMiB = RSS_MIB } = attack
  const cpuMost = Math.max(CPU_S, inert === undefined ? 0 : CPU_SHARE * (cost.ended - cost.began) / 1_000 / rounds)
  return [
    ...wrong(trouble !== '', `no attack: ${trouble}`),
    ...wrong(whole && inert === undefined && cut < opened, `${opened - cut} of ${opened} connections were not cut`),
    ...wrong(whole && !isTold(attack, cost), `${reason ?? handshake}: counted ${cost.counted} times, logged ${cost.logged} times`),
    ...wrong(cpuS / rounds > cpuMost, `${(cpuS / rounds).toFixed(2)} s of CPU a round, at most ${cpuMost.toFixed(2)}`),
    ...wrong(rssMiB > heldMiB, `${rssMiB.toFixed(1)} MiB more memory, at most ${heldMiB}`),
    ...wrong(failures.length > 0, `other clients: ${failures.slice(0, 3).join('; ')}`),
  ]
}

/** What other clients waited too long for. A machine on which the origin itself answers late says nothing about the program. */
export const delays = ({ before, during }: Cost): string[] => {
  const most = Math.max(SLOWER * before.p99Ms, SLOWER * during.besideMs, FLOOR_MS)
  return wrong(during.p99Ms > most, `p99 of other clients ${during.p99Ms.toFixed(1)} ms, at most ${most.toFixed(1)}`)
}
