// The annotations that act, with ingress-nginx's names and meanings (ingress-nginx.md §1) and some of our own, read from an Ingress. A bad
// value is reported and the default stands; what protects and can't be honoured denies (fails closed). Knows nothing of routes.
import { z } from 'zod'
import { nearest } from '../settings/nearest.ts'
import { boolean, bytes, cookieName, count, fieldName, onOff, retryConditions, seconds, wholeNumber, wholeSeconds } from '../settings/values.ts'
import { balanceAnnotations } from './balance-annotations.ts'
import { compressionAnnotations } from './compression.ts'
import { endpointTlsAnnotations } from './endpoint-tls.ts'
import { errorPageAnnotations } from './error-page-annotations.ts'
import { healthAnnotations } from './health-annotations.ts'
import { inactiveAnnotations } from './inactive-annotations.ts'
import { mirrorAnnotations } from './mirror.ts'
import { tlsAnnotations } from './tls-annotations.ts'

/** What goes into a head is written octet by octet: U+010A would become a line feed. */
const ASCII = /^[!-~]*$/
const NOT_ASCII = 'expected ASCII: percent-encode the rest'
const VARIABLE = 'expected no variables and only characters of a URL'
const url = z.string().regex(/^[\w.~:/?#[\]@!&'()*+,;=%-]+$/, VARIABLE)
const absoluteUrl = url.regex(/^https?:\/\/[^/]/i, 'expected an http or https URL')
const protocols = ['HTTP', 'HTTPS', 'GRPC', 'GRPCS', 'AUTO_HTTP', 'FCGI'] as const
const protocol = z.string().transform((text) => text.toUpperCase()).pipe(z.enum(protocols, `expected one of ${protocols.join(', ')}`))

/** Of annotations that ingress-nginx does not have. It is part of their name in the schema: `--annotations-prefix` does not change it. */
export const OWN_PREFIX = 'lintel.dev/'

/** What nginx takes for a time in 31 bits of milliseconds. */
const MAX_RETRY_SECONDS = 2_147_483

export const annotationSchema = z.object({
  'ssl-redirect': boolean.optional().describe('Redirect HTTP to HTTPS where the host has TLS. Default: the ConfigMap'),
  'force-ssl-redirect': boolean.optional().describe('Redirect HTTP to HTTPS in any case. Default: the ConfigMap'),
  'preserve-trailing-slash': boolean.optional().describe('Keep a trailing slash in that redirect. Default: the ConfigMap'),
  'use-regex': boolean.optional()
    .describe('The paths of this Ingress (and of no other) are regular expressions: matched from the start, without case'),
  'rewrite-target': z.string().regex(ASCII, NOT_ASCII).regex(/^(?:\/|\$\d)[^\s?&=;{}"'\\]*$/, 'expected a path without query, with $1 to $9 for groups').optional()
    .describe('Replaces the path; $1 to $9 are groups of the path, which becomes a regular expression'),
  'app-root': z.string().regex(ASCII, NOT_ASCII).regex(/^\/(?!\/)[^\s"'\\]*$/, 'expected an absolute path').optional()
    .describe('Where the path `/` is redirected to, with 302'),
  'permanent-redirect': url.optional().describe('Everything is redirected to this URL as it stands'),
  'permanent-redirect-code': wholeNumber(300, 308).optional().describe('Its status. Default: 301'),
  'temporal-redirect': absoluteUrl.optional().describe('As permanent-redirect, and goes before it'),
  'temporal-redirect-code': wholeNumber(300, 307).optional().describe('Its status. Default: 302'),
  'upstream-vhost': z.string().regex(/^[\w.:[\]-]+$/, 'expected a host without variables').optional()
    .describe('Host field of requests to the endpoint'),
  'backend-protocol': protocol.optional().describe('HTTP, HTTPS, GRPC or GRPCS towards the endpoint. Default: HTTP'),
  'lintel.dev/proxy-protocol': z.enum(['v1', 'v2'], 'expected v1 or v2').optional()
    .describe('Connections to the endpoint begin with a header of the PROXY protocol that tells it the client. Each is for one client alone: its next requests may use it. Active checks see then whether it takes connections, no more'),
  'service-upstream': boolean.optional().describe('Use the cluster IP of the Service instead of its endpoints. Default: the ConfigMap'),
  'proxy-connect-timeout': wholeSeconds.optional().describe('Time to connect to the endpoint, seconds. Default: the ConfigMap'),
  'proxy-read-timeout': wholeSeconds.optional().describe('Time between two reads from the endpoint, seconds. Default: the ConfigMap'),
  'proxy-send-timeout': wholeSeconds.optional().describe('Time between two writes to the endpoint, seconds. Default: the ConfigMap'),
  'proxy-next-upstream': retryConditions.optional().describe('What makes another endpoint be tried, as in the ConfigMap. Default: the ConfigMap'),
  'proxy-next-upstream-tries': count.optional()
    .describe('Tries in all, each at another endpoint; 0: as many as there are endpoints. Default: the ConfigMap'),
  'proxy-next-upstream-timeout': wholeNumber(0, MAX_RETRY_SECONDS).optional()
    .describe('No further try after this time, seconds; 0: no bound. Default: the ConfigMap'),
  'lintel.dev/request-timeout': seconds.optional()
    .describe('Time for a whole request, seconds or with a unit; then 504. A shorter grpc-timeout goes before it; no tunnel has it. 0: no bound, the default'),
  'lintel.dev/max-requests': count.optional()
    .describe('Requests at once to all endpoints of a Service port. Each worker has its even part of it, rounded up. 0: no limit, the default'),
  'lintel.dev/max-connections': count.optional()
    .describe('Requests at once to each endpoint (over HTTP/1.1 each has a connection), shared out as max-requests. 0: no limit, the default'),
  'lintel.dev/max-pending': count.optional()
    .describe('Requests that wait at these limits, for proxy-connect-timeout at most, shared out as they are; others get 503. Default: 0, none waits'),
  'proxy-body-size': bytes.optional().describe('Largest request body, 413 above it; 0: no limit. Default: the ConfigMap'),
  'proxy-request-buffering': onOff.optional()
    .describe('`on`: a whole request is read before the endpoint gets it, but no gRPC call. Default: the ConfigMap, where it is off'),
  'client-body-buffer-size': bytes.optional().describe('Octets of such a body that are held in memory; the rest goes to a file. Default: the ConfigMap'),
  'proxy-buffering': onOff.optional()
    .describe('`on`: an answer is read ahead of a slower client, so that the endpoint is soon free. Default: the ConfigMap, where it is off'),
  'proxy-buffers-number': wholeNumber(1, 1_000_000).optional().describe('How many proxy-buffer-size an answer may be ahead in memory. Default: the ConfigMap'),
  'proxy-buffer-size': bytes.optional().describe('Unit of proxy-buffers-number, no bound on heads. Default: the ConfigMap'),
  'proxy-max-temp-file-size': bytes.optional().describe('How far an answer may be ahead in a temporary file; 0: no file. Default: the ConfigMap'),
  'ssl-passthrough': boolean.optional()
    .describe('With --enable-ssl-passthrough: TLS of the hosts is not ended here but goes as it is to the Service of their path `/`; other annotations mean nothing for it'),
  'enable-global-auth': boolean.optional().describe('"false": the ConfigMap key global-auth-url does not hold for this Ingress'),
  ...balanceAnnotations,
  ...healthAnnotations,
  ...mirrorAnnotations,
  ...tlsAnnotations,
  ...compressionAnnotations,
  ...endpointTlsAnnotations,
  ...errorPageAnnotations,
  'canary': boolean.optional()
    .describe('This Ingress is no route: its Services get a part of the requests of the Ingress with the same host, path and pathType'),
  'canary-by-header': fieldName.optional().describe('Field whose value `always` or `never` decides for or against the canary'),
  'canary-by-header-value': z.string().optional().describe('Value of that field, instead of `always`; any other leaves it open'),
  'canary-by-header-pattern': z.string().optional().describe('The same as a regular expression of JavaScript, open at both ends'),
  'canary-by-cookie': cookieName.optional().describe('Cookie whose value `always` or `never` decides where the field did not'),
  'canary-weight': count.optional().describe('Requests for the canary out of canary-weight-total, where neither decided. Default: 0'),
  'canary-weight-total': count.optional().describe('What canary-weight is a part of, at least 100. Default: 100'),
})
export type Annotations = z.output<typeof annotationSchema>

/** With a value that is not valid they close what they are there to protect; of the others the default is no less strict. */
const PROTECTING: ReadonlySet<string> = new Set<keyof Annotations>(['auth-tls-secret', 'auth-tls-match-cn', 'proxy-ssl-secret'])

export type ReadAnnotations = {
  readonly values: Annotations
  /** `field`: the whole annotation name. */
  readonly issues: readonly { readonly field: string; readonly reason: string }[]
  /** Annotations that protect and can't be honoured, by name, and what is wrong with the first of them: nothing of this Ingress may be served. */
  readonly closed: readonly string[]
  readonly denies: string | undefined
}

/** What becomes of an annotation. invalid: its value is; needless: there is nothing for it to do; closes: it protects, and its routes are denied. */
export type Judged = {
  /** As the schema has it. */
  readonly name: string
  readonly verdict: 'acts' | 'invalid' | 'unknown' | 'unsupported' | 'needless' | 'closes'
  /** `` where it acts. */
  readonly reason: string
}

/** `suggest` names the annotation meant by an unknown one; it may remember its answers. Never throws. */
export function readAnnotations(
  raw: Readonly<Record<string, string>>, prefix: string, suggest: (name: string) => string | undefined = suggestAnnotation,
): ReadAnnotations {
  const good: Record<string, string> = {}
  const issues: { field: string; reason: string }[] = []
  const closed: string[] = []
  for (const [field, text] of Object.entries(raw)) {
    const judged = judgeAnnotation([field, text], prefix, suggest)
    if (judged === undefined) continue
    if (judged.verdict === 'acts') good[judged.name] = text.trim()
    else issues.push({ field, reason: judged.reason })
    if (judged.verdict === 'closes') closed.push(judged.name)
  }
  const [name] = closed
  const denies = name === undefined ? undefined : `annotation ${name} ${isActive(name) ? 'has no valid value' : 'is not supported yet'}`
  return { values: annotationSchema.parse(good), issues, closed, denies }
}

/** undefined: it is none of ours, or empty, which ingress-nginx takes for absent. */
export function judgeAnnotation([field, untrimmed]: readonly [field: string, text: string], prefix: string, suggest = suggestAnnotation): Judged | undefined {
  const text = untrimmed.trim()
  const name = nameOf(field, prefix)
  if (name === undefined || text === '') return undefined
  if (!isActive(name)) return judgeInactive(name, suggest)
  const fault = valueFault(name, text)
  if (fault === undefined) return { name, verdict: 'acts', reason: '' }
  if (PROTECTING.has(name)) return { name, verdict: 'closes', reason: `${fault}; it protects: all routes of this Ingress answer 503 until it is mended` }
  return { name, verdict: 'invalid', reason: `${fault}; ignored, the default holds` }
}

export function suggestAnnotation(name: string): string | undefined {
  return nearest(name, [...Object.keys(annotationSchema.shape), ...Object.keys(inactiveAnnotations)])
}

/** Whether it is for Lintel, be it unknown. */
export const isOurs = (field: string, prefix: string): boolean => nameOf(field, prefix) !== undefined

/** As the schema has it; undefined: it is none of ours. */
function nameOf(field: string, prefix: string): string | undefined {
  if (field.startsWith(`${prefix}/`) && !isActive(field)) return field.slice(prefix.length + 1)
  return field.startsWith(OWN_PREFIX) ? field : undefined
}

function isActive(name: string): name is keyof typeof annotationSchema.shape {
  return Object.hasOwn(annotationSchema.shape, name)
}

function valueFault(name: keyof typeof annotationSchema.shape, text: string): string | undefined {
  const parsed = annotationSchema.shape[name].safeParse(text)
  if (parsed.success) return undefined
  return `${JSON.stringify(text)}: ${parsed.error.issues[0]?.message ?? 'not a valid value'}`
}

function judgeInactive(name: string, suggest: (name: string) => string | undefined): Judged {
  const known = Object.hasOwn(inactiveAnnotations, name) ? inactiveAnnotations[name] : undefined
  if (known === undefined) {
    const meant = suggest(name)
    return { name, verdict: 'unknown', reason: `unknown annotation: ignored${meant === undefined ? '' : `; did you mean ${meant}?`}` }
  }
  if (known.protects === true) {
    return { name, verdict: 'closes', reason: 'not supported yet, and it protects: all routes of this Ingress answer 503 until it is removed' }
  }
  if (known.why !== undefined) return { name, verdict: 'needless', reason: `has no effect here: ${known.why}` }
  return { name, verdict: 'unsupported', reason: 'not supported yet: ignored' }
}
