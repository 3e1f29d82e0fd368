// A control group of the kernel with a limit of memory, for a program to be started in. Needs root and a writable hierarchy, v1 or v2.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'

const CANDIDATES = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', peak: 'memory.max_usage_in_bytes', events: 'memory.oom_control' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', peak: 'memory.peak', events: 'memory.events' },
] as const

export type MemoryGroup = {
  /** What is put before a command so that it runs in the group. */
  readonly enter: readonly string[]
  /** Largest use so far, in octets; 0: the kernel does not tell. */
  peakBytes(): number
  /** How often the kernel ended a process of it. */
  kills(): number
  /** When its processes have ended. */
  close(): void
}

/** null: none can be made here. */
export function memoryGroup(limitBytes: number): MemoryGroup | null {
  for (const { root, limit, peak, events } of CANDIDATES) {
    const folder = `${root}/lintel-test-${process.pid}-${Math.random().toString(36).slice(2)}`
    try {
      mkdirSync(folder)
    } catch {
      continue
    }
    if (!existsSync(`${folder}/${limit}`)) { rmdirSync(folder); continue }
    writeFileSync(`${folder}/${limit}`, String(limitBytes))
    const read = (file: string) => existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, 'utf8') : ''
    return {
      enter: ['/bin/sh', '-c', `echo $$ > ${folder}/cgroup.procs && exec "$0" "$@"`],
      peakBytes: () => Number(read(peak)),
      kills: () => Number(/^oom_kill (\d+)/m.exec(read(events))?.[1] ?? 0),
      close: () => { rmdirSync(folder) },
    }
  }
  return null
}
