// Kubernetes objects for tests, in the shape a person would write them. Knows no cluster and no program.

export type Metadata = {
  readonly name: string
  readonly namespace?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
}
export type Backend =
  | { readonly service: { readonly name: string; readonly port: { readonly number: number } | { readonly name: string } } }
  | { readonly resource: { readonly apiGroup?: string; readonly kind: string; readonly name: string } }
export type Path = { readonly path?: string; readonly pathType?: string; readonly backend: Backend }
export type Rule = { readonly host?: string; readonly paths?: readonly Path[] }
export type Ingress = {
  readonly metadata: Metadata
  readonly className?: string
  readonly defaultBackend?: Backend
  readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[]
  readonly rules?: readonly Rule[]
}

/** `svc:80` or `svc:http`. */
export function backend(text: string): Backend {
  const [name = '', port = '80'] = text.split(':')
  return { service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } } }
}

export function ingress({ metadata, className, defaultBackend, tls, rules = [] }: Ingress): object {
  const spec = {
    ...(className !== undefined && { ingressClassName: className }),
    ...(defaultBackend && { defaultBackend }),
    ...(tls && { tls }),
    ...(rules.length > 0 && { rules: rules.map(rule) }),
  }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec }
}

function rule({ host, paths }: Rule): object {
  const http = paths && { http: { paths: paths.map(({ path = '/', pathType = 'Prefix', backend }) => ({ path, pathType, backend })) } }
  return { ...(host && { host }), ...http }
}

export type ServicePort = { readonly name: string; readonly port: number }
/** A Service and its slices, one slice for each endpoint: the ports of endpoints on loopback differ. */
export function service({
  metadata,
  ports,
  endpoints,
  address = '127.0.0.1',
}: {
  metadata: Metadata
  ports: readonly ServicePort[]
  endpoints: readonly number[]
  address?: string
}): object[] {
  const spec = {
    selector: { app: metadata.name },
    ports: ports.map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' })),
  }
  const slices = endpoints.map((endpoint, index) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    // As Kubernetes does it: a name cut to length, the Service told by the label alone.
    metadata: { ...metadata, name: `${metadata.name.slice(0, 57)}-${index}`, labels: { 'kubernetes.io/service-name': metadata.name } },
    addressType: 'IPv4',
    ports: ports.map(({ name }) => ({ name, port: endpoint, protocol: 'TCP' })),
    endpoints: [{ addresses: [address], conditions: { ready: true, serving: true, terminating: false } }],
  }))
  return [{ apiVersion: 'v1', kind: 'Service', metadata, spec }, ...slices]
}

export function ingressClass(name: string, controller: string): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name }, spec: { controller } }
}

export function secret(metadata: Metadata, stringData: Readonly<Record<string, string>>, type = 'Opaque'): object {
  const data = Object.fromEntries(Object.entries(stringData).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
  return { apiVersion: 'v1', kind: 'Secret', metadata, type, data }
}

export function tlsSecret(metadata: Metadata, { cert, key }: { readonly cert: string; readonly key: string }): object {
  return secret(metadata, { 'tls.crt': cert, 'tls.key': key }, 'kubernetes.io/tls')
}

export function configMap(metadata: Metadata, data: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
}
