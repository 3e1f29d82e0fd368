// A ConfigMap whose data are header fields (`add-headers`, `proxy-set-headers`) → the fields that may be set.
// Knows nothing of where they are set.
import type { ConfigMap } from '../kube/objects.ts'
import type { FieldPair, Issue } from '../model.ts'

export type ReadFields = { readonly fields: readonly FieldPair[]; readonly issues: readonly Issue[] }

/** RFC 9110 §5.6.2. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110 §5.5, as latin1: no control characters but the tab. */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/
const VARIABLE = /\$(?:[a-z_]|\{)/i
/** Framing, connection and routing are the proxy's own (RFC 9110 §7.6.1, RFC 9112 §6). */
const RESERVED = new Set([
  'connection', 'content-length', 'host', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
])

/** A bad field is left out, the others hold. */
export function readFields({ meta, data }: ConfigMap): ReadFields {
  const fields: FieldPair[] = []
  const issues: Issue[] = []
  for (const [name, raw] of Object.entries(data)) {
    const value = raw.trim()
    const fault = fieldFault(name, value)
    if (fault === undefined) fields.push([name, value])
    else issues.push({ object: `ConfigMap ${meta.namespace}/${meta.name}`, field: `data.${name}`, reason: `${fault}: this field is not set` })
  }
  return { fields, issues }
}

function fieldFault(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return 'is not a header name'
  if (name.toLowerCase() === 'host') return 'Host belongs to the proxy (the annotation upstream-vhost sets it for one Ingress)'
  if (RESERVED.has(name.toLowerCase())) return `${name} belongs to the connection, which is the proxy's own`
  if (!VALUE.test(value)) return 'its value contains a control character or a line break'
  return VARIABLE.test(value) ? 'nginx variables in its value are not supported yet' : undefined
}
