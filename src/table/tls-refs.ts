// Which Secrets an Ingress offers for a host of its rules. Knows nothing of what is in them.
import type { Ingress, IngressTls } from '../kube/objects.ts'
import type { Issue } from '../model.ts'
import type { SecretRef } from './draft.ts'
import { hostOf, wildcardOf } from './names.ts'

/**
 * In the order of trial: blocks that name the host, then its wildcard, then blocks without hosts, then the others, whose
 * certificate may cover the host all the same (ingress-nginx.md §4.5).
 */
export function secretsFor(ingress: Ingress, host: string): SecretRef[] {
  const ranked = ingress.tls.map((tls, index) => ({ ...secretRef(ingress, tls, index), rank: rank(tls, host) }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ secret, field, rank }) => ({ secret, field, named: rank < OTHER_HOSTS }))
}

/** Hosts of tls blocks that no rule of the Ingress has: nothing is served for them. */
export function unusedTlsHosts(ingress: Ingress, hosts: ReadonlyMap<string, unknown>): Omit<Issue, 'object'>[] {
  return ingress.tls.flatMap((tls, index) =>
    tls.hosts.filter((raw) => !isUsed(raw, hosts)).map((raw) => ({
      field: `spec.tls[${index}].hosts`,
      reason: `"${raw}" has no rule in this Ingress: its certificate is not served for it; add a rule or remove the name`,
    })))
}

/** A wildcard name is used by any host under it. */
function isUsed(raw: string, hosts: ReadonlyMap<string, unknown>): boolean {
  const host = hostOf(raw)
  return host !== undefined && (hosts.has(host) || (host.startsWith('*') && [...hosts.keys()].some((rule) => wildcardOf(rule) === host)))
}

const OTHER_HOSTS = 3

function rank(tls: IngressTls, host: string): number {
  if (host === '') return OTHER_HOSTS
  const names = tls.hosts.map(hostOf)
  if (names.includes(host)) return 0
  if (names.includes(wildcardOf(host) ?? host)) return 1
  return names.length === 0 ? 2 : OTHER_HOSTS
}

function secretRef(ingress: Ingress, tls: IngressTls, index: number) {
  const secret = tls.secretName === '' ? '' : `${ingress.meta.namespace}/${tls.secretName}`
  return { secret, field: `spec.tls[${index}].secretName` }
}
