// A Deployment as a cluster runs it: pods that come and go, and EndpointSlices that say so a little before or after it is true.
// Knows the program by its folder of manifests only.
import { backend, ingress } from '../support/manifests.ts'
import { toYaml, type Program } from '../support/program.ts'
import { CALL_HOST } from './call-lane.ts'
import { HOST } from './http-lane.ts'
import { type Pod, type PodOptions, startPod } from './pod-process.ts'

/** The kubelet that sends SIGTERM and the controller that writes the slice hear of a pod's end independently; nobody waits (no preStop). */
const NEWS_MS = 200
const NAME = 'app'

type State = 'ready' | 'terminating'

export class Deployment {
  /** How often a pod has read each POST. */
  readonly seen = new Map<string, number>()
  readonly #program: Program
  readonly #podOptions: PodOptions
  readonly #pods = new Map<Pod, State>()
  #started = 0

  constructor(program: Program, podOptions: Omit<PodOptions, 'seen'>) {
    this.#program = program
    this.#podOptions = { ...podOptions, seen: (id) => this.seen.set(id, (this.seen.get(id) ?? 0) + 1) }
  }

  get #ready(): Pod[] { return [...this.#pods].filter(([, state]) => state === 'ready').map(([pod]) => pod) }

  /** More pods until there are `replicas`, or fewer. Resolves when those that leave have exited. */
  async scale(replicas: number): Promise<void> {
    const ready = this.#ready
    await Promise.all(Array.from({ length: Math.max(0, replicas - ready.length) }, () => this.#add()))
    await Promise.all(ready.slice(replicas).map((pod) => this.#remove(pod)))
  }

  /** Every pod is replaced, one after the other, the new one ready before the old one leaves (maxSurge 1, maxUnavailable 0). */
  async roll(): Promise<void> {
    for (const old of this.#ready) {
      await this.#add()
      await this.#remove(old)
    }
  }

  /** A pod ends as by the kernel, and another one takes its place: no rollout, but the proof that a loss is seen. */
  async crash(): Promise<void> {
    const [pod] = this.#ready
    if (pod === undefined) throw new Error('there is no pod')
    pod.kill()
    await pod.exited
    this.#pods.delete(pod)
    await this.#add()
  }

  stop() { for (const pod of this.#pods.keys()) pod.kill() }

  async #add() {
    const pod = await startPod(++this.#started, this.#podOptions)
    this.#pods.set(pod, 'ready')
    this.#write()
  }

  async #remove(pod: Pod) {
    const told = Bun.sleep(Math.random() * NEWS_MS).then(() => {
      this.#pods.set(pod, 'terminating')
      this.#write()
    })
    await Bun.sleep(Math.random() * NEWS_MS)
    pod.terminate()
    await Promise.all([told, pod.exited])
    this.#pods.delete(pod)
    this.#write()
  }

  #write() { this.#program.write('endpoints.yaml', toYaml([...this.#pods].map(([pod, state]) => slice(pod, state)))) }
}

/** One slice for each pod: their ports differ. */
const slice = ({ name, address, http, grpc }: Pod, state: State): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, labels: { 'kubernetes.io/service-name': NAME } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: http, protocol: 'TCP' }, { name: 'grpc', port: grpc, protocol: 'TCP' }],
  endpoints: [{ addresses: [address], conditions: { ready: state === 'ready', serving: true, terminating: state === 'terminating' } }],
})

/** What stands while pods come and go: the Service and its Ingresses. */
export const standing = (): object[] => [
  { apiVersion: 'v1', kind: 'Service', metadata: { name: NAME }, spec: { selector: { app: NAME }, ports: [{ name: 'http', port: 80 }, { name: 'grpc', port: 90 }] } },
  ingress({ metadata: { name: NAME }, rules: [{ host: HOST, paths: [{ backend: backend(`${NAME}:80`) }] }] }),
  ingress({
    metadata: { name: 'calls', annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' } },
    rules: [{ host: CALL_HOST, paths: [{ backend: backend(`${NAME}:90`) }] }],
  }),
]
