// What an attack costs the program and its other clients. The attacker has its own process. Knows no protocol.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { metric } from '../features/scene.ts'
import type { Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { type Attack, seesItsEnd, type Transport } from './attack.ts'
import { p99, type Polite } from './polite.ts'
import { logged } from './scene.ts'

const report = z.object({
  rounds: z.number(), opened: z.number(), cut: z.number(), cutAfterMs: z.number(), octets: z.number(), began: z.number(), ended: z.number(), trouble: z.string(),
})
export type Cost = z.output<typeof report> & {
  readonly attack: Attack
  /** It was long enough to be cut. */
  readonly whole: boolean
  /** How often the attack's reason was counted, and whether it stands in the access log. */
  readonly counted: number
  readonly logged: boolean
  /** Of the whole program, without what the polite clients cost by themselves. */
  readonly cpuS: number
  readonly rssMiB: number
  readonly p99BeforeMs: number
  readonly p99DuringMs: number
  readonly failures: readonly string[]
}
/** Of a program that only polite clients use. */
export type Quiet = { readonly cpuShare: number; readonly p99Ms: number }

const TICK_S = 0.01
const MIB = 1_048_576
const PAGE_BYTES = 4_096
/** Memory is looked at so often. */
const LOOK_MS = 20
/** Polite requests so long after a short attack began are among those during it: the program may still have work from it. */
const SHORTEST_MS = 400

/** utime + stime in s, of the line in /proc/PID/stat behind the command's bracket (proc(5)). */
const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_S
}
const residentMiB = (pid: number): number => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES / MIB
const now = () => performance.timeOrigin + performance.now()

/** Looks at polite clients alone for some time. */
export const quiet = async ({ pid }: Program, polite: Polite, ms: number): Promise<Quiet> => {
  const cpu = cpuSeconds(pid)
  const from = now()
  await Bun.sleep(ms)
  return { cpuShare: (cpuSeconds(pid) - cpu) / ((now() - from) / 1_000), p99Ms: p99(polite.between(from, now())) }
}

export type Measured = { readonly program: Program; readonly polite: Polite; readonly before: Quiet }

export async function measure(attack: Attack, { transport, seconds }: { transport: Transport; seconds: number }, { program, polite, before }: Measured): Promise<Cost> {
  const { pid, http, https } = program
  const { reason = '' } = attack
  const counted = () => reason === '' ? 0 : metric(program, 'lintel_own_answers_total', `reason="${reason}"`)
  const [countedBefore, cpu, resident, from, failed] = [await counted(), cpuSeconds(pid), residentMiB(pid), now(), polite.failures.length]
  let peak = resident
  const looking = setInterval(() => { peak = Math.max(peak, residentMiB(pid)) }, LOOK_MS)
  const child = Bun.spawn([process.execPath, 'test/attacks/attacker.ts', attack.name, attack.transport ?? transport, String(http), String(https), String(seconds)], { stdout: 'pipe', stderr: 'inherit' })
  const told = report.parse(JSON.parse(await new Response(child.stdout).text()))
  const to = Math.max(told.ended, told.began + SHORTEST_MS)
  await Bun.sleep(Math.max(0, to - now()))
  clearInterval(looking)
  const cpuS = cpuSeconds(pid) - cpu - before.cpuShare * (now() - from) / 1_000
  if (told.cut > 0 && reason !== '') await until(`${reason} is counted`, async () => await counted() > countedBefore).catch(() => undefined) // the verdict will say so
  return {
    ...told, attack, whole: seesItsEnd(attack, seconds), counted: await counted() - countedBefore, logged: logged(program, reason), cpuS: Math.max(0, cpuS), rssMiB: peak - resident,
    p99BeforeMs: before.p99Ms, p99DuringMs: p99(polite.between(told.began, to)), failures: polite.failures.slice(failed),
  }
}
