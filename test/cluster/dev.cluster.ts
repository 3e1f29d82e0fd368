// `npm run dev` beside a kind cluster serves it with the kubeconfig's rights, says what to try, and says so where pods can't be reached.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { app, cluster, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube
let ns: string
let kubeconfig: string

beforeAll(async () => {
  const { plane, kube: admin } = await cluster()
  kube = admin
  ns = await here.namespace()
  kubeconfig = join(plane.files.folder, 'kind.kubeconfig')
  const config = JSON.parse(readFileSync(plane.files.kubeconfig, 'utf8'))
  writeFileSync(kubeconfig, JSON.stringify({ ...config, 'current-context': 'kind-test', contexts: [{ ...config.contexts[0], name: 'kind-test' }] }))
})

const running: Bun.Subprocess[] = []
afterAll(() => { for (const child of running) child.kill('SIGKILL') })

/** Its output so far, and how it ended. */
function dev() {
  const child = Bun.spawn([process.execPath, 'deploy/demo/dev.ts'], { env: { ...process.env, KUBECONFIG: kubeconfig }, stdout: 'ignore', stderr: 'pipe' })
  running.push(child)
  const output = { text: '' }
  void (async () => { for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) output.text += chunk })()
  return { output, stop: async () => { child.kill('SIGTERM'); return child.exited } }
}

test('it serves what is in the cluster, and what it tells to try works', async () => {
  await kube.apply(...app('echo', ns), ingress('web', ns, { rules: [{ host: 'dev.example', to: 'echo' }], ingressClassName: undefined }))
  const { output, stop } = dev()
  const port = await until('it says what to try', () => /curl -H 'Host: dev\.example' http:\/\/127\.0\.0\.1:(\d+)\//.exec(output.text)?.[1], 20_000)
  expect(output.text).toContain('serving the cluster of the context kind-test')
  await until('it answers', async () => (await fetch(`http://127.0.0.1:${port}/`, { headers: { Host: 'dev.example' } })).status === 200, 10_000)
  expect(output.text).not.toContain("can't be reached")
  expect(await stop()).toBe(0)
})

test('pods that can not be reached are told, with what to do', async () => {
  await kube.apply(
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'far', namespace: ns }, spec: { ports: [{ name: 'http', port: 80 }] } },
    { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'far', namespace: ns, labels: { 'kubernetes.io/service-name': 'far' } }, addressType: 'IPv4', ports: [{ name: 'http', port: 3999 }], endpoints: [{ addresses: ['10.244.200.1'] }] },
    ingress('web', ns, { rules: [{ host: 'dev.example', to: 'far' }] }),
  )
  const { output, stop } = dev()
  await until('it says so', () => output.text.includes("Pods can't be reached from here (10.244.200.1 port 3999 does not answer)"), 20_000)
  expect(output.text).toContain('sudo ip route add')
  expect(await stop()).toBe(0)
})
