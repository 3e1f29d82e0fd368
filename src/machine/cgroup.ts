// Where the kernel says what our container may have: the folders of our control group and of those above it, v1 and v2. Knows no limit.
import { readFileSync } from 'node:fs'

/** The text of a file, undefined where it can't be read. */
export type Read = (path: string) => string | undefined

export const readText: Read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** `version` says how the files in the folder are called. */
export type GroupFolder = { readonly version: 1 | 2; readonly folder: string }

/** From our own group up to the root, which may be the host's: a limit above ours holds for us too. */
export function groupFolders(controller: string, read: Read = readText): GroupFolder[] {
  return (read('/proc/self/cgroup') ?? '').split('\n').flatMap((group): GroupFolder[] => {
    const [, controllers, path = '/'] = /^\d+:([^:]*):(.*)$/.exec(group) ?? []
    if (controllers === '') return ancestors(path).map((folder) => ({ version: 2, folder: `/sys/fs/cgroup${folder}` }))
    if (controllers?.split(',').includes(controller) === true) return ancestors(path).map((folder) => ({ version: 1, folder: `/sys/fs/cgroup/${controller}${folder}` }))
    return []
  })
}

/** `/a/b` → `/a/b`, `/a`, ``. In a container the path may be the host's: only the last one exists then. */
function ancestors(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '')
  return [...parts.keys()].map((depth) => `/${parts.slice(0, parts.length - depth).join('/')}`).concat('')
}
