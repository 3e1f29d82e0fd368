// What an attack costs the program and its other clients. The attacker has its own process. Knows no protocol.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { metric } from '../features/scene.ts'
import type { Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { type Attack, isTold, seesItsEnd, type Told, type Transport } from './attack.ts'
import type { Polite, Waits } from './polite.ts'
import { logged, type Scene } from './scene.ts'

const report = z.object({
  rounds: z.number(), opened: z.number(), cut: z.number(), cutAfterMs: z.number(), octets: z.number(), began: z.number(), ended: z.number(), trouble: z.string(),
})
export type Cost = z.output<typeof report> & Told & {
  readonly attack: Attack
  /** It was long enough to be cut. */
  readonly whole: boolean
  /** Of the whole program, without what the polite clients cost by themselves. */
  readonly cpuS: number
  readonly rssMiB: number
  readonly before: Waits
  readonly during: Waits
  readonly failures: readonly string[]
}
/** Of a program that only polite clients use. */
export type Quiet = { readonly cpuShare: number; readonly waits: Waits }

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
/** Reports of workers come once a second, lines of the log sooner. */
const TOLD_MS = 3_000
const now = () => performance.timeOrigin + performance.now()

/** Looks at polite clients alone for some time. */
export const quiet = async ({ pid }: Program, polite: Polite, ms: number): Promise<Quiet> => {
  const cpu = cpuSeconds(pid)
  const from = now()
  await Bun.sleep(ms)
  return { cpuShare: (cpuSeconds(pid) - cpu) / ((now() - from) / 1_000), waits: polite.waits(from, now()) }
}

export type Measured = { readonly scene: Scene; readonly polite: Polite; readonly before: Quiet }

/** How often the program says that it cut this attack: in its metrics, and in its log. */
const told = async ({ reason, handshake }: Attack, program: Program): Promise<Told> => {
  if (handshake !== undefined) return { counted: await metric(program, 'lintel_tls_handshakes_failed_total', `reason="${handshake}"`), logged: 0 }
  if (reason === undefined) return { counted: 0, logged: 0 }
  return { counted: await metric(program, 'lintel_own_answers_total', `reason="${reason}"`), logged: logged(program, reason) }
}

/** `transport`: where the attack does not ask for one. */
export type How = { readonly transport: Transport; readonly seconds: number }
/** The attacker, in its own process. */
const attacker = async (attack: Attack, { transport, seconds }: How, { http, https }: Program) => {
  const args = [attack.name, attack.transport ?? transport, String(http), String(https), String(seconds)]
  const child = Bun.spawn([process.execPath, 'test/attacks/attacker.ts', ...args], { stdout: 'pipe', stderr: 'inherit' })
  return report.parse(JSON.parse(await new Response(child.stdout).text()))
}

export async function measure(attack: Attack, how: How, { scene: { program }, polite, before }: Measured): Promise<Cost> {
  const { pid } = program
  const toldBefore = await told(attack, program)
  const [cpu, resident, from, failed] = [cpuSeconds(pid), residentMiB(pid), now(), polite.failures.length]
  let peak = resident
  const looking = setInterval(() => { peak = Math.max(peak, residentMiB(pid)) }, LOOK_MS)
  const seen = await attacker(attack, how, program)
  const to = Math.max(seen.ended, seen.began + SHORTEST_MS)
  await Bun.sleep(Math.max(0, to - now()))
  clearInterval(looking)
  const cpuS = cpuSeconds(pid) - cpu - before.cpuShare * (now() - from) / 1_000
  const whole = seesItsEnd(attack, how.seconds)
  const more = async () => {
    const { counted, logged } = await told(attack, program)
    return { counted: counted - toldBefore.counted, logged: logged - toldBefore.logged }
  }
  // The verdict is another's: where nothing comes, it will say so.
  if (whole) await until('it is counted and logged', async () => isTold(attack, await more()), TOLD_MS).catch(() => undefined)
  return {
    ...seen, ...await more(), attack, whole, cpuS: Math.max(0, cpuS), rssMiB: peak - resident,
    before: before.waits, during: polite.waits(seen.began, to), failures: polite.failures.slice(failed),
  }
}
