// What the tests against a cluster share: the cluster, started once for all files, a fresh namespace for each, applications and Ingresses.
// Knows no assertions.
import { afterAll } from 'bun:test'
import { type Program, start } from '../support/program.ts'
import { ControlPlane } from './control-plane.ts'
import { Kube, type KubeObject } from './kube.ts'
import { NodeStandIn } from './node.ts'

export type Cluster = { readonly plane: ControlPlane; readonly kube: Kube }

let running: Promise<Cluster> | undefined
let namespaces = 0

/** The same one for the whole run: it ends with the process. */
export function cluster(): Promise<Cluster> {
  return running ??= startCluster()
}

async function startCluster(): Promise<Cluster> {
  const folder = process.env['LINTEL_CLUSTER_BINARIES']
  if (folder === undefined) throw new Error('run these tests by `npm run test:cluster`: they need a network namespace of their own')
  const plane = await ControlPlane.start(folder)
  const kube = new Kube(plane.files)
  await NodeStandIn.start(kube)
  return { plane, kube }
}

/** What a file makes in the cluster, gone behind its tests. Call it once, outside any hook. */
export function scene() {
  const undo: (() => Promise<unknown>)[] = []
  afterAll(async () => { for (const step of undo.toReversed()) await step() })
  return {
    async namespace(labels: Readonly<Record<string, string>> = {}): Promise<string> {
      const { kube } = await cluster()
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `test-${++namespaces}`, labels } }
      await kube.apply(object)
      undo.push(() => kube.delete(object).catch(() => undefined))
      return object.metadata.name
    },
    /** Lintel on the cluster, as its administrator unless the flags say otherwise. */
    async lintel(...flags: readonly string[]): Promise<Program> {
      const { plane } = await cluster()
      return this.lintelAs(plane.files.kubeconfig, { flags })
    },
    async lintelAs(kubeconfig: string, { flags, env = {} }: { readonly flags: readonly string[]; readonly env?: Readonly<Record<string, string>> }): Promise<Program> {
      const program = await start({ manifests: null, flags: [`--kubeconfig=${kubeconfig}`, ...flags], env: { LINTEL_TEST_HOOKS: '1', ...env } })
      undo.push(() => program.stop())
      return program
    },
  }
}

/** A Deployment of echo servers and its Service, port 80. */
export function app(name: string, namespace: string, { replicas = 1, annotations = {} }: { readonly replicas?: number; readonly annotations?: Readonly<Record<string, string>> } = {}): KubeObject[] {
  const labels = { app: name }
  const container = { name: 'echo', image: 'echo', ports: [{ name: 'http', containerPort: 3000 }] }
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels, annotations }, spec: { containers: [container] } } } },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } },
  ]
}

export type Rule = { readonly host?: string; readonly path?: string; readonly pathType?: 'Exact' | 'Prefix'; readonly to: string }
export function ingress(name: string, namespace: string, { rules = [], annotations = {}, ...spec }: { readonly rules?: readonly Rule[]; readonly annotations?: Readonly<Record<string, string>>; readonly [field: string]: unknown }): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, namespace, annotations },
    spec: {
      ingressClassName: 'nginx',
      rules: rules.map(({ host, path = '/', pathType = 'Prefix', to }) => ({ ...host !== undefined && { host }, http: { paths: [{ path, pathType, backend: service(to) }] } })),
      ...spec,
    },
  }
}
export const service = (name: string) => ({ service: { name, port: { number: 80 } } })

/** Which pod answered; its status too. */
export async function ask(program: Program, host: string, path = '/'): Promise<{ readonly status: number; readonly pod: string; readonly host: string; readonly path: string }> {
  const response = await fetch(`${program.url}${path}`, { headers: { Host: host }, redirect: 'manual' })
  const text = await response.text()
  return { pod: '', host: '', path: '', ...response.headers.get('Content-Type') === 'application/json' ? JSON.parse(text) : {}, status: response.status }
}
