// A stand-in for scheduler and kubelet: pods get a node, an address of their own and an echo server there, with the start and end that
// their annotations ask for. Knows nothing of Lintel.
import { createServer, type Server } from 'node:http'
import { type Kube } from './kube.ts'

const NODE = 'node-1'
export const NODE_ADDRESS = '10.244.255.2'
/** Annotations of pods: ms from start to readiness, and from the call to end until the process has ended; its listener closes at once. */
export const START_MS = 'test/start-ms'
export const DRAIN_MS = 'test/drain-ms'

type Pod = {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly deletionTimestamp?: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string; readonly image: string; readonly ports?: readonly { readonly containerPort: number }[] }[] }
}
type Running = { readonly server: Server; ending: boolean }

export class NodeStandIn {
  readonly #kube: Kube
  readonly #pods = new Map<string, Running>()
  #addresses = 0

  private constructor(kube: Kube) {
    this.#kube = kube
  }

  static async start(kube: Kube): Promise<NodeStandIn> {
    const node = new NodeStandIn(kube)
    await kube.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } })
    const addresses = [{ type: 'InternalIP', address: NODE_ADDRESS }, { type: 'ExternalIP', address: '192.0.2.7' }]
    await kube.patch({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } }, { status: { addresses, conditions: [{ type: 'Ready', status: 'True' }] } }, 'status')
    void kube.follow('/api/v1/pods', (type, pod) => node.#changed(type, pod as Pod))
    return node
  }

  #changed(type: string, pod: Pod): void {
    const running = this.#pods.get(pod.metadata.uid)
    if (type === 'DELETED') running?.server.close()
    else if (pod.metadata.deletionTimestamp !== undefined) void this.#end(pod, running)
    else if (running === undefined) void this.#run(pod)
  }

  async #run(pod: Pod): Promise<void> {
    const { name, namespace, uid, annotations } = pod.metadata
    const server = createServer((request, response) => {
      request.resume()
      request.on('end', () => {
        response.setHeader('Content-Type', 'application/json')
        response.end(JSON.stringify({ pod: name, namespace, method: request.method, path: request.url, host: request.headers.host, fields: request.headers }))
      })
    })
    this.#pods.set(uid, { server, ending: false })
    // Pods of one node have their own addresses.
    const ip = `10.244.${++this.#addresses >> 8}.${this.#addresses & 255}`
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } }
    if (pod.spec.nodeName === undefined) await this.#kube.request('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, { body: { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: NODE } } })
    await new Promise<void>((resolve) => { server.listen(pod.spec.containers[0]?.ports?.[0]?.containerPort ?? 3000, ip, resolve) })
    await Bun.sleep(Number(annotations?.[START_MS] ?? 0))
    await this.#kube.patch(object, { status: readyStatus(pod, ip) }, 'status')
  }

  /** As applications do that know nothing of Kubernetes: the listener closes at once, what is in flight is finished. */
  async #end({ metadata: { name, namespace, annotations } }: Pod, running: Running | undefined): Promise<void> {
    if (running?.ending === true) return
    if (running !== undefined) {
      running.ending = true
      running.server.close()
      running.server.closeIdleConnections()
    }
    await Bun.sleep(Number(annotations?.[DRAIN_MS] ?? 0))
    running?.server.closeAllConnections()
    await this.#kube.request('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 } }).catch(() => undefined)
  }
}

function readyStatus({ spec }: Pod, ip: string) {
  const now = new Date().toISOString()
  return {
    phase: 'Running', hostIP: NODE_ADDRESS, podIP: ip, podIPs: [{ ip }], startTime: now,
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: now })),
    containerStatuses: spec.containers.map(({ name, image }) => ({ name, image, imageID: '', ready: true, started: true, restartCount: 0, state: { running: { startedAt: now } } })),
  }
}
