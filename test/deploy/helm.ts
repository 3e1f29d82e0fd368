// Helm, found in the user's cache or built into it. Knows no chart.
import { homedir } from 'node:os'
import { join } from 'node:path'

const VERSION = 'v3.22.0'
const PACKAGE = 'helm.sh/helm/v3/cmd/helm'

/** The program's path, built if need be with Go, which takes some minutes once; null where there is neither. */
export async function helm(): Promise<string | null> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lintel', `helm-${VERSION}`)
  const program = join(folder, 'helm')
  if (await Bun.file(program).exists()) return program
  const go = Bun.which('go', { PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` })
  if (go === null) return null
  console.error(`building Helm ${VERSION} into ${folder}, once`)
  const build = Bun.spawn([go, 'install', '-ldflags=-s -w', `${PACKAGE}@${VERSION}`], { env: { ...process.env, GOBIN: folder }, stdout: 'inherit', stderr: 'inherit' })
  if (await build.exited !== 0) throw new Error(`Helm ${VERSION} can't be built: see above`)
  return program
}
