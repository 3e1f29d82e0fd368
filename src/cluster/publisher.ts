// Follows where clients reach us, by whichever way the flags chose, and tells each change. Knows no Ingresses and no leader.
import { addressText } from './ingress-status.ts'
import { nodeAddress, nodesOf, Raws, serviceAddresses, siblingSelector } from './addresses.ts'
import { follow, type Following } from './follow.ts'
import { resources } from './resources.ts'
import { wordsFor } from './troubles.ts'

export type PublisherOptions = {
  /** `--publish-status-address`. */
  readonly addresses: readonly string[]
  /** `--publish-service`: `namespace/name`. */
  readonly service: string | null
  /** This pod; null: not known, so that its nodes are not either. */
  readonly pod: { readonly namespace: string; readonly name: string } | null
  readonly internal: boolean
}

const READ_AGAIN_MS = 10_000

/** published: as addressText gives them; `` while there are none. */
export function publish(options: PublisherOptions, following: Following, published: (addresses: string) => void): void {
  if (options.addresses.length > 0) return published(addressText(options.addresses))
  if (options.service !== null) return publishService(options.service, following, published)
  if (options.pod !== null) return void publishNodes({ ...options, pod: options.pod }, following, published)
  const reason = 'it is not known what to write: give --publish-service or --publish-status-address, or run as a pod with POD_NAME and POD_NAMESPACE set'
  following.report('status', [{ object: 'status of Ingresses', field: '', reason }])
}

function publishService(key: string, following: Following, published: (addresses: string) => void): void {
  const [namespace = '', name = ''] = key.split('/')
  const service = new Raws(([raw]) => {
    const addresses = raw === undefined ? '' : serviceAddresses(raw)
    const reason = `${raw === undefined ? 'does not exist' : 'has no address yet'}: the status of Ingresses is left as it is until it has one`
    following.report('publish-service', addresses === '' ? [{ object: `Service ${key}`, field: '--publish-service', reason }] : [])
    published(addresses)
  })
  void follow({ resource: resources.Service, namespace, query: { fieldSelector: `metadata.name=${name}` } }, service, following)
}

async function publishNodes(options: PublisherOptions & { readonly pod: NonNullable<PublisherOptions['pod']> }, following: Following, published: (addresses: string) => void): Promise<void> {
  const { namespace } = options.pod
  const labelSelector = await ownSelector(options.pod, following)
  if (labelSelector === null) return
  const known = new Map<string, string>()
  let turn = 0
  const pods = new Raws(async (raws) => {
    const current = ++turn
    const addresses = await Promise.all(nodesOf(raws).entries().map(async ([node, hostIp]) => {
      const address = known.get(node) ?? await addressOf(node, options.internal, following)
      if (address !== null) known.set(node, address)
      return address ?? hostIp
    }))
    // While nodes were read, pods may have moved on.
    if (current === turn) published(addressText(addresses))
  })
  void follow({ resource: resources.Pod, namespace, query: { labelSelector } }, pods, following)
}

/** null: we are stopping. */
async function ownSelector(pod: { readonly namespace: string; readonly name: string }, { api, timing, signal, report }: Following): Promise<string | null> {
  while (!signal.aborted) {
    try {
      const selector = siblingSelector(await api.request(`/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`, { signal }))
      report('own pod', [])
      return selector ?? ''
    } catch (error) {
      if (signal.aborted) return null
      const reason = `can't be read, so that the status of Ingresses is left as it is; are POD_NAME and POD_NAMESPACE right? ${wordsFor(error, 'get pods')}`
      report('own pod', [{ object: `Pod ${pod.namespace}/${pod.name}`, field: '', reason }])
      await timing.wait(READ_AGAIN_MS, signal)
    }
  }
  return null
}

/** null: not known, such as without the right to read nodes; then the pod's own word counts. */
async function addressOf(node: string, internal: boolean, { api, signal, report }: Following): Promise<string | null> {
  try {
    const address = nodeAddress(await api.request(`/api/v1/nodes/${node}`, { signal }), internal)
    report('nodes', [])
    return address || null
  } catch (error) {
    report('nodes', [{ object: `Node ${node}`, field: '', reason: `can't be read, so that the address which pods tell of it goes into the status: ${wordsFor(error, 'get nodes')}` }])
    return null
  }
}
