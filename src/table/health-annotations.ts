// The annotations that say how endpoints are judged, as part of the schema of all, and what they come to. Knows no endpoints.
import { z } from 'zod'
import type { HealthCheck } from '../model.ts'
import { boolean, deadline, wholeNumber } from '../settings/values.ts'

const DEFAULT_INTERVAL_SECONDS = 10
const DEFAULT_TIMEOUT_SECONDS = 1
/** As in kube-proxy's and HAProxy's checks: one good look is not enough to come back, three bad ones are no chance. */
const DEFAULT_HEALTHY = 2
const DEFAULT_UNHEALTHY = 3
const DEFAULT_STATUSES = [[200, 399]] as const
const MAX_THRESHOLD = 100

/** `200`, `200-299`, `200-299,404`. */
const statuses = z.string().transform((text) => text.split(',').map((part) => part.trim().split('-').map(Number)))
  .refine((ranges) => ranges.every(([from, to = from, ...rest]) => isStatus(from) && isStatus(to) && from <= to && rest.length === 0), 'expected statuses such as 200 or 200-399,404')
  .transform((ranges) => ranges.map(([from = 0, to = from]) => [from, to] as const))
const isStatus = (status: number | undefined): status is number => status !== undefined && Number.isInteger(status) && status >= 100 && status <= 599

export const healthAnnotations = {
  'lintel.dev/eject-on-5xx': boolean.optional()
    .describe('Answers of 500 and above count as failures of their endpoint: after three in a row it gets no requests for a while. Default: false'),
  'lintel.dev/health-check-type': z.enum(['http', 'tcp', 'grpc'], 'expected http, tcp or grpc').optional()
    .describe('Check each endpoint actively: by a GET, by connecting, or by grpc.health.v1. Default: http where there is a path, else none'),
  'lintel.dev/health-check-path': z.string().regex(/^\/[!-~]*$/, 'expected an absolute path of ASCII characters').optional()
    .describe('What is asked for by a check of type http. Default: /'),
  'lintel.dev/health-check-interval': deadline.optional().describe(`Time between two checks of an endpoint, seconds or with a unit. Default: ${DEFAULT_INTERVAL_SECONDS}`),
  'lintel.dev/health-check-timeout': deadline.optional().describe(`Time for an answer to a check. Default: ${DEFAULT_TIMEOUT_SECONDS}`),
  'lintel.dev/health-check-healthy-threshold': wholeNumber(1, MAX_THRESHOLD).optional()
    .describe(`Good checks in a row that bring an endpoint back. Default: ${DEFAULT_HEALTHY}`),
  'lintel.dev/health-check-unhealthy-threshold': wholeNumber(1, MAX_THRESHOLD).optional()
    .describe(`Bad checks in a row that take it out. Default: ${DEFAULT_UNHEALTHY}`),
  'lintel.dev/health-check-expected-status': statuses.optional().describe('Statuses of a good answer. Default: 200-399'),
}

export function healthCheckOf(values: z.output<z.ZodObject<typeof healthAnnotations>>): HealthCheck | null {
  const path = values['lintel.dev/health-check-path']
  const type = values['lintel.dev/health-check-type'] ?? (path === undefined ? undefined : 'http')
  if (type === undefined) return null
  return {
    type,
    path: path ?? '/',
    intervalMs: (values['lintel.dev/health-check-interval'] ?? DEFAULT_INTERVAL_SECONDS) * 1000,
    timeoutMs: (values['lintel.dev/health-check-timeout'] ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    healthyThreshold: values['lintel.dev/health-check-healthy-threshold'] ?? DEFAULT_HEALTHY,
    unhealthyThreshold: values['lintel.dev/health-check-unhealthy-threshold'] ?? DEFAULT_UNHEALTHY,
    statuses: values['lintel.dev/health-check-expected-status'] ?? DEFAULT_STATUSES,
  }
}
