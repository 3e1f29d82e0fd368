// What the routes of the cell `policies` have beyond forwarding: one annotation of each kind, of those that act by now.
import { annotationSchema } from '../../../src/table/annotations.ts'

const ANNOTATIONS: Readonly<Record<string, string>> = {
  'app-root': '/start', 'ssl-redirect': 'true', 'rewrite-target': '/v1/$1', 'upstream-vhost': 'origin.internal', 'proxy-body-size': '8m',
  'affinity': 'cookie', 'session-cookie-max-age': '3600', 'proxy-next-upstream-tries': '2',
  'allowlist-source-range': '127.0.0.0/8,10.0.0.0/8', 'limit-rps': '1000000', 'enable-cors': 'true', 'cors-allow-origin': 'https://bench.example.com',
  'x-forwarded-prefix': '/prefix', 'proxy-cookie-path': '/ /app', 'proxy-redirect-from': 'http://origin.internal/', 'proxy-redirect-to': '/',
}
/** Of the Ingress that gets every second request. */
const CANARY: Readonly<Record<string, string>> = { 'canary': 'true', 'canary-by-header': 'X-Canary', 'canary-weight': '50' }

/** One that protects and does not act yet would close the route. */
const active = (annotations: Readonly<Record<string, string>>) => Object.fromEntries(
  Object.entries(annotations).filter(([name]) => Object.hasOwn(annotationSchema.shape, name)).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value]),
)

export const policyAnnotations = active(ANNOTATIONS)
export const canaryAnnotations = active(CANARY)
/** As rewrite-target needs it. */
export const POLICY_PATH = '/(.*)'
