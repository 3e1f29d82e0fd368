// Lintel as it was in another revision: its source in a work tree of its own, beside the packages that are installed here.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { lintel } from './peers/lintel.ts'
import type { PeerKind } from './peers/peer.ts'
import { ROOT } from './peers.ts'
import { CACHE, fail, run } from './tools.ts'

export type Revision = { readonly name: string; readonly kind: PeerKind; remove(): void }

/** Exits with 2 where git knows no such revision. */
export const checkOut = (name: string): Revision => {
  const folder = join(CACHE, `revision-${process.pid}`)
  mkdirSync(CACHE, { recursive: true })
  const reason = run(['git', 'worktree', 'add', '--detach', '--force', folder, name], ROOT)
  if (reason !== undefined) fail(`--against: ${reason}`)
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const remove = () => {
    rmSync(join(folder, 'node_modules'), { force: true })
    run(['git', 'worktree', 'remove', '--force', folder], ROOT)
  }
  process.once('exit', remove)
  return { name, kind: lintel(folder), remove() { process.off('exit', remove); remove() } }
}
