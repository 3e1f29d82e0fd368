// One Ingress alone → what it wants for each host, and its issues. Depends on nothing but the Ingress and the route settings, so
// its result holds until one of the two changes. Knows nothing of Services, Secrets or other Ingresses.
import type { Ingress } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import { noteBalance } from './affinity.ts'
import { canaryHosts, noteStrayRules } from './canary.ts'
import { handshakeDraft } from './client-rule.ts'
import type { HostDraft } from './draft.ts'
import { ENDPOINT_TLS } from './endpoint-tls.ts'
import { keyOf } from './names.ts'
import { notePassthrough } from './passthrough.ts'
import { looksLikeRegex, pathFault } from './paths.ts'
import type { IngressContext, Reading, WantedPath } from './reading.ts'
import { draftRoute } from './route.ts'
import { wantedPaths } from './rule-paths.ts'
import { secretsFor, unusedTlsHosts } from './tls-refs.ts'

export type CompiledIngress = {
  /** Empty where nothing of it is served. */
  readonly hosts: ReadonlyMap<string, HostDraft>
  readonly issues: readonly Issue[]
  /** It can't be served as it stands (a former version can); its reason is only the first half of a sentence. */
  readonly fault?: Issue
}
/** Where and why, for an issue on the Ingress. */
type Complaint = Omit<Issue, 'object'>

const NO_HOSTS: ReadonlyMap<string, HostDraft> = new Map()

export function compileIngress(ingress: Ingress, context: IngressContext): CompiledIngress {
  const object = `Ingress ${keyOf(ingress.meta)}`
  const refusal = refusalOf(ingress, context)
  if (refusal !== undefined) return { hosts: NO_HOSTS, issues: [{ object, ...refusal }] }
  const reading = read(ingress, object, context)
  noteLimits(reading)
  noteSecretless(reading)
  const wanted = wantedPaths(reading)
  noteBalance(reading, [...wanted.values()].flat())
  if (reading.annotations.values.canary === true) return { hosts: canaryHosts(reading, wanted), issues: reading.issues }
  noteStrayRules(reading)
  noteLiterals(reading, wanted)
  notePassthrough(reading, wanted)
  const fault = firstFault(wanted, context)
  if (fault !== undefined) return { hosts: NO_HOSTS, issues: reading.issues, fault: { object, ...fault } }
  return { hosts: draftHosts(reading, wanted), issues: reading.issues }
}

function read(ingress: Ingress, object: string, context: IngressContext): Reading {
  const meaning = context.meaningOf(ingress.meta.annotations)
  return { ingress, object, context, ...meaning, issues: meaning.annotations.issues.map((issue) => ({ object, ...issue })) }
}

function refusalOf(ingress: Ingress, { options, settings }: IngressContext): Complaint | undefined {
  if (options.disableCatchAll && ingress.defaultBackend !== undefined) {
    return { field: 'spec.defaultBackend', reason: 'not served: --disable-catch-all refuses Ingresses with a default backend; remove it' }
  }
  const words = settings['annotation-value-word-blocklist']
  if (words.length === 0) return undefined
  for (const [field, value] of Object.entries(ingress.meta.annotations)) {
    const word = field.startsWith(`${options.annotationsPrefix}/`) ? words.find((candidate) => value.includes(candidate)) : undefined
    if (word === undefined) continue
    return { field, reason: `not served: contains "${word}", which the ConfigMap key annotation-value-word-blocklist forbids` }
  }
  return undefined
}

/** What is understood and still not wholly honoured. */
function noteLimits({ object, ingress, annotations: { values }, context: { options }, issues }: Reading): void {
  const note = (name: string, reason: string) => issues.push({ object, field: `${options.annotationsPrefix}/${name}`, reason })
  const protocol = values['backend-protocol'] ?? 'HTTP'
  if (protocol === 'AUTO_HTTP' || protocol === 'FCGI') note('backend-protocol', `${protocol} is not supported yet: HTTP is used`)
  if (ingress.rules.length > 0) return
  for (const name of ['rewrite-target', 'permanent-redirect', 'temporal-redirect'] as const) {
    if (values[name] !== undefined) note(name, 'has no effect on an Ingress without rules: add a rule with a path')
  }
}

/** What asks for verification and gets none must be known. */
function noteSecretless({ annotations: { values, closed }, object, context: { options }, issues }: Reading): void {
  if (values['proxy-ssl-secret'] !== undefined || closed.includes('proxy-ssl-secret')) return
  for (const name of ENDPOINT_TLS) {
    if (values[name] === undefined) continue
    issues.push({ object, field: `${options.annotationsPrefix}/${name}`, reason: 'has no effect without proxy-ssl-secret, as in ingress-nginx: endpoints are not verified; name the Secret with their authority' })
  }
}

function noteLiterals({ object, issues }: Reading, wanted: ReadonlyMap<string, readonly WantedPath[]>): void {
  for (const path of [...wanted.values()].flat()) {
    if (!looksLikeRegex(path)) continue
    const reason = `${JSON.stringify(path.path)} looks like a regular expression and is taken literally: set use-regex to make it one`
    issues.push({ object, field: `${path.field}.path`, reason })
  }
}

function firstFault(wanted: ReadonlyMap<string, readonly WantedPath[]>, context: IngressContext): Complaint | undefined {
  for (const path of [...wanted.values()].flat()) {
    const fault = pathFault(path, context.options.deepInspect)
    if (fault !== undefined) return { field: `${path.field}.path`, reason: `${JSON.stringify(path.path)} ${fault}` }
  }
  return undefined
}

function draftHosts(reading: Reading, wanted: ReadonlyMap<string, readonly WantedPath[]>): Map<string, HostDraft> {
  const { ingress, object, issues } = reading
  const hosts = new Map<string, HostDraft>()
  const handshake = handshakeDraft(reading)
  for (const [host, paths] of wanted) {
    const drafts = paths.map((path) => draftRoute(reading, host, path))
    hosts.set(host, { object, creationTimestamp: ingress.meta.creationTimestamp, drafts, isCanary: false, canaries: [], secrets: secretsFor(ingress, host), handshake })
  }
  issues.push(...unusedTlsHosts(ingress, hosts).map((issue) => ({ object, ...issue })))
  return hosts
}
