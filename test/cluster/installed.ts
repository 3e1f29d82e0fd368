// What deploy/ makes, in the test cluster: its pods, and how all of it goes again. Knows no form of it.
import { helm } from '../deploy/helm.ts'
import type { Rendered } from '../deploy/render.ts'
import { until } from '../support/until.ts'
import type { Kube } from './kube.ts'
import { cluster } from './scene.ts'

export const noTools = Bun.which('kubectl') === null || await helm() === null

/** Of the Prometheus operator, as far as the API server needs it to take one. */
const SERVICE_MONITORS = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'servicemonitors.monitoring.coreos.com' },
  spec: {
    group: 'monitoring.coreos.com', scope: 'Namespaced', names: { kind: 'ServiceMonitor', plural: 'servicemonitors' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
}

/** A cluster that has what the objects of deploy/ refer to: for all of their forms. */
export async function prepared(): Promise<Kube> {
  const { kube } = await cluster()
  await kube.apply(SERVICE_MONITORS)
  for (const name of ['lintel', 'ingress-nginx']) await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  return kube
}

export const workload = (objects: readonly Rendered[]): Rendered => {
  const found = objects.find(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet')
  if (found === undefined) throw new Error('there is neither a Deployment nor a DaemonSet')
  return found
}

/** Once all of them are ready. */
export async function podAddresses(kube: Kube, objects: readonly Rendered[]): Promise<readonly string[] | null> {
  const { metadata: { namespace }, spec } = workload(objects)
  const { selector: { matchLabels }, replicas = 1 } = spec as { selector: { matchLabels: Readonly<Record<string, string>> }; replicas?: number }
  const selector = encodeURIComponent(Object.entries(matchLabels).map((pair) => pair.join('=')).join())
  const { items } = await kube.request('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`) as { items: { status: { phase: string; podIP: string; message?: string } }[] }
  const ready = items.filter(({ status }) => status.phase === 'Running')
  if (ready.length < replicas) throw new Error(JSON.stringify(items.map(({ status }) => status.message ?? status.phase)))
  return ready.map(({ status }) => status.podIP)
}

/** All but the namespace, at once, so that the next form finds its ports and the Lease free. */
export async function removed(kube: Kube, objects: readonly Rendered[]): Promise<void> {
  const { metadata: { namespace } } = workload(objects)
  for (const object of objects.filter(({ kind }) => kind !== 'Namespace')) await kube.delete(object)
  for (const collection of ['/apis/coordination.k8s.io/v1/namespaces/NAME/leases', '/api/v1/namespaces/NAME/pods']) {
    await kube.request('DELETE', `${collection.replace('NAME', String(namespace))}?gracePeriodSeconds=0`)
  }
  await until('its pods are gone', async () => (await kube.request('GET', `/api/v1/namespaces/${namespace}/pods`) as { items: unknown[] }).items.length === 0, 30_000)
}
