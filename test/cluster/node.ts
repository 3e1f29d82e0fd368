// A stand-in for scheduler and kubelet: pods get a node and an address, and what they run: an echo server, or the real program where the
// image is its. Knows neither of them.
import { startEchoPod } from './echo-pod.ts'
import { type Kube } from './kube.ts'
import { isLintel, startLintelPod } from './lintel-pod.ts'
import type { Pod, Workload } from './pod.ts'

const NODE = 'node-1'
export const NODE_ADDRESS = '10.244.255.2'

type Running = { readonly workload: Promise<Workload>; ending: boolean }

export class NodeStandIn {
  readonly #kube: Kube
  readonly #pods = new Map<string, Running>()
  #addresses = 0

  private constructor(kube: Kube) {
    this.#kube = kube
  }

  static async start(kube: Kube): Promise<NodeStandIn> {
    const node = new NodeStandIn(kube)
    const object = { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE, labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': NODE } } }
    await kube.apply(object)
    const addresses = [{ type: 'InternalIP', address: NODE_ADDRESS }, { type: 'ExternalIP', address: '192.0.2.7' }]
    await kube.patch(object, { status: { addresses, conditions: [{ type: 'Ready', status: 'True' }] } }, 'status')
    // What admission puts on a new node, and a controller that does not run here takes away when it is ready.
    await kube.patch(object, { spec: { taints: null } })
    void kube.follow('/api/v1/pods', (type, pod) => node.#changed(type, pod as Pod))
    return node
  }

  #changed(type: string, pod: Pod): void {
    const running = this.#pods.get(pod.metadata.uid)
    if (type === 'DELETED') void running?.workload.then((workload) => workload.close(), () => undefined)
    else if (pod.metadata.deletionTimestamp !== undefined) void this.#end(pod, running)
    else if (running === undefined) void this.#run(pod)
  }

  async #run(pod: Pod): Promise<void> {
    const { name, namespace, uid } = pod.metadata
    // Pods of one node have their own addresses.
    const ip = pod.spec.hostNetwork === true ? NODE_ADDRESS : `10.244.${++this.#addresses >> 8}.${this.#addresses & 255}`
    const running = { workload: isLintel(pod) ? startLintelPod(pod, { kube: this.#kube, ip }) : startEchoPod(pod, ip), ending: false }
    this.#pods.set(uid, running)
    if (pod.spec.nodeName === undefined) await this.#kube.insist('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, { body: { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: NODE } } })
    const status = await running.workload.then(() => readyStatus(pod, ip), failedStatus)
    if (!running.ending) await this.#kube.insist('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, { body: { status }, type: 'application/merge-patch+json' })
  }

  async #end({ metadata: { name, namespace } }: Pod, running: Running | undefined): Promise<void> {
    if (running?.ending === true) return
    if (running !== undefined) {
      running.ending = true
      await running.workload.then((workload) => workload.end(), () => undefined)
    }
    await this.#kube.insist('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { body: { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 } })
  }
}

/** It is not started again: its controller makes another pod. */
const failedStatus = (error: unknown) => ({ phase: 'Failed', message: String(error).slice(-1000) })

function readyStatus({ spec }: Pod, ip: string) {
  const now = new Date().toISOString()
  return {
    phase: 'Running', hostIP: NODE_ADDRESS, podIP: ip, podIPs: [{ ip }], startTime: now,
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: now })),
    containerStatuses: spec.containers.map(({ name, image }) => ({ name, image, imageID: '', ready: true, started: true, restartCount: 0, state: { running: { startedAt: now } } })),
  }
}
