// What deploy/ holds, against a real API server: it takes each object of each form of it, strictly, and what the bases and the chart make of
// it then serves an Ingress with the rights and arguments that they give it.
import { beforeAll, describe, expect, test } from 'bun:test'
import { CHART_VALUES } from '../deploy/chart-values.ts'
import { BASES, charted, kustomized, type Rendered, written } from '../deploy/render.ts'
import { until } from '../support/until.ts'
import { noTools, podAddresses, prepared, removed, workload } from './installed.ts'
import { type Kube, pathOf } from './kube.ts'
import { app, ingress, scene } from './scene.ts'

const here = scene()
let kube: Kube

beforeAll(async () => { kube = await prepared() })

const dryRun = async (objects: readonly Rendered[]) => {
  for (const object of objects) await kube.request('PATCH', `${pathOf(object)}?fieldManager=test&force=true&dryRun=All&fieldValidation=Strict`, { body: object, type: 'application/apply-patch+yaml' })
}
describe.skipIf(noTools)('the API server takes', () => {
  test.each(BASES)('%s', async (base) => { await dryRun(await kustomized(base)) })
  test('the overlay of a migration', async () => { await dryRun(await kustomized(`${import.meta.dir}/../deploy/migrating`)) })
  test.each(Object.entries(CHART_VALUES))('the chart: %s', async (_, values) => { await dryRun(await charted({ values })) })

  test('the café', async () => { await dryRun(await written('demo/manifests/cafe.yaml')) })

  test('nothing with a field that it does not know', async () => {
    const [first, ...others] = await kustomized('load-balancer')
    await expect(dryRun([{ ...first, surplus: true } as Rendered, ...others])).rejects.toThrow('surplus')
  })
})

describe.skipIf(noTools)('the Pod Security Standard', () => {
  const admits = async (objects: readonly Rendered[], profile: string) => {
    const namespace = await here.namespace({ 'pod-security.kubernetes.io/enforce': profile })
    const { template } = workload(objects)['spec'] as { template: { metadata: object; spec: object } }
    const pod = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { ...template.metadata, name: 'pod', namespace } }
    await kube.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'lintel', namespace } })
    await kube.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body: pod })
  }
  test.each(['node-port', 'load-balancer'])('"restricted" admits the pod of %s', async (base) => { await admits(await kustomized(base), 'restricted') })
  test('"restricted" admits the pod of the chart', async () => { await admits(await charted(), 'restricted') })
  test('hostNetwork takes "privileged"', async () => {
    const objects = await kustomized('host-network')
    await admits(objects, 'privileged')
    await expect(admits(objects, 'baseline')).rejects.toThrow('hostNetwork')
  })
})

describe.skipIf(noTools)('applied', () => {
  const forms = [
    { name: 'host-network', render: () => kustomized('host-network'), http: 80, status: '192.0.2.7' },
    { name: 'node-port', render: () => kustomized('node-port'), http: 8080, status: '192.0.2.7' },
    { name: 'load-balancer', render: () => kustomized('load-balancer'), http: 8080, status: '203.0.113.9' },
    { name: 'the chart', render: () => charted(), http: 8080, status: '203.0.113.9' },
    { name: 'the chart with hostNetwork', render: () => charted({ values: { controller: { kind: 'DaemonSet', hostNetwork: true } } }), http: 80, status: '192.0.2.7' },
  ]

  test.each(forms)('$name serves an Ingress of its class, and tells its address', async ({ render, http, status }) => {
    const objects = await render()
    const namespace = await here.namespace()
    const web = ingress('web', namespace, { ingressClassName: 'lintel', rules: [{ host: 'web.example', to: 'echo' }] })
    await kube.apply(...objects, ...app('echo', namespace), web)
    await balance(objects)
    try {
      const addresses = await until('its pods are ready', () => podAddresses(kube, objects), 40_000)
      for (const address of addresses) await until(`${address} serves`, async () => (await fetch(`http://${address}:${http}/`, { headers: { Host: 'web.example' } })).status === 200, 15_000)
      await until('the status is written', async () => (await told(web)).join() === status, 15_000)
    } finally {
      await removed(kube, objects)
    }
  })
  const told = async (web: Rendered) => ((await kube.get(web) as { status: { loadBalancer: { ingress?: { ip: string }[] } } }).status.loadBalancer.ingress ?? []).map(({ ip }) => ip)

  /** What a cloud does to a Service of its type. */
  async function balance(objects: readonly Rendered[]): Promise<void> {
    const service = objects.find(({ kind, spec }) => kind === 'Service' && (spec as { type?: string }).type === 'LoadBalancer')
    if (service !== undefined) await kube.patch(service, { status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } } }, 'status')
  }
})
