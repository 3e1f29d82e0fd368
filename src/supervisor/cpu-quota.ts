// How many threads the machine gives us: a container's CPU quota, not the host's cores. Reads cgroup v1 and v2.
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

type Read = (path: string) => string | undefined

/** The CPU quota rounded up, never more than the cores and never less than one. */
export function availableThreads(read: Read = readText, cores = availableParallelism()): number {
  return Math.max(1, Math.min(cores, Math.ceil(cpuQuota(read) ?? cores)))
}

/** CPUs by the tightest quota of our cgroup and those above it; undefined: none is set. */
function cpuQuota(read: Read): number | undefined {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n')
  const quotas = groups.flatMap((group) => {
    const [, controllers, path = '/'] = /^\d+:([^:]*):(.*)$/.exec(group) ?? []
    if (controllers === '') return ancestors(path).map((folder) => quotaV2(read(`/sys/fs/cgroup${folder}/cpu.max`)))
    if (controllers?.split(',').includes('cpu') === true) return ancestors(path).map((folder) => quotaV1(read, `/sys/fs/cgroup/cpu${folder}`))
    return []
  })
  const set = quotas.filter((quota) => quota !== undefined)
  return set.length === 0 ? undefined : Math.min(...set)
}

/** `/a/b` → `/a/b`, `/a`, ``. In a container the path may be the host's: only the last one exists then. */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '')
  return [...parts.keys()].map((depth) => `/${parts.slice(0, parts.length - depth).join('/')}`).concat('')
}

/** `150000 100000`, or `max 100000`. */
function quotaV2(text: string | undefined): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)/.exec(text ?? '') ?? []
  return ratio(quota, period)
}

/** -1: no quota. */
function quotaV1(read: Read, folder: string): number | undefined {
  return ratio(read(`${folder}/cpu.cfs_quota_us`), read(`${folder}/cpu.cfs_period_us`))
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota) / Number(period)
  return cpus > 0 ? cpus : undefined
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
