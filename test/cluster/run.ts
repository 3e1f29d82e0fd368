// `bun run test:cluster`: the tests against a real API server, in a network namespace of their own, where pods have addresses and every
// port is free. No root needed. Arguments go to `bun test`.
import { join } from 'node:path'
import { binaries } from './binaries.ts'

const FOLDER = import.meta.dir
/** A cluster that starts, and what waits for it. */
const TEST_MS = 60_000
const NETWORK = 'ip link set lo up && ip route add local 10.244.0.0/16 dev lo && exec "$@"'

const found = await binaries((line) => console.error(line))
if ('missing' in found) {
  console.error(`skipped: the tests against a cluster need etcd, kube-apiserver and kube-controller-manager. ${found.missing}`)
  process.exit(process.env['CI'] === undefined ? 0 : 1)
}
const files = process.argv.slice(2).length > 0 ? process.argv.slice(2) : [...new Bun.Glob('*.cluster.ts').scanSync(FOLDER)].toSorted().map((file) => join(FOLDER, file))
const test = Bun.spawn(['unshare', '-Urn', 'sh', '-c', NETWORK, 'sh', process.execPath, 'test', '--timeout', String(TEST_MS), ...files], {
  stdio: ['ignore', 'inherit', 'inherit'],
  cwd: join(FOLDER, '..', '..'),
  env: { ...process.env, LINTEL_CLUSTER_BINARIES: found.folder },
})
process.exit(await test.exited)
