// Variables of nginx that have a value while a request is being routed, for annotations that take them. The serving side fills them in.
// Data only; a test holds it against telemetry/log-variables.ts.

export const requestVariables = [
  'remote_addr', 'binary_remote_addr', 'the_real_ip', 'remote_user', 'request', 'request_method', 'request_uri', 'uri', 'document_uri', 'args', 'query_string',
  'is_args', 'server_protocol', 'scheme', 'pass_access_scheme', 'https', 'host', 'best_http_host', 'content_type', 'content_length', 'request_id', 'req_id',
  'namespace', 'ingress_name', 'service_name', 'service_port', 'proxy_upstream_name', 'location_path',
]
/** Followed by the name of a request field, a cookie, or a parameter of the query. */
export const variablePrefixes = ['http_', 'cookie_', 'arg_']

const REFERENCE = /\$(?:\{(\w+)\}|(\w+))/g

/** The first variable of a text that is not one of them. */
export function unknownVariable(text: string): string | undefined {
  const names = [...text.matchAll(REFERENCE)].map(([, braced, bare]) => braced ?? bare ?? '')
  return names.find((name) => !requestVariables.includes(name) && !variablePrefixes.some((prefix) => name.startsWith(prefix) && name !== prefix))
}
