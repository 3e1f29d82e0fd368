// The paths that an Ingress wants for each of its hosts: of its rules, of its default backend, of app-root.
// Knows nothing of what stands behind a path.
import type { IngressBackend, IngressRule } from '../kube/objects.ts'
import type { Annotations } from './annotations.ts'
import { hostOf } from './names.ts'
import type { Reading, WantedPath } from './reading.ts'

/** By host; a host without paths is still ours, and answers as an unknown path does. */
export function wantedPaths(reading: Reading): Map<string, WantedPath[]> {
  const { ingress, policies } = reading
  const wanted = new Map<string, WantedPath[]>()
  ingress.rules.forEach((rule, index) => addRule(reading, wanted, { rule, field: `spec.rules[${index}]` }))
  if (ingress.rules.length === 0) wanted.set('', [])
  for (const paths of wanted.values()) {
    const hasRoot = paths.some(({ path }) => path === '/')
    if (ingress.defaultBackend !== undefined && !hasRoot) paths.push(defaultPath(reading, ingress.defaultBackend))
    if (policies.appRoot !== undefined && !hasRoot) paths.push(appRootPath)
  }
  return wanted
}

/** app-root holds for `/` of the host even if no path of this Ingress covers it. */
const appRootPath: WantedPath = { path: '/', pathType: 'Exact', regex: false, backend: undefined, isDefault: false, field: 'app-root' }

function addRule(reading: Reading, wanted: Map<string, WantedPath[]>, { rule, field }: { rule: IngressRule; field: string }): void {
  const host = hostOf(rule.host)
  if (host === undefined) {
    reading.issues.push({ object: reading.object, field: `${field}.host`, reason: `"${rule.host}" is not a DNS name: this rule is ignored` })
    return
  }
  wanted.set(host, [...(wanted.get(host) ?? []), ...rulePaths(reading, rule, field)])
}

function rulePaths(reading: Reading, rule: IngressRule, field: string): WantedPath[] {
  return rule.paths.map((entry, index) => {
    const path = entry.path === '' ? '/' : entry.path
    const rest = { pathType: entry.pathType, backend: entry.backend, isDefault: false, field: `${field}.http.paths[${index}]` }
    return { ...rest, path, regex: isRegex(reading.annotations.values, path) }
  })
}

/** `/` that gives way to any explicit one. */
function defaultPath(reading: Reading, backend: IngressBackend): WantedPath {
  const regex = reading.ingress.rules.length > 0 && isRegex(reading.annotations.values, '/')
  return { path: '/', pathType: 'Prefix', regex, backend, isDefault: true, field: 'spec.defaultBackend' }
}

/** Decided by its own Ingress alone; in ingress-nginx one such Ingress changes every path of the host (ingress-nginx.md F4). */
export function isRegex(values: Annotations, path: string): boolean {
  return values['use-regex'] === true || (values['rewrite-target'] !== undefined && values['rewrite-target'] !== path)
}
