// What the program keeps of bodies in files, seen from outside: descriptors of files without a name. Knows nothing of why they are there.
import { readdirSync, readlinkSync, statSync } from 'node:fs'

/** Octets of each such file. */
export function spills({ pid }: { readonly pid: number }): number[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /\/lintel-[\w-]+ \(deleted\)$/.test(readlinkSync(`${folder}/${fd}`)) ? [statSync(`${folder}/${fd}`).size] : []
    } catch {
      return [] // closed meanwhile
    }
  })
}
