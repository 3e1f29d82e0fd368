// Service, EndpointSlice and the older Endpoints → our narrow shape. Knows nothing of Ingresses.
import { isIP, isIPv6 } from 'node:net'
import { z } from 'zod'
import type { EndpointSlice } from './objects.ts'
import { metaOf, metaSchema, portSchema, reader, type Read } from './schema.ts'

const protocol = z.string().nullish()
const servicePort = z.object({
  name: z.string().nullish(),
  port: portSchema,
  targetPort: z.union([portSchema, z.string()], 'must be a port number or name').nullish(),
  protocol,
})
const serviceSchema = z.object({
  metadata: metaSchema,
  spec: z.object({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).nullish(),
    clusterIP: z.string().nullish(),
    externalName: z.string().nullish(),
    ipFamilies: z.array(z.enum(['IPv4', 'IPv6'])).nullish(),
    ports: z.array(servicePort).nullish(),
  }).refine((spec) => spec.type !== 'ExternalName' || spec.externalName, {
    path: ['externalName'],
    message: 'is missing: type ExternalName needs a DNS name',
  }).nullish(),
})

export const readService: Read = reader(serviceSchema, ({ metadata, spec }) => [{
  kind: 'Service',
  meta: metaOf(metadata),
  type: spec?.type ?? 'ClusterIP',
  clusterIP: spec?.clusterIP ?? '',
  externalName: spec?.externalName ?? '',
  ipFamily: spec?.ipFamilies?.[0] ?? (isIPv6(spec?.clusterIP ?? '') ? 'IPv6' : 'IPv4'),
  ports: (spec?.ports ?? []).map((raw) => ({
    name: raw.name ?? '', port: raw.port, targetPort: raw.targetPort ?? raw.port, protocol: raw.protocol ?? 'TCP',
  })),
}])

const serviceLabel = 'kubernetes.io/service-name'
const flag = z.boolean().nullish()
const address = z.string().regex(/^\S+$/, 'is not an address')
const endpointPorts = z.array(z.object({ name: z.string().nullish(), port: portSchema.nullish(), protocol })).nullish()

const sliceSchema = z.object({
  metadata: metaSchema.refine((meta) => meta.labels?.[serviceLabel], {
    path: ['labels', serviceLabel],
    message: 'is missing: name the Service of these endpoints',
  }),
  addressType: z.enum(['IPv4', 'IPv6', 'FQDN']).refine((type) => type !== 'FQDN', 'is not served as FQDN: for a DNS name use a Service of type ExternalName').nullish(),
  ports: endpointPorts,
  endpoints: z.array(z.object({
    addresses: z.array(address),
    conditions: z.object({ ready: flag, serving: flag, terminating: flag }).nullish(),
    zone: z.string().nullish(),
    hints: z.object({ forZones: z.array(z.object({ name: z.string() })).nullish() }).nullish(),
  })).nullish(),
}).superRefine((raw, context) => {
  for (const [at, { addresses }] of (raw.endpoints ?? []).entries()) {
    if (!addresses.every((one) => isIP(one) > 0)) context.addIssue({ code: 'custom', path: ['endpoints', at, 'addresses'], message: notAnIp })
  }
})
const notAnIp = 'must be IP addresses: for a DNS name use a Service of type ExternalName'

type Port = EndpointSlice['ports'][number]
const portsOf = (raw: z.output<typeof endpointPorts>): Port[] =>
  // No number means "all ports", which no Service port can name.
  (raw ?? []).flatMap(({ name, port, protocol }) => (port ? [{ name: name ?? '', port, protocol: protocol ?? 'TCP' }] : []))

/** discovery.k8s.io/v1: an absent `ready` counts as true, an absent `serving` as `ready`. */
export const readEndpointSlice: Read = reader(sliceSchema, (raw) => {
  const meta = metaOf(raw.metadata)
  const endpoints = (raw.endpoints ?? []).map(({ addresses, conditions, zone, hints }) => {
    const ready = conditions?.ready ?? true
    return {
      addresses,
      ready,
      serving: conditions?.serving ?? ready,
      terminating: conditions?.terminating ?? false,
      zone: zone ?? '',
      hints: (hints?.forZones ?? []).map(({ name }) => name),
    }
  })
  return [{ kind: 'EndpointSlice', meta, service: meta.labels[serviceLabel] ?? '', ports: portsOf(raw.ports), endpoints }]
})

const endpointAddresses = z.array(z.object({ ip: address.refine((one) => isIP(one) > 0, notAnIp) })).nullish()
const endpointsSchema = z.object({
  metadata: metaSchema,
  subsets: z.array(z.object({ addresses: endpointAddresses, notReadyAddresses: endpointAddresses, ports: endpointPorts })).nullish(),
})

/** One slice for each subset, since each has ports of its own. The `:` in its name keeps it apart from real slices. */
export const readEndpoints: Read = reader(endpointsSchema, (raw) => {
  const meta = metaOf(raw.metadata)
  return (raw.subsets ?? []).map((subset, at): EndpointSlice => ({
    kind: 'EndpointSlice',
    meta: { ...meta, name: `endpoints:${meta.name}:${at}` },
    service: meta.name,
    ports: portsOf(subset.ports),
    endpoints: [...endpointsOf(subset.addresses, true), ...endpointsOf(subset.notReadyAddresses, false)],
  }))
})

const endpointsOf = (raw: z.output<typeof endpointAddresses>, ready: boolean): EndpointSlice['endpoints'] =>
  (raw ?? []).map(({ ip }) => ({ addresses: [ip], ready, serving: ready, terminating: false, zone: '', hints: [] }))
