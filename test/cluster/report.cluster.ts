// `lintel report` against a real API server: one reading of what the class has there, and one line where a right is missing.
import { beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintel } from '../cli/command.ts'
import { kubeconfig } from './credentials.ts'
import { app, cluster, ingress, scene } from './scene.ts'

const here = scene()
let ns: string
let admin: string
let nobody: string

beforeAll(async () => {
  const { plane, kube } = await cluster()
  ns = await here.namespace()
  admin = plane.files.kubeconfig
  nobody = join(plane.files.folder, 'nobody.kubeconfig')
  writeFileSync(nobody, kubeconfig({ server: plane.files.server, ca: readFileSync(plane.files.ca, 'utf8'), user: {} }))
  await kube.apply(
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: `nginx-${ns}` }, spec: { controller: 'k8s.io/ingress-nginx' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'controller', namespace: ns }, data: { 'use-geoip2': 'true', 'add-headers': `${ns}/fields` } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fields', namespace: ns }, data: { 'X-A': 'b' } },
    ...app('echo', ns),
    ingress('plain', ns, { ingressClassName: `nginx-${ns}`, rules: [{ host: 'plain.example', to: 'echo' }], annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '8m' } }),
    ingress('guarded', ns, { ingressClassName: `nginx-${ns}`, rules: [{ host: 'guarded.example', to: 'echo' }], annotations: { 'nginx.ingress.kubernetes.io/auth-url': 'https://sso.example/' } }),
    ingress('foreign', ns, { ingressClassName: 'other', rules: [{ host: 'foreign.example', to: 'echo' }] }),
  )
})

test('the Ingresses of the class, and the ConfigMap with those that it names', async () => {
  const { code, stdout, stderr } = await lintel(['report', `--kubeconfig=${admin}`, `--watch-namespace=${ns}`, `--configmap=${ns}/controller`, '--output=json'])
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({
    summary: { same: 1, closed: 1, differs: 0, 'not-served': 0 },
    configMap: { exists: true, keys: [{ field: 'add-headers', standing: 'understood' }, { field: 'use-geoip2', standing: 'unsupported' }] },
    ingresses: [{ ingress: `${ns}/guarded`, outcome: 'closed' }, { ingress: `${ns}/plain`, outcome: 'same', notes: [] }],
    others: [],
  })
})

test('without rights: one line that names the one to add, exit code 2', async () => {
  const { code, stdout, stderr } = await lintel(['report', `--kubeconfig=${nobody}`, `--watch-namespace=${ns}`])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/^lintel report: the API server \S+ can't be read: the right to list \S+ is missing/)])
})
