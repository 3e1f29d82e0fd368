// The chart with what people are likely to set, applied to a real API server: each set of values makes pods that become ready and serve.
import { beforeAll, expect, test } from 'bun:test'
import { CHART_VALUES } from '../deploy/chart-values.ts'
import { charted, type Rendered } from '../deploy/render.ts'
import { until } from '../support/until.ts'
import { noTools, podAddresses, prepared, removed, workload } from './installed.ts'
import type { Kube } from './kube.ts'
import { app, ingress, scene } from './scene.ts'

type Values = { readonly controller?: { readonly scope?: { readonly namespace: string }; readonly hostNetwork?: boolean } }

/** They name an account, an image or containers that only a cluster of theirs has. */
const NOT_APPLIED = ['an account and an image of one\'s own', 'fields of all messages, and what runs beside it']
const here = scene()
let kube: Kube

beforeAll(async () => { kube = await prepared() })

/** The first of its pods answers on the port. */
async function serves(objects: readonly Rendered[], port: number, host: string): Promise<void> {
  const [address = ''] = await until('its pods are ready', () => podAddresses(kube, objects), 40_000)
  await until(`${address} serves`, async () => (await fetch(`http://${address}:${port}/`, { headers: { Host: host } })).status === 200, 15_000)
}

/** Without an IngressClass there is the old annotation. */
const webOf = (namespace: string, objects: readonly Rendered[]) => {
  const ingressClass = objects.find(({ kind }) => kind === 'IngressClass')?.metadata.name
  return ingress('web', namespace, {
    ingressClassName: ingressClass, rules: [{ host: 'web.example', to: 'echo' }], annotations: ingressClass === undefined ? { 'kubernetes.io/ingress.class': 'nginx' } : {},
  })
}

const applied = Object.entries(CHART_VALUES).filter(([name]) => !NOT_APPLIED.includes(name))

test.skipIf(noTools).each(applied)('%s', async (_, values) => {
  const objects = await charted({ values })
  const { scope, hostNetwork = false } = (values as Values).controller ?? {}
  const namespace = scope?.namespace ?? await here.namespace()
  const guests = [...app('echo', namespace), webOf(namespace, objects)]
  await kube.apply(...objects, ...guests)
  try {
    await serves(objects, hostNetwork ? 80 : 8080, 'web.example')
  } finally {
    await removed(kube, objects)
    for (const guest of guests) await kube.delete(guest)
  }
}, 90_000)

test.skipIf(noTools)('a TCP service has its port, whatever host is asked for', async () => {
  const namespace = await here.namespace()
  const objects = await charted({ values: { tcp: { 9000: `${namespace}/echo:80` }, controller: { replicaCount: 1 } } })
  expect(workload(objects).kind).toBe('Deployment')
  await kube.apply(...objects, ...app('echo', namespace))
  try {
    await serves(objects, 9000, 'none.example')
  } finally {
    await removed(kube, objects)
  }
}, 90_000)
