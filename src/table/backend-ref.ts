// How the table names a Service port behind a route. Knows nothing of the Service itself.
import type { ServicePort } from '../kube/objects.ts'
import type { BackendOptions } from '../model.ts'
import { optionsText } from './backend-options.ts'
import type { BackendRef } from './draft.ts'

type Named = Pick<BackendRef, 'protocol' | 'options' | 'viaClusterIp' | 'object' | 'field'> & {
  readonly namespace: string
  readonly name: string
  readonly port: ServicePort
}

/** Two routes share a backend iff their keys are equal. */
export function backendRef({ namespace, name, ...rest }: Named): BackendRef {
  const named = { service: `${namespace}/${name}`, serves: 'requests' as const, ...rest }
  return { key: keyOf(named), ...named }
}

/** The same Service port, its requests spread in another way. */
export function withOptions(ref: BackendRef, options: BackendOptions): BackendRef {
  return { ...ref, options, key: keyOf({ ...ref, options }) }
}

function keyOf({ service, port, protocol, viaClusterIp, options }: Omit<BackendRef, 'key'>): string {
  return `${service}:${port}${protocol === 'http' ? '' : `|${protocol}`}${viaClusterIp ? '|cluster-ip' : ''}${optionsText(options)}`
}

/** ingress-nginx's `$proxy_upstream_name`. */
export function upstreamName({ service, port }: BackendRef): string {
  return `${service.replace('/', '-')}-${port}`
}
