// The annotations about error pages, as part of the schema of all. Knows nothing of what they become.
import { z } from 'zod'
import { boolean, statuses } from '../settings/values.ts'

const serviceName = z.string().regex(/^[a-z](?:[-a-z0-9]*[a-z0-9])?$/, 'expected the name of a Service in the namespace of the Ingress')

export const errorPageAnnotations = {
  'custom-http-errors': statuses(400, 599).optional()
    .describe('In place of answers of these statuses, 400 to 599, the default backend is asked. See "Error pages" below. Default: the ConfigMap'),
  'default-backend': serviceName.optional()
    .describe('Service of this namespace, by its first port: asked for error pages, and in place of a Service without endpoints. Default: --default-backend-service, for error pages alone'),
  'disable-proxy-intercept-errors': boolean.optional().describe('Error pages in place of our own errors only, not of answers of the endpoint. Default: the ConfigMap'),
}
