// A reference to a Service port → its backend, or why it leads nowhere. Knows nothing of Ingresses but the reference.
import type { EndpointSlice, Service } from '../kube/objects.ts'
import type { Backend, Endpoint } from '../model.ts'
import { type BackendRef, FIRST_PORT } from './draft.ts'
import { endpointsOf, type Port, sameEndpoints } from './endpoints.ts'

/** Why the reference leads nowhere, for an issue; undefined when its Service and port exist. */
export function backendFault(ref: BackendRef, service: Service | undefined, disableExternalName: boolean): string | undefined {
  const { service: name, port } = ref
  const outcome = outcomeOf(ref)
  if (service === undefined) return `Service ${name} does not exist: ${outcome} until it does`
  if (disableExternalName && service.type === 'ExternalName') {
    return `Service ${name} is of type ExternalName, which --disable-svc-external-name forbids: ${outcome}`
  }
  if (portOf(service, ref) !== undefined) return undefined
  return `Service ${name} has no ${transportOf(ref) === 'UDP' ? 'UDP ' : ''}port${port === FIRST_PORT ? '' : ` ${port}`}: ${outcome}${service.ports.length === 0 ? '' : `; its ports are ${service.ports.map(portText).join(', ')}`}`
}

function outcomeOf({ serves, protocol }: BackendRef): string {
  if (protocol === 'tcp' || protocol === 'udp') return 'nobody is served there'
  return OUTCOMES[serves]
}

const OUTCOMES = { requests: 'requests get 503', canary: 'the main Service answers', errors: 'errors go to clients as they are' } as const

/** Of a reference without fault. zone: as EndpointQuery's. What the name of an ExternalName stands for comes as a slice, too. */
export function backendOf({ ref, service, slices, zone }: {
  readonly ref: BackendRef
  readonly service: Service
  readonly slices: readonly EndpointSlice[]
  readonly zone: string
}): Backend {
  const { protocol, options } = ref
  const port = portOf(service, ref)
  if (port === undefined) return { protocol, options, endpoints: [] }
  const byClusterIp = ref.viaClusterIp ? clusterEndpoint(service, port) : undefined
  return { protocol, options, endpoints: byClusterIp === undefined ? endpointsOf(slices, { port, family: service.ipFamily, zone }) : [byClusterIp] }
}

/** Of the same key. */
export function sameBackend(a: Backend, b: Backend): boolean {
  return a.secret === b.secret && a.material === b.material && sameEndpoints(a.endpoints, b.endpoints)
}

/** By number or name, else by the name of the target port (ingress-nginx.md §4.3). A Service that lists none has any number. */
function portOf({ ports: all }: Service, ref: BackendRef): Port | undefined {
  const protocol = transportOf(ref)
  if (all.length === 0 && typeof ref.port === 'number') return { name: '', port: ref.port, targetPort: ref.port, protocol }
  // One number may stand there twice, as 53 does for DNS.
  const ports = all.filter((port) => port.protocol === protocol)
  if (ref.port === FIRST_PORT) return ports[0]
  const text = String(ref.port)
  return ports.find(({ port, name }) => String(port) === text || name === text) ?? ports.find(({ targetPort }) => targetPort === text)
}

/** undefined for Services without one (headless, ExternalName): their endpoints are used. */
function clusterEndpoint({ clusterIP }: Service, { port }: Port): Endpoint | undefined {
  return clusterIP === '' || clusterIP === 'None' ? undefined : { address: clusterIP, port }
}

function portText({ name, port, protocol }: Port): string {
  return `${port}${protocol === 'TCP' ? '' : `/${protocol}`}${name === '' ? '' : ` (${name})`}`
}

function transportOf({ protocol }: BackendRef): string {
  return protocol === 'udp' ? 'UDP' : 'TCP'
}
