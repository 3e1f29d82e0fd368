// nginx's access log variables, read from a RequestRecord (ingress-nginx.md §4.2). Knows no escaping.
import { WallClock } from '../wall-clock.ts'
import { connectionVariables } from './connection-variables.ts'
import { commonLogTime, isoTime, perSecond, seconds } from './log-time.ts'
import type { Attempt, RequestRecord } from './record.ts'

/** undefined: the variable has no value for this request. */
export type Variable = (record: Readonly<RequestRecord>) => string | undefined

/** undefined: no such variable here. */
export function variable(name: string): Variable | undefined {
  return variables.get(name) ?? prefixed(name)
}

const wall = new WallClock()
const timeLocal = perSecond(commonLogTime)
const timeIso = perSecond(isoTime)

const variables: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ['remote_addr', ({ client }) => client],
  // Four octets in nginx: equal addresses are equal either way.
  ['binary_remote_addr', ({ client }) => client],
  ['the_real_ip', ({ client }) => client],
  ['remote_user', (record) => basicUser(record.field('authorization'))],
  ['time_local', ({ end }) => timeLocal(wall.at(end))],
  ['time_iso8601', ({ end }) => timeIso(wall.at(end))],
  ['msec', ({ end }) => seconds(wall.at(end))],
  ['request', ({ method, target, protocol }) => present(method === '' ? '' : `${method} ${target} ${protocol}`)],
  ['request_method', ({ method }) => present(method)],
  ['request_uri', ({ target }) => present(target)],
  ['uri', ({ target }) => present(splitTarget(target).path)],
  ['document_uri', ({ target }) => present(splitTarget(target).path)],
  ['args', ({ target }) => splitTarget(target).query],
  ['query_string', ({ target }) => splitTarget(target).query],
  ['is_args', ({ target }) => (target.includes('?') ? '?' : '')],
  ['server_protocol', ({ protocol }) => protocol],
  ['scheme', ({ scheme }) => scheme],
  ['pass_access_scheme', ({ scheme }) => scheme],
  ['https', ({ scheme }) => (scheme === 'https' ? 'on' : '')],
  ['host', ({ host }) => present(host)],
  ['best_http_host', ({ host }) => present(host)],
  ['content_type', (record) => present(record.field('content-type'))],
  ['content_length', (record) => present(record.field('content-length'))],
  ['status', ({ status }) => (status === 0 ? '499' : String(status))],
  ['body_bytes_sent', ({ bytesOut }) => String(bytesOut)],
  ['request_length', ({ bytesIn }) => String(bytesIn)],
  ['request_time', ({ start, end }) => seconds(end - start)],
  ['request_id', ({ requestId }) => present(requestId)],
  ['req_id', ({ requestId }) => present(requestId)],
  ['proxy_upstream_name', ({ upstreamName }) => present(upstreamName)],
  // Set, but empty, where no canary took the request: `[]` in the default format.
  ['proxy_alternative_upstream_name', ({ alternativeName }) => alternativeName],
  ['upstream_addr', ({ attempts }) => each(attempts, ({ endpoint }) => endpoint)],
  ['upstream_response_length', ({ attempts }) => each(attempts, ({ bytes }) => String(bytes))],
  ['upstream_response_time', ({ attempts }) => each(attempts, ({ ms }) => seconds(ms))],
  ['upstream_status', ({ attempts }) => each(attempts, attemptStatus)],
  // An address from a field has no port.
  ['remote_port', ({ client, connection: { address, port } }) => (client === address ? String(port) : undefined)],
  ...[...connectionVariables].map(([name, read]): [string, Variable] => [name, ({ connection }) => read(connection)]),
  ['namespace', ({ ingress }) => present(ingress.split('/')[0])],
  ['ingress_name', ({ ingress }) => present(ingress.split('/')[1])],
  ['service_name', (record) => service(record).name],
  ['service_port', (record) => service(record).port],
  ['location_path', ({ routeId }) => routePath(routeId)],
  ['lintel_reason', ({ reason }) => present(reason)],
])

/** Digits, dots, colons and the like that we wrote ourselves: there is nothing to escape, whatever a client sends. */
export const isOurs = (name: string): boolean => OURS.has(name)
const OURS = new Set([
  'time_local', 'time_iso8601', 'msec', 'status', 'body_bytes_sent', 'request_length', 'request_time', 'server_protocol', 'scheme',
  'upstream_addr', 'upstream_response_length', 'upstream_response_time', 'upstream_status',
])

/** Families of variables: a request field, a cookie, a query parameter. */
function prefixed(name: string): Variable | undefined {
  const [, family, rest = ''] = /^(http|cookie|arg)_(.+)$/.exec(name) ?? []
  if (family === 'http') return (record) => present(record.field(rest.replaceAll('_', '-')))
  if (family === 'cookie') return (record) => cookie(record.field('cookie'), rest)
  if (family === 'arg') return ({ target }) => argument(splitTarget(target).query ?? '', rest)
  return undefined
}

function present(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function each(attempts: readonly Attempt[], show: (attempt: Attempt) => string): string | undefined {
  const [first] = attempts
  if (first === undefined) return undefined
  return attempts.length === 1 ? show(first) : attempts.map(show).join(', ')
}

/** nginx writes the status that an attempt without an answer stands for. */
function attemptStatus({ status, error }: Attempt): string {
  if (status !== 0) return String(status)
  return error.startsWith('timeout') ? '504' : '502'
}

function splitTarget(target: string): { path: string; query: string | undefined } {
  const mark = target.indexOf('?')
  return mark < 0 ? { path: target, query: undefined } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** User name of Basic credentials (RFC 7617), authenticated or not. */
function basicUser(authorization: string): string | undefined {
  if (authorization === '') return undefined
  const [, credentials] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? []
  if (credentials === undefined) return undefined
  return present(Buffer.from(credentials, 'base64').toString('latin1').split(':')[0])
}

function cookie(field: string, name: string): string | undefined {
  const pair = field.split(';').map((part) => part.trim()).find((part) => part.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}

function argument(query: string, name: string): string | undefined {
  return query.split('&').find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** upstreamName is `namespace-service-port`; a port's name may hold a dash, a Service's more often does. */
function service({ ingress, upstreamName }: Readonly<RequestRecord>): { name?: string; port?: string } {
  const namespace = ingress.split('/')[0] ?? ''
  const [, name, port] = /^(.+)-([^-]+)$/.exec(upstreamName.slice(namespace.length + 1)) ?? []
  return name === undefined || port === undefined || namespace === '' ? {} : { name, port }
}

/** Route.id is `namespace/ingress/host/path-kind:path`. */
function routePath(routeId: string): string | undefined {
  const [, path] = /^[^/]*\/[^/]*\/[^/]*\/[^:]*:(.*)$/s.exec(routeId) ?? []
  return path === '' ? '/' : path
}
