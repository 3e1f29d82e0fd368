// The affinity annotations of one Ingress → the cookie that its routes set (ingress-nginx.md §4.8). Knows no endpoints.
import type { Affinity } from '../model.ts'
import type { Annotations } from './annotations.ts'
import type { Reading, WantedPath } from './reading.ts'

/** ingress-nginx's default of session-cookie-name. */
const COOKIE = 'INGRESSCOOKIE'

/** undefined: the route keeps no clients. */
export function affinityOf({ annotations: { values } }: Reading, wanted: WantedPath): Affinity | undefined {
  if (values.affinity === undefined) return undefined
  return {
    cookie: values['session-cookie-name'] ?? COOKIE,
    path: values['session-cookie-path'] ?? (wanted.regex ? '/' : wanted.path),
    domain: values['session-cookie-domain'] ?? '',
    expires: values['session-cookie-expires'] ?? null,
    maxAge: values['session-cookie-max-age'] ?? null,
    sameSite: values['session-cookie-samesite'] ?? '',
    lenientSameSite: values['session-cookie-conditional-samesite-none'] ?? false,
    secure: values['session-cookie-secure'] ?? false,
    partitioned: values['session-cookie-partitioned'] ?? false,
    movesOnFailure: values['session-cookie-change-on-failure'] ?? false,
  }
}

/** Annotations about balancing that another one, or the lack of it, leaves without effect. */
export function noteBalance(reading: Reading, paths: readonly WantedPath[]): void {
  const { values } = reading.annotations
  if (values.canary === true) return noteCanary(reading)
  if (values.affinity === undefined) for (const name of OF_COOKIE) note(reading, name, 'has no effect without affinity: "cookie": add it')
  else for (const name of AFTER_AFFINITY) note(reading, name, 'has no effect beside affinity, which goes before it: remove one of them')
  if (values['upstream-hash-by'] === undefined) for (const name of OF_HASH) note(reading, name, 'has no effect without upstream-hash-by: add it')
  else if (values.affinity === undefined) for (const name of AFTER_HASH) note(reading, name, 'has no effect beside upstream-hash-by, which goes before it: remove one of them')
  note(reading, 'affinity-canary-behavior', 'has no effect without canary: "true": it belongs on the Ingress of the canary')
  if (values.affinity !== undefined && values['session-cookie-path'] === undefined && paths.some(({ regex }) => regex)) {
    note(reading, 'affinity', 'the path of the cookie can not be told from a regular expression, / is used: set session-cookie-path')
  }
}

/** The main Ingress says whom its clients stay with. */
function noteCanary(reading: Reading): void {
  for (const name of ['affinity', ...OF_COOKIE] as const) note(reading, name, 'has no effect on a canary, which has the affinity of its main Ingress: remove it')
}

type Name = keyof Annotations
const OF_HASH = ['upstream-hash-by-subset', 'upstream-hash-by-subset-size'] as const satisfies readonly Name[]
const AFTER_HASH = ['load-balance', 'lintel.dev/slow-start'] as const satisfies readonly Name[]
const AFTER_AFFINITY = ['load-balance', 'upstream-hash-by'] as const satisfies readonly Name[]
const OF_COOKIE = [
  'affinity-mode', 'session-cookie-name', 'session-cookie-path', 'session-cookie-domain', 'session-cookie-expires', 'session-cookie-max-age',
  'session-cookie-samesite', 'session-cookie-conditional-samesite-none', 'session-cookie-secure', 'session-cookie-partitioned', 'session-cookie-change-on-failure',
] as const satisfies readonly Name[]

function note({ object, issues, annotations: { values }, context: { options } }: Reading, name: Name, reason: string): void {
  if (values[name] === undefined) return
  issues.push({ object, field: name.includes('/') ? name : `${options.annotationsPrefix}/${name}`, reason })
}
