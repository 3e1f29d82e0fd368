// How much of the memory that we may use is in use: of our control group's limit and those above it, else of the machine's. Knows no policy.
import { totalmem } from 'node:os'
import { type GroupFolder, groupFolders, type Read, readText } from './cgroup.ts'

/** cgroup v1 says "no limit" with 2^63 rounded down to pages; nobody has that much. */
const NO_LIMIT_BYTES = 2 ** 60

/** usedBytes: what the kernel would not give back by itself when it runs short. */
export type MemoryUse = { readonly usedBytes: number; readonly limitBytes: number }

type Files = { readonly limits: readonly string[]; readonly usage: string; readonly cache: RegExp }
const FILES: Readonly<Record<GroupFolder['version'], Files>> = {
  1: { limits: ['memory.limit_in_bytes'], usage: 'memory.usage_in_bytes', cache: /^total_(?:in)?active_file (\d+)/gm },
  // Above memory.high the kernel slows us down and takes pages away: for a proxy that is as bad as no memory.
  2: { limits: ['memory.max', 'memory.high'], usage: 'memory.current', cache: /^(?:in)?active_file (\d+)/gm },
}

type Bounded = { readonly folder: string; readonly files: Files; readonly limitBytes: number }

export class Memory {
  readonly #read: Read
  readonly #groups: readonly Bounded[]
  readonly #machineBytes: number

  /** machineBytes: of the whole machine, the limit where no group has one. */
  constructor(read: Read = readText, machineBytes = totalmem()) {
    this.#read = read
    this.#machineBytes = machineBytes
    this.#groups = groupFolders('memory', read).flatMap((group) => bounded(group, read)).filter(({ limitBytes }) => limitBytes < machineBytes)
  }

  /** Of the group that is nearest to its limit. `enough`: a share of a limit; what is below it need not be exact. Costs some 20 µs a group. */
  use(enough = 0): MemoryUse {
    if (this.#groups.length === 0) return { usedBytes: this.#residentBytes(), limitBytes: this.#machineBytes }
    const uses = this.#groups.map((group) => this.#useOf(group, enough))
    return uses.reduce((worst, use) => share(use) > share(worst) ? use : worst)
  }

  /** Files that were read count as used until somebody needs the room: they are taken off. */
  #useOf({ folder, files, limitBytes }: Bounded, enough: number): MemoryUse {
    const usedBytes = Number(this.#read(`${folder}/${files.usage}`) ?? 0)
    if (usedBytes < limitBytes * enough) return { usedBytes, limitBytes }
    const cached = (this.#read(`${folder}/memory.stat`) ?? '').matchAll(files.cache)
    const cacheBytes = [...cached].reduce((sum, [, bytes]) => sum + Number(bytes), 0)
    return { usedBytes: Math.max(0, usedBytes - cacheBytes), limitBytes }
  }

  #residentBytes(): number {
    const [, pages = '0'] = /^\d+ (\d+)/.exec(this.#read('/proc/self/statm') ?? '') ?? []
    return Number(pages) * PAGE_BYTES
  }
}
/** Of every machine that Bun runs on, but some of Apple's and of arm64 with large pages, which only make us later. */
const PAGE_BYTES = 4096

export const share = ({ usedBytes, limitBytes }: MemoryUse): number => usedBytes / limitBytes

function bounded({ version, folder }: GroupFolder, read: Read): Bounded[] {
  const files = FILES[version]
  const limits = files.limits.map((file) => Number(read(`${folder}/${file}`) ?? NaN)).filter((limit) => limit > 0 && limit < NO_LIMIT_BYTES)
  return limits.length === 0 ? [] : [{ folder, files, limitBytes: Math.min(...limits) }]
}
