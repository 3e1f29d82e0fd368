// How the table names a Service port behind a route. Knows nothing of the Service itself.
import type { ServicePort } from '../kube/objects.ts'
import { optionsText } from './backend-options.ts'
import type { BackendRef } from './draft.ts'

type Named = Pick<BackendRef, 'protocol' | 'options' | 'viaClusterIp' | 'object' | 'field'> & {
  readonly namespace: string
  readonly name: string
  readonly port: ServicePort
}

/** Two routes share a backend iff their keys are equal. */
export function backendRef({ namespace, name, ...rest }: Named): BackendRef {
  const service = `${namespace}/${name}`
  const key = `${service}:${rest.port}${rest.protocol === 'http' ? '' : `|${rest.protocol}`}${rest.viaClusterIp ? '|cluster-ip' : ''}${optionsText(rest.options)}`
  return { key, service, ...rest }
}

/** ingress-nginx's `$proxy_upstream_name`. */
export function upstreamName({ service, port }: BackendRef): string {
  return `${service.replace('/', '-')}-${port}`
}
