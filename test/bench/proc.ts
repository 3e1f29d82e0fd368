// CPU time and memory as the kernel accounts them (proc(5)). Ticks equal the scheduler's precise run time within a fraction of a percent.
import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ: 100 on every Linux that Debian ships. */
const tickUs = 10_000

/** utime + stime of a line of /proc/PID/stat. The command stands in brackets and may hold anything: count from the last one. */
export const ticksOf = (stat: string): number => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Not idle: user, nice, system, irq, softirq of the line `cpuN …` of /proc/stat. */
export const busyTicksOf = (stat: string, core: number): number => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    new RegExp(`^cpu${core} (.*)$`, 'm').exec(stat)?.[1]?.split(' ').map(Number) ?? []
  return user + nice + system + irq + softirq
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((text) => text.trim() !== '').map(Number)

/** The process and its children (nginx works in a child). */
const familyOf = (pid: number): number[] => [pid, ...childrenOf(pid)]
const sum = (values: readonly number[]) => values.reduce((total, each) => total + each, 0)

/** All threads of the process and of its children, in µs. */
export const cpuUs = (pid: number): number => sum(familyOf(pid).map((each) => ticksOf(readFileSync(`/proc/${each}/stat`, 'utf8')) * tickUs))

/** Each thread of the process and of its children by its id, in µs. */
export const threadsUs = (pid: number): Map<string, number> => new Map(familyOf(pid).flatMap((each) =>
  readdirSync(`/proc/${each}/task`).map((thread): [string, number] => [thread, ticksOf(readFileSync(`/proc/${each}/task/${thread}/stat`, 'utf8')) * tickUs])))

export type Memory = { readonly rss: number; readonly pss: number }
/** KiB of a line of /proc/PID/smaps_rollup. */
const lineOf = (text: string, name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1])

/** Of the process and of its children, in octets. PSS shares what several have in common out among them. */
export const memoryOf = (pid: number): Memory => {
  const texts = familyOf(pid).map((each) => readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))
  const of = (name: string) => sum(texts.map((text) => lineOf(text, name))) * 1024
  return { rss: of('Rss'), pss: of('Pss') }
}

export const coreBusyUs = (core: number): number => busyTicksOf(readFileSync('/proc/stat', 'utf8'), core) * tickUs

/** How many files a process of ours may open. */
export const openFiles = (): number => Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024)
