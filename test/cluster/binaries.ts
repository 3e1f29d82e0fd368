// Obtains etcd, kube-apiserver and kube-controller-manager: from KUBEBUILDER_ASSETS, or built once from their Go modules and kept in the
// user's cache. Knows no cluster.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const NAMES = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
const MODULE = join(import.meta.dir, 'binaries')
const VERSION = '1.35.4'
const [MAJOR, MINOR] = VERSION.split('.')
/** Without these a server says that it is v0.0.0, and what parses versions fails. */
const LD_FLAGS = ['-s', '-w', ...Object.entries({
  'k8s.io/component-base/version.gitVersion': `v${VERSION}`,
  'k8s.io/component-base/version.gitMajor': MAJOR,
  'k8s.io/component-base/version.gitMinor': MINOR,
  'k8s.io/component-base/version.gitTreeState': 'clean',
  'k8s.io/client-go/pkg/version.gitVersion': `v${VERSION}`,
}).map(([name, value]) => `-X ${name}=${value}`)].join(' ')
/** By output: etcd's package is called `server`. */
const PACKAGES: Readonly<Record<string, string>> = {
  'etcd': 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
}

/** folder: holds the three. missing: one line that says what to install or set. */
export type Binaries = { readonly folder: string } | { readonly missing: string }

/** Builds where nothing else has them: about five minutes on two cores, once. */
export async function binaries(say: (line: string) => void): Promise<Binaries> {
  const given = process.env['KUBEBUILDER_ASSETS']
  if (given !== undefined) {
    const absent = NAMES.filter((name) => !existsSync(join(given, name)))
    return absent.length === 0 ? { folder: given } : { missing: `KUBEBUILDER_ASSETS=${given} has no ${absent.join(', ')}` }
  }
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lintel', `kubernetes-${digest()}`)
  if (existsSync(folder)) return { folder }
  if (Bun.which('go') === null) return { missing: 'neither KUBEBUILDER_ASSETS nor Go is there: set the one or install the other' }
  say(`building Kubernetes ${VERSION} into ${folder}, once`)
  await build(folder)
  return { folder }
}

function digest(): string {
  const hash = createHash('sha256').update(LD_FLAGS)
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULE, file)))
  return hash.digest('hex').slice(0, 12)
}

/** Beside its place first: a build that was broken off leaves nothing that looks whole. */
async function build(folder: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    for (const name of NAMES) await go(['build', '-trimpath', `-ldflags=${LD_FLAGS}`, '-o', join(unfinished, name), PACKAGES[name] ?? name])
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

async function go(args: readonly string[]): Promise<void> {
  const run = Bun.spawn(['go', ...args], { cwd: MODULE, stdout: 'inherit', stderr: 'inherit', env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' } })
  if (await run.exited !== 0) throw new Error(`go ${args.join(' ')} failed with exit code ${run.exitCode}`)
}
