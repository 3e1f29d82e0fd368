// EndpointSlices of a Service port → the endpoints that requests go to. Knows nothing of references and protocols.
import { isIPv6 } from 'node:net'
import type { EndpointSlice, Service } from '../kube/objects.ts'
import type { Endpoint } from '../model.ts'
import { compareText } from './issues.ts'

export type Port = Service['ports'][number]
/** zone: ours, `` where endpoints are not chosen by zone. */
export type EndpointQuery = { readonly port: Port; readonly family: Service['ipFamily']; readonly zone: string }

type Candidate = Endpoint & { readonly of: EndpointSlice['endpoints'][number] }

/**
 * Sorted and free of duplicates, so that equal objects give equal lists. Without a ready one, those that leave and still serve (kube-proxy's rule,
 * KEP-1669): the last pods of a rollout answer to their end.
 */
export function endpointsOf(slices: readonly EndpointSlice[], { port, family, zone }: EndpointQuery): Endpoint[] {
  const all = slices.flatMap((slice) => candidates(slice, port))
  const ready = all.filter(({ of }) => of.ready)
  const usable = ready.length > 0 ? inZone(ofFamily(ready, family), zone) : ofFamily(all.filter(({ of }) => of.serving && of.terminating), family)
  return distinct(usable.map(({ address, port: number }) => ({ address, port: number })))
}

export function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((endpoint, index) => compareEndpoints(endpoint, b[index] ?? NOWHERE) === 0)
}

const NOWHERE: Endpoint = { address: '', port: 0 }

function candidates(slice: EndpointSlice, port: Port): Candidate[] {
  const number = slicePort(slice, port)
  if (number === undefined) return []
  return slice.endpoints.flatMap((of) => of.addresses.map((address) => ({ address, port: number, of })))
}

/** Slices carry target ports under the Service's port names. A slice written by hand may leave its only port unnamed, or list none. */
function slicePort({ ports }: EndpointSlice, { name, port, targetPort, protocol: transport }: Port): number | undefined {
  if (ports.length === 0) return typeof targetPort === 'number' ? targetPort : port
  const usable = ports.filter(({ protocol }) => protocol === transport)
  const unnamed = usable.length === 1 ? usable.find((candidate) => candidate.name === '') : undefined
  return (usable.find((candidate) => candidate.name === name) ?? unnamed)?.port
}

/** A pod of a dual-stack Service is in slices of both families and counts once: those of one family, the other one's only where it has none. */
function ofFamily(found: readonly Candidate[], family: Service['ipFamily']): readonly Candidate[] {
  const preferred = found.filter(({ address }) => isIPv6(address) === (family === 'IPv6'))
  return preferred.length > 0 ? preferred : found
}

/** kube-proxy's rule: hints count only where every endpoint has one and some name our zone. */
function inZone(found: readonly Candidate[], zone: string): readonly Candidate[] {
  if (zone === '' || found.some(({ of }) => of.hints.length === 0)) return found
  const near = found.filter(({ of }) => of.hints.includes(zone))
  return near.length > 0 ? near : found
}

function distinct(endpoints: Endpoint[]): Endpoint[] {
  return endpoints.sort(compareEndpoints).filter((endpoint, index) => compareEndpoints(endpoint, endpoints[index - 1] ?? NOWHERE) !== 0)
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return compareText(a.address, b.address) || a.port - b.port
}
