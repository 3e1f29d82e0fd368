// Ingress in its three API versions and IngressClass → our narrow shape. Knows no annotations' meaning and no other kind.
import { z } from 'zod'
import type { Ingress, IngressBackend } from './objects.ts'
import { metaOf, metaSchema, portSchema, reader, type Read } from './schema.ts'

const resourceSchema = z.object({ kind: z.string(), name: z.string() }).nullish()
const reject = (context: z.core.$RefinementCtx, message: string): never => {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}

const currentPort = z.object({ number: portSchema.nullish(), name: z.string().nullish() }).nullish()
const currentBackend = z.object({
  service: z.object({ name: z.string().min(1, 'is empty'), port: currentPort }).nullish(),
  resource: resourceSchema,
  serviceName: z.unknown().optional(),
}).transform((raw, context): IngressBackend => {
  if (raw.serviceName !== undefined) return reject(context, '`serviceName` is the v1beta1 shape: write service.name and service.port')
  if (raw.service && raw.resource) return reject(context, 'has both `service` and `resource`: keep one')
  if (raw.resource) return { resource: raw.resource }
  if (!raw.service) return reject(context, 'has neither `service` nor `resource`: name a service')
  const port = raw.service.port?.number ?? raw.service.port?.name
  return port === undefined || port === null || port === ''
    ? reject(context, 'has no service.port: give port.number or port.name')
    : { service: { name: raw.service.name, port } }
})

const legacyBackend = z.object({
  serviceName: z.string().nullish(),
  servicePort: z.union([portSchema, z.string()], 'must be a port number or name').nullish(),
  resource: resourceSchema,
  service: z.unknown().optional(),
}).transform((raw, context): IngressBackend => {
  if (raw.service !== undefined) return reject(context, '`service` is the v1 shape: set apiVersion to networking.k8s.io/v1')
  if (raw.resource) return { resource: raw.resource }
  if (!raw.serviceName) return reject(context, 'has no serviceName: name a service')
  if (raw.servicePort === undefined || raw.servicePort === null || raw.servicePort === '') return reject(context, 'has no servicePort')
  return { service: { name: raw.serviceName, port: numeric(raw.servicePort) } }
})

/** `"80"` is how people quote a number in the legacy shape. */
const numeric = (port: string | number): string | number => (typeof port === 'string' && /^\d{1,5}$/.test(port) ? Number(port) : port)

const pathTypes = z.enum(['Exact', 'Prefix', 'ImplementationSpecific'])
const rulesOf = <B extends z.ZodType<IngressBackend>, P extends z.ZodType>(backend: B, pathType: P) =>
  z.array(z.object({
    host: z.string().nullish(),
    http: z.object({ paths: z.array(z.object({ path: z.string().nullish(), pathType, backend })) }).nullish(),
  })).nullish()

const tlsSchema = z.array(z.object({ hosts: z.array(z.string()).nullish(), secretName: z.string().nullish() })).nullish()

const currentSchema = z.object({
  metadata: metaSchema,
  spec: z.object({
    ingressClassName: z.string().nullish(),
    defaultBackend: currentBackend.nullish(),
    backend: z.unknown().optional(),
    tls: tlsSchema,
    rules: rulesOf(currentBackend, pathTypes),
  }).refine((spec) => spec.backend === undefined, { path: ['backend'], message: 'is the v1beta1 name: write defaultBackend' }).nullish(),
})
const legacySchema = z.object({
  metadata: metaSchema,
  spec: z.object({
    ingressClassName: z.string().nullish(),
    backend: legacyBackend.nullish(),
    tls: tlsSchema,
    rules: rulesOf(legacyBackend, pathTypes.nullish().transform((type) => type ?? 'ImplementationSpecific' as const)),
  }).nullish(),
})

type Spec = Omit<NonNullable<z.output<typeof currentSchema>['spec']>, 'backend'>

const ingressOf = (metadata: z.output<typeof metaSchema>, spec: Spec): Ingress => ({
  kind: 'Ingress',
  meta: metaOf(metadata),
  className: spec.ingressClassName ?? undefined,
  defaultBackend: spec.defaultBackend ?? undefined,
  tls: (spec.tls ?? []).map((entry) => ({ hosts: entry.hosts ?? [], secretName: entry.secretName ?? '' })),
  rules: (spec.rules ?? []).map((rule) => ({
    host: rule.host ?? '',
    // An empty path serves all of the host (ingress-nginx: rootLocation).
    paths: (rule.http?.paths ?? []).map(({ path, pathType, backend }) => ({ path: path || '/', pathType, backend })),
  })),
})

/** networking.k8s.io/v1 */
export const readIngress: Read = reader(currentSchema, (raw) => [ingressOf(raw.metadata, raw.spec ?? {})])

/** extensions/v1beta1 and networking.k8s.io/v1beta1 */
export const readLegacyIngress: Read = reader(legacySchema, (raw) => [
  ingressOf(raw.metadata, { ...raw.spec, defaultBackend: raw.spec?.backend }),
])

const defaultClass = 'ingressclass.kubernetes.io/is-default-class'
const parametersSchema = z.object({ apiGroup: z.string().nullish(), kind: z.string(), name: z.string(), namespace: z.string().nullish() }).nullish()
const classSchema = z.object({ metadata: metaSchema, spec: z.object({ controller: z.string().nullish(), parameters: parametersSchema }).nullish() })

/** The core group has no name. */
const configMapOf = (parameters: z.output<typeof parametersSchema>): string =>
  (parameters?.kind === 'ConfigMap' && !parameters.apiGroup && parameters.namespace ? `${parameters.namespace}/${parameters.name}` : '')

export const readIngressClass: Read = reader(classSchema, (raw) => {
  const meta = { ...metaOf(raw.metadata), namespace: '' }
  return [{ kind: 'IngressClass', meta, controller: raw.spec?.controller ?? '', isDefault: meta.annotations[defaultClass] === 'true', parameters: configMapOf(raw.spec?.parameters) }]
})
