// CPU time as the kernel accounts it (proc(5)). Ticks equal the scheduler's precise run time within a fraction of a percent.
import { readFileSync } from 'node:fs'

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

/** All threads of the process and of its children (nginx works in a child), in µs. */
export const cpuUs = (pid: number): number =>
  [pid, ...childrenOf(pid)].reduce((sum, each) => sum + ticksOf(readFileSync(`/proc/${each}/stat`, 'utf8')) * tickUs, 0)

export const coreBusyUs = (core: number): number => busyTicksOf(readFileSync('/proc/stat', 'utf8'), core) * tickUs
