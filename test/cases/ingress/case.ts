// The ingress format: what a cluster holds, what is asked, what must come back. Its key is in the head of ingress-nginx.yaml.
// Keys that no schema here knows are kept, so that a case using them can be skipped by name.
import { z } from 'zod'

const TEXT = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const TLS = z.strictObject({ hosts: z.array(z.string()).optional(), secret: z.string().optional() })
const RULE = z.strictObject({
  host: z.string().optional(),
  path: z.string().optional(),
  pathType: z.string().optional(),
  backend: z.string().optional(),
})

const INGRESS = RULE.extend({
  name: z.string().optional(),
  namespace: z.string().optional(),
  paths: z.array(z.string()).optional(),
  rules: z.array(RULE).optional(),
  defaultBackend: z.string().optional(),
  annotations: z.record(z.string(), TEXT).default({}),
  tls: z.union([TLS, z.array(TLS)]).optional(),
  annotation_class: z.string().optional(),
  /** null: the field is absent; undefined: the controller's own class. */
  ingressClassName: z.string().nullable().optional(),
})
export type GivenIngress = z.infer<typeof INGRESS>

const GIVEN = z.looseObject({
  ingresses: z.array(INGRESS).default([]),
  configmap: z.record(z.string(), TEXT).default({}),
  flags: z.array(z.string()).default([]),
  /** `kind/name` → a description, or the data of a ConfigMap. */
  objects: z.record(z.string(), z.union([z.string(), z.record(z.string(), TEXT)])).default({}),
  replicas: z.number().int().default(1),
  upstream: z.string().optional(),
})
export type Given = z.infer<typeof GIVEN>

const REQUEST = z.looseObject({
  method: z.string().default('GET'),
  scheme: z.enum(['http', 'https']).default('http'),
  path: z.string().default('/'),
  host: z.string().optional(),
  sni: z.string().optional(),
  headers: z.record(z.string(), TEXT).default({}),
  body: z.string().optional(),
  body_bytes: z.number().int().optional(),
  chunked: z.boolean().default(false),
  repeat: z.number().int().default(1),
  concurrency: z.number().int().optional(),
  save_cookie: z.string().optional(),
  use_cookie: z.string().optional(),
  websocket: z.boolean().default(false),
  client_cert: z.enum(['valid', 'wrong-ca']).nullable().optional(),
  /** Sent before anything else, with \r\n written out: PROXY protocol. */
  preamble: z.string().optional(),
  raw: z.string().optional(),
  process: z.literal('SIGTERM').optional(),
  then: z.literal('SIGTERM to the controller').optional(),
})
export type Request = z.infer<typeof REQUEST>
export type Expected = Readonly<Record<string, unknown>>

const STEP = z.object({ change: z.string().optional(), request: REQUEST, expected: z.record(z.string(), z.unknown()) })
export type Step = z.infer<typeof STEP>

/** A case without steps is one step. */
export const INGRESS_CASE = z
  .object({
    id: z.string(),
    feature: z.string(),
    given: GIVEN,
    request: REQUEST.optional(),
    expected: z.record(z.string(), z.unknown()).optional(),
    steps: z.array(STEP).optional(),
  })
  .transform(({ id, feature, given, request, expected = {}, steps }) => ({
    id,
    feature,
    given,
    steps: steps ?? (request ? [{ request, expected }] : []),
  }))
export type IngressCase = Omit<z.infer<typeof INGRESS_CASE>, 'steps'> & { readonly steps: readonly Step[] }

/** Keys beyond the format's known ones. */
export function unknownKeys({ given, steps }: IngressCase): string[] {
  const beyond = (where: string, value: object, known: object) =>
    Object.keys(value)
      .filter((key) => !(key in known))
      .map((key) => `${where}.${key}`)
  return [...beyond('given', given, GIVEN.shape), ...steps.flatMap(({ request }) => beyond('request', request, REQUEST.shape))]
}
