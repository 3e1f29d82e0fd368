// Names as the table keys them: objects, hosts, Services. Knows no object by its content.
import type { Meta } from '../kube/objects.ts'

/** RFC 1123 §2.1: labels of at most 63 letters, digits and hyphens; the first may be the wildcard (RFC 6125 §6.4.3: one whole label). */
const HOST = /^(?:\*\.)?(?=.{1,253}$)(?:[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/

export function keyOf(meta: Pick<Meta, 'namespace' | 'name'>): string {
  return `${meta.namespace}/${meta.name}`
}

/** Lower case, without a trailing dot; `` for rules without a host; undefined: not a DNS name. */
export function hostOf(raw: string): string | undefined {
  const host = raw.toLowerCase().replace(/\.$/, '')
  return host === '' || HOST.test(host) ? host : undefined
}

/** The wildcard host that stands for `a.example`'s siblings, `*.example`; undefined for wildcards and single labels. */
export function wildcardOf(host: string): string | undefined {
  const dot = host.indexOf('.')
  return dot < 1 || host.startsWith('*') ? undefined : `*${host.slice(dot)}`
}
