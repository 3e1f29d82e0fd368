// Where clients reach us, for the status of Ingresses (ingress-nginx.md §4.13): addresses that were given, those of a Service, or those of
// the nodes that our pods run on. Knows no Ingresses.
import { addressText } from './ingress-status.ts'
import { isMapping, listAt, textAt, valueAt } from './raw.ts'
import type { Follower } from './reflector.ts'

type Kept = Pick<Follower, 'began' | 'page' | 'listed' | 'event'>

/** Raw objects of a small collection by name; `changed` after each change, once listed. */
export class Raws implements Kept {
  readonly #byName = new Map<string, unknown>()
  readonly #changed: (raws: readonly unknown[]) => void
  #isListed = false

  constructor(changed: (raws: readonly unknown[]) => void) {
    this.#changed = changed
  }

  began(): void {
    this.#byName.clear()
    this.#isListed = false
  }
  page(items: readonly unknown[]): void {
    for (const item of items) this.#byName.set(nameOf(item), item)
  }
  listed(): void {
    this.#isListed = true
    this.#changed([...this.#byName.values()])
  }
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', raw: unknown): void {
    if (type === 'DELETED') this.#byName.delete(nameOf(raw))
    else this.#byName.set(nameOf(raw), raw)
    if (this.#isListed) this.#changed([...this.#byName.values()])
  }
}

const nameOf = (raw: unknown): string => textAt(raw, 'metadata', 'name')

/** Of `--publish-service`, as addressText gives it; `` where the Service has none yet. */
export function serviceAddresses(service: unknown): string {
  const external = listAt(service, 'spec', 'externalIPs').map(String)
  const clusterIp = textAt(service, 'spec', 'clusterIP')
  switch (textAt(service, 'spec', 'type')) {
    case 'ExternalName': return addressText([textAt(service, 'spec', 'externalName')])
    case 'LoadBalancer': return addressText([...listAt(service, 'status', 'loadBalancer', 'ingress').map((one) => textAt(one, 'ip') || textAt(one, 'hostname')), ...external])
    case 'NodePort': return addressText(external.length > 0 ? external : [clusterIp])
    default: return addressText([clusterIp])
  }
}

/** The nodes on which a pod of these is ready: its name and the address that the pod tells of it. */
export function nodesOf(pods: readonly unknown[]): ReadonlyMap<string, string> {
  const ready = pods.filter((pod) => valueAt(pod, 'metadata', 'deletionTimestamp') === undefined && isReady(pod))
  return new Map(ready.map((pod) => [textAt(pod, 'spec', 'nodeName'), textAt(pod, 'status', 'hostIP')] as const))
}

const isReady = (pod: unknown): boolean =>
  listAt(pod, 'status', 'conditions').some((condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True')

/** internal: prefer the address inside the cluster's network. `` where the node has none. */
export function nodeAddress(node: unknown, internal: boolean): string {
  const byType = (type: string) => textAt(listAt(node, 'status', 'addresses').find((one) => textAt(one, 'type') === type), 'address')
  return (internal ? '' : byType('ExternalIP')) || byType('InternalIP')
}

/** Labels that tell one generation of our pods from another: the others say which pods are ours. */
const GENERATION_LABELS: ReadonlySet<string> = new Set(['controller-revision-hash', 'pod-template-generation', 'pod-template-hash', 'statefulset.kubernetes.io/pod-name', 'apps.kubernetes.io/pod-index'])

/** For a list of the pods like this one; null where it has no labels to tell by. */
export function siblingSelector(pod: unknown): string | null {
  const labels = valueAt(pod, 'metadata', 'labels')
  if (!isMapping(labels)) return null
  const own = Object.entries(labels).filter(([name]) => !GENERATION_LABELS.has(name)).map(([name, value]) => `${name}=${value}`)
  return own.length === 0 ? null : own.join()
}
