// The commands of deploy/README.md, as they stand there, against a real API server (test/deploy/documents.test.ts names this file).
import { afterEach, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { helm } from '../deploy/helm.ts'
import { kustomized, type Rendered } from '../deploy/render.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, cluster, ingress, scene } from './scene.ts'

const ROOT = join(import.meta.dir, '../..')
const here = scene()
const program = await helm()
const noTools = Bun.which('kubectl') === null || program === null
/** Pods start as processes, one after another, on a busy machine. */
const READY_MS = 60_000
let kube: Kube
let kubeconfig: string

beforeAll(async () => {
  const { plane, kube: admin } = await cluster()
  kube = admin
  kubeconfig = plane.files.kubeconfig
})

const run = async (command: string) => {
  const [name = '', ...words] = command.split(' ')
  const child = Bun.spawn([name === 'helm' ? program ?? name : name, ...words], { cwd: ROOT, env: { ...process.env, KUBECONFIG: kubeconfig }, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, stdout, stderr }
}

const applied: Rendered[] = []
afterEach(async () => {
  if (!noTools) await run('helm uninstall lintel --namespace lintel --ignore-not-found')
  for (const object of applied.splice(0).filter(({ kind }) => kind !== 'Namespace')) await kube.delete(object)
  for (const path of ['/apis/coordination.k8s.io/v1/namespaces/lintel/leases', '/api/v1/namespaces/lintel/pods']) await kube.request('DELETE', `${path}?gracePeriodSeconds=0`)
  await until('its pods are gone', async () => (await kube.request('GET', '/api/v1/namespaces/lintel/pods') as { items: unknown[] }).items.length === 0, READY_MS)
})

test.skipIf(noTools)('kustomize: applied, rolled out, and Ingresses have an address', async () => {
  const namespace = await here.namespace()
  await kube.apply(...app('echo', namespace), ingress('web', namespace, { ingressClassName: 'lintel', rules: [{ host: 'web.example', to: 'echo' }] }))
  applied.push(...await kustomized('host-network'))
  // Where another test has made the namespace kubectl warns of it on standard error.
  expect(await run('kubectl apply -k deploy/host-network')).toMatchObject({ code: 0, stdout: expect.stringContaining('daemonset.apps/lintel created') })
  expect(await run('kubectl -n lintel rollout status daemonset/lintel')).toMatchObject({ code: 0, stdout: expect.stringContaining('successfully rolled out') })
  await until('it has an address', async () => /\bweb +lintel +web\.example +192\.0\.2\.7 /.test((await run('kubectl get ingress --all-namespaces')).stdout), READY_MS)
}, 3 * READY_MS)

test.skipIf(noTools)('Helm: installed, and its pods become ready', async () => {
  expect(await run('helm install lintel deploy/chart --namespace lintel --create-namespace')).toMatchObject({ code: 0, stdout: expect.stringContaining('STATUS: deployed') })
  expect(await run('kubectl -n lintel rollout status deployment/lintel')).toMatchObject({ code: 0, stdout: expect.stringContaining('successfully rolled out') })
  expect(await run('helm uninstall lintel --namespace lintel')).toMatchObject({ code: 0, stdout: 'release "lintel" uninstalled\n' })
}, 3 * READY_MS)
