// The annotation ssl-passthrough → the backend that the TLS of a host goes to (ingress-nginx.md §4.15). Knows no Services.
import { backendOptions } from './backend-options.ts'
import { backendRef } from './backend-ref.ts'
import type { BackendRef } from './draft.ts'
import type { Reading, WantedPath } from './reading.ts'

/** undefined: it is no path for that, or nobody asked for it. */
export function passthroughRef({ ingress, object, annotations: { values }, context: { options, settings } }: Reading, wanted: WantedPath): BackendRef | undefined {
  if (values['ssl-passthrough'] !== true || !options.sslPassthrough || !isRoot(wanted) || wanted.backend === undefined || !('service' in wanted.backend)) return undefined
  const { name, port } = wanted.backend.service
  const viaClusterIp = values['service-upstream'] ?? settings['service-upstream']
  return backendRef({ namespace: ingress.meta.namespace, name, port, protocol: 'tcp', options: backendOptions({}, settings), viaClusterIp, object, field: wanted.field })
}

/** Where it was asked for and can't be. */
export function notePassthrough({ object, annotations: { values }, context: { options }, issues }: Reading, wanted: ReadonlyMap<string, readonly WantedPath[]>): void {
  if (values['ssl-passthrough'] !== true) return
  const note = (reason: string) => issues.push({ object, field: `${options.annotationsPrefix}/ssl-passthrough`, reason: `${reason}: TLS is ended here` })
  if (!options.sslPassthrough) return void note('has no effect without the flag --enable-ssl-passthrough')
  for (const [host, paths] of wanted) {
    if (host === '') note('has no effect on rules without a host, as the name of the ClientHello decides')
    else if (!paths.some(isRoot)) note(`host ${host} has no path / here, whose Service it would go to`)
  }
}

const isRoot = ({ path, regex }: WantedPath): boolean => path === '/' && !regex
