// A Service port and its EndpointSlices → the endpoints that requests go to. Knows nothing of Ingresses but the reference.
import type { EndpointSlice, Service, ServicePort } from '../kube/objects.ts'
import type { Backend, Endpoint } from '../model.ts'
import type { BackendRef } from './draft.ts'
import { compareText } from './issues.ts'

type Port = Service['ports'][number]

/** Why the reference leads nowhere, for an issue; undefined when its Service and port exist. */
export function backendFault(ref: BackendRef, service: Service | undefined, disableExternalName: boolean): string | undefined {
  const { service: name, port } = ref
  if (service === undefined) return `Service ${name} does not exist: requests get 503 until it does`
  if (disableExternalName && service.type === 'ExternalName') {
    return `Service ${name} is of type ExternalName, which --disable-svc-external-name forbids: requests get 503`
  }
  if (portOf(service, port) !== undefined) return undefined
  return `Service ${name} has no port ${port}: requests get 503; its ports are ${service.ports.map(portText).join(', ')}`
}

/** Of a reference without fault. Endpoints are sorted and free of duplicates, so that equal objects give equal backends. */
export function backendOf(ref: BackendRef, service: Service, slices: readonly EndpointSlice[]): Backend {
  const port = portOf(service, ref.port)
  if (port === undefined) return { protocol: ref.protocol, options: ref.options, endpoints: [] }
  const fixed = service.type === 'ExternalName' ? externalEndpoint(service, port) : ref.viaClusterIp ? clusterEndpoint(service, port) : undefined
  return { protocol: ref.protocol, options: ref.options, endpoints: fixed === undefined ? distinct(slices.flatMap((slice) => readyEndpoints(slice, port))) : [fixed] }
}

export function sameBackend(a: Backend, b: Backend): boolean {
  if (a.protocol !== b.protocol || a.endpoints.length !== b.endpoints.length) return false
  return a.endpoints.every((endpoint, index) => compareEndpoints(endpoint, b.endpoints[index] ?? NOWHERE) === 0)
}

const NOWHERE: Endpoint = { address: '', port: 0 }

/** By number or name, else by the name of the target port (ingress-nginx.md §4.3). A Service that lists none has any number. */
function portOf({ ports }: Service, wanted: ServicePort): Port | undefined {
  if (ports.length === 0 && typeof wanted === 'number') return { name: '', port: wanted, targetPort: wanted, protocol: 'TCP' }
  const text = String(wanted)
  return ports.find(({ port, name }) => String(port) === text || name === text) ?? ports.find(({ targetPort }) => targetPort === text)
}

function externalEndpoint({ externalName }: Service, { port, targetPort }: Port): Endpoint {
  return { address: externalName.replace(/\.$/, ''), port: typeof targetPort === 'number' ? targetPort : port }
}

/** undefined for headless Services: their endpoints are used. */
function clusterEndpoint({ clusterIP }: Service, { port }: Port): Endpoint | undefined {
  return clusterIP === '' || clusterIP === 'None' ? undefined : { address: clusterIP, port }
}

function readyEndpoints(slice: EndpointSlice, port: Port): Endpoint[] {
  const number = slicePort(slice, port)
  if (number === undefined) return []
  return slice.endpoints.filter(({ ready }) => ready).flatMap(({ addresses }) => addresses.map((address) => ({ address, port: number })))
}

/** Slices carry target ports under the Service's port names. A slice written by hand may leave its only port unnamed, or list none. */
function slicePort({ ports }: EndpointSlice, { name, port, targetPort }: Port): number | undefined {
  if (ports.length === 0) return typeof targetPort === 'number' ? targetPort : port
  const usable = ports.filter(({ protocol }) => protocol === 'TCP')
  const unnamed = usable.length === 1 ? usable.find((candidate) => candidate.name === '') : undefined
  return (usable.find((candidate) => candidate.name === name) ?? unnamed)?.port
}

function distinct(endpoints: Endpoint[]): Endpoint[] {
  return endpoints.sort(compareEndpoints).filter((endpoint, index) => compareEndpoints(endpoint, endpoints[index - 1] ?? NOWHERE) !== 0)
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareText(a.address, b.address) || a.port - b.port
}

function portText({ name, port }: Port): string {
  return name === '' ? String(port) : `${port} (${name})`
}
