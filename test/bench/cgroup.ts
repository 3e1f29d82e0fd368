// A memory limit around a process, as a container has it. Needs root and a cgroup file system that may be written (v1 or v2).
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/until.ts'

export type Cgroup = {
  /** Before a command: runs it inside. */
  readonly prefix: readonly string[]
  /** When all in it have ended. */
  remove(): Promise<void>
}

const kinds = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { root: '/sys/fs/cgroup', limit: 'memory.max' },
]

/** Throws where none can be made. name: of what is in it, for this process alone. */
export const memoryCgroup = (name: string, mebibytes: number): Cgroup => {
  const kind = kinds.find(({ root, limit }) => existsSync(join(root, limit)) || existsSync(join(root, 'cgroup.subtree_control')))
  if (kind === undefined) throw new Error('no memory cgroup can be made here: there is no such controller')
  const folder = join(kind.root, `lintel-bench-${process.pid}-${name.replaceAll(/\W+/g, '-')}`)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, kind.limit), `${mebibytes * 2 ** 20}`)
  } catch (error) {
    throw new Error(`no memory cgroup can be made here: ${String(error)}`)
  }
  return {
    prefix: ['sh', '-c', `echo $$ > ${join(folder, 'cgroup.procs')} && exec "$@"`, 'sh'],
    async remove() {
      await until('the cgroup is empty', () => {
        rmdirSync(folder)
        return true
      })
    },
  }
}
