// The container of a pod of Lintel, as the node stand-in runs it: the real program with the pod's arguments and environment, and the files of
// its service account where every pod has them. Knows no other pods.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expanded } from '../deploy/render.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import type { Pod, Workload } from './pod.ts'

const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
/** In a mount namespace of its own: every pod has another token there. /var/run is /run, which may not be ours to write. */
const WITH_ACCOUNT = `set -e
mount -t tmpfs tmpfs /run
mkdir -p ${ACCOUNT_FOLDER}
cp "$1"/* ${ACCOUNT_FOLDER}
shift
exec "$@"`
const READY_MS = 20_000

export const isLintel = (pod: Pod): boolean => /(^|\/)lintel:/.test(pod.spec.containers[0]?.image ?? '')

/** Resolves when its readiness probe passes. Rejects with its log when it ends before. */
export async function startLintelPod(pod: Pod, { kube, ip }: { readonly kube: Kube; readonly ip: string }): Promise<Workload> {
  const { args = [], env = [] } = pod.spec.containers[0] ?? {}
  const environment = Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? fieldOf(pod, valueFrom?.fieldRef?.fieldPath)]))
  const account = await accountFiles(pod, kube)
  // Others have a network of their own, where any address is theirs.
  const network = pod.spec.hostNetwork === true ? [] : [`--bind-address=${ip}`]
  const { hostname, port } = new URL(kube.server)
  const child = Bun.spawn(['unshare', '-m', 'sh', '-c', WITH_ACCOUNT, 'sh', account, process.execPath, 'src/main.ts', ...args.map((arg) => expanded(arg, environment)), ...network], {
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], ...environment, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    stdin: 'ignore', stdout: 'ignore', stderr: 'pipe',
  })
  const log = new Response(child.stderr).text()
  const graceMs = pod.spec.terminationGracePeriodSeconds * 1000
  const end = async () => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await child.exited
    clearTimeout(timer)
    rmSync(account, { recursive: true, force: true })
  }
  await until(`the pod ${pod.metadata.name} is ready`, async () => child.exitCode !== null || await isReady(pod, ip), READY_MS)
  if (child.exitCode !== null) throw new Error(`the pod ${pod.metadata.name} ended with exit code ${child.exitCode}:\n${await log}`)
  return { end, close: () => { child.kill('SIGKILL') } }
}

async function isReady(pod: Pod, ip: string): Promise<boolean> {
  const { path = '', port = 0 } = pod.spec.containers[0]?.readinessProbe?.httpGet ?? {}
  return (await fetch(`http://${ip}:${port}${path}`)).ok
}

/** `metadata.name` → the pod's. */
function fieldOf({ metadata }: Pod, path: string | undefined): string {
  if (path === 'metadata.name') return metadata.name
  if (path === 'metadata.namespace') return metadata.namespace
  throw new Error(`the node stand-in does not know fieldPath ${path}`)
}

/** A folder with what Kubernetes mounts into a pod. */
async function accountFiles({ metadata: { namespace }, spec: { serviceAccountName = 'default' } }: Pod, kube: Kube): Promise<string> {
  const token = await kube.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccountName}/token`, { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} } }) as { status: { token: string } }
  const ca = await until('the CA is published', () => kube.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace } })) as { data: Record<string, string> }
  const folder = mkdtempSync(join(tmpdir(), 'lintel-account-'))
  writeFileSync(join(folder, 'token'), token.status.token)
  writeFileSync(join(folder, 'namespace'), namespace)
  writeFileSync(join(folder, 'ca.crt'), ca.data['ca.crt'] ?? '')
  return folder
}
