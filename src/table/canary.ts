// The canary annotations of one Ingress → what it wants of routes that other Ingresses own (ingress-nginx.md §4.8). Knows nothing of those.
import type { Alternative } from '../model.ts'
import type { Annotations } from './annotations.ts'
import type { CanaryDraft, HostDraft } from './draft.ts'
import { pathPlace } from './paths.ts'
import type { Reading, WantedPath } from './reading.ts'
import { backendOf } from './route.ts'
import { upstreamName } from './backend-ref.ts'

type Rule = Pick<Alternative, 'header' | 'cookie' | 'weight' | 'total'>
type Name = Extract<keyof Annotations, `canary${string}`>

const RULES = [
  'canary-by-header', 'canary-by-header-value', 'canary-by-header-pattern', 'canary-by-cookie', 'canary-weight', 'canary-weight-total',
] as const satisfies readonly Name[]
/** ingress-nginx's default of canary-weight-total, and the least that it counts as. */
const LEAST_TOTAL = 100

/** A canary has a host of its own nowhere: it takes part in those that main Ingresses have. */
export function canaryHosts(reading: Reading, wanted: ReadonlyMap<string, readonly WantedPath[]>): Map<string, HostDraft> {
  const { ingress, object } = reading
  const rule = canaryRule(reading)
  return new Map([...wanted].map(([host, paths]) => [host, {
    object,
    creationTimestamp: ingress.meta.creationTimestamp,
    drafts: [],
    isCanary: true,
    canaries: paths.flatMap((path) => canaryDraft(reading, path, rule) ?? []),
    secrets: [],
    handshake: {},
  }]))
}

/** Canary annotations on an Ingress that is not one. */
export function noteStrayRules(reading: Reading): void {
  for (const name of RULES) if (reading.annotations.values[name] !== undefined) note(reading, name, 'has no effect without canary: "true": add it')
}

function canaryDraft(reading: Reading, wanted: WantedPath, rule: Rule): CanaryDraft | undefined {
  const backend = backendOf(reading, wanted)
  if (backend === undefined) return undefined
  const legacy = reading.annotations.values['affinity-canary-behavior'] === 'legacy'
  const alternative = { backend: backend.key, upstreamName: upstreamName(backend), ...rule, ...(legacy && { withoutAffinity: true as const }) }
  return { place: pathPlace(wanted), alternative, backend: { ...backend, serves: 'canary' }, field: wanted.field }
}

function canaryRule(reading: Reading): Rule {
  const { values } = reading.annotations
  const header = headerRule(reading)
  const cookie = values['canary-by-cookie']
  if (header === undefined && cookie === undefined && values['canary-weight'] === undefined) {
    note(reading, 'canary', 'no rule gives it requests: set canary-weight, canary-by-header or canary-by-cookie')
  }
  return { ...(header !== undefined && { header }), ...(cookie !== undefined && { cookie }), ...weightRule(reading) }
}

/** The value goes before the pattern. What PCRE writes as `(?i)` at its start, JavaScript has as a group. */
function headerRule(reading: Reading): Alternative['header'] {
  const { 'canary-by-header': name, 'canary-by-header-value': value, 'canary-by-header-pattern': pattern } = reading.annotations.values
  if (name === undefined) return noteNameless(reading)
  if (value !== undefined) return { name, value }
  if (pattern === undefined) return { name }
  const source = pattern.replace(/^\(\?i\)(.*)$/s, '(?i:$1)')
  const fault = patternFault(source)
  if (fault !== undefined) note(reading, 'canary-by-header-pattern', `${fault}: requests with the field go to the main Service`)
  return { name, pattern: source }
}

function noteNameless(reading: Reading): undefined {
  for (const name of ['canary-by-header-value', 'canary-by-header-pattern'] as const) {
    if (reading.annotations.values[name] !== undefined) note(reading, name, 'has no effect without canary-by-header, which names the field: add it')
  }
}

function patternFault(source: string): string | undefined {
  try {
    new RegExp(source)
    return undefined
  } catch (error) {
    return `is not a regular expression that we can run (${error instanceof Error ? error.message : 'syntax error'})`
  }
}

function weightRule(reading: Reading): Pick<Alternative, 'weight' | 'total'> {
  const { 'canary-weight': weight = 0, 'canary-weight-total': given = LEAST_TOTAL } = reading.annotations.values
  const total = Math.max(LEAST_TOTAL, given)
  if (given < total) note(reading, 'canary-weight-total', `${given} counts as ${total}, the least that it can be: scale the weight to that`)
  if (weight > total) note(reading, 'canary-weight', `${weight} is above the total of ${total}: the canary gets all; set canary-weight-total, or lower it`)
  return { weight: Math.min(weight, total), total }
}

function note({ object, issues, context: { options } }: Reading, name: Name, reason: string): void {
  issues.push({ object, field: `${options.annotationsPrefix}/${name}`, reason })
}
