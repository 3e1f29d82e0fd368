// How many threads the machine gives us: a container's CPU quota, not the host's cores. Reads cgroup v1 and v2.
import { availableParallelism } from 'node:os'
import { groupFolders, type Read, readText } from '../machine/cgroup.ts'

/** The CPU quota rounded up, never more than the cores and never less than one. */
export function availableThreads(read: Read = readText, cores = availableParallelism()): number {
  return Math.max(1, Math.min(cores, Math.ceil(cpuQuota(read) ?? cores)))
}

/** CPUs by the tightest quota of our cgroup and those above it; undefined: none is set. */
function cpuQuota(read: Read): number | undefined {
  const quotas = groupFolders('cpu', read).map(({ version, folder }) => version === 2 ? quotaV2(read(`${folder}/cpu.max`)) : quotaV1(read, folder))
  const set = quotas.filter((quota) => quota !== undefined)
  return set.length === 0 ? undefined : Math.min(...set)
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
