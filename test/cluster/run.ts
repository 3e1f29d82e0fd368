// `bun run test:cluster`: the tests against a real API server, in a network namespace of their own, where pods have addresses and every
// port is free. No root needed. Arguments: test files instead of all, or a script and its own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { helm } from '../deploy/helm.ts'
import { binaries } from './binaries.ts'

const FOLDER = import.meta.dir
/** A cluster that starts, and what waits for it. */
const TEST_MS = 60_000
const NETWORK = 'ip link set lo up && ip route add local 10.244.0.0/16 dev lo && exec "$@"'

const NAMESPACE = ['unshare', '-Urnpf', '--mount-proc', '--kill-child']

/** What CI must not do, and says with its exit code. */
function skip(reason: string): never {
  console.error(`skipped: the tests against a cluster. ${reason}`)
  process.exit(process.env['CI'] === undefined ? 0 : 1)
}

const absent = ['unshare', 'ip'].filter((tool) => Bun.which(tool) === null)
if (absent.length > 0) skip(`They need ${absent.join(' and ')}: install util-linux and iproute2`)
if (await Bun.spawn([...NAMESPACE, 'true'], { stderr: 'ignore' }).exited !== 0) skip('They need a namespace of their own, and this machine allows users none: allow unprivileged user namespaces, or run them as root')
const found = await binaries((line) => console.error(line))
if ('missing' in found) skip(`They need etcd, kube-apiserver and kube-controller-manager. ${found.missing}`)
// In there nothing can be downloaded.
await helm()
const given = process.argv.slice(2).map((argument) => (argument.endsWith('.ts') ? resolve(argument) : argument))
const files = given.length > 0 ? given : [...new Bun.Glob('*.cluster.ts').scanSync(FOLDER)].toSorted().map((file) => join(FOLDER, file))
/** A script such as scale.ts runs as it is. */
const isScript = given[0]?.endsWith('.ts') === true && !given[0].endsWith('.cluster.ts')
const command = [process.execPath, ...isScript ? files : ['test', '--timeout', String(TEST_MS), ...files]]
// A PID namespace too: whatever the tests leave running ends with them, and so do their files.
const scratch = mkdtempSync(join(tmpdir(), 'lintel-cluster-'))
const test = Bun.spawn([...NAMESPACE, 'sh', '-c', NETWORK, 'sh', ...command], {
  stdio: ['ignore', 'inherit', 'inherit'],
  cwd: join(FOLDER, '..', '..'),
  env: { ...process.env, LINTEL_CLUSTER_BINARIES: found.folder, TMPDIR: scratch },
})
const code = await test.exited
rmSync(scratch, { recursive: true, force: true })
process.exit(code)
