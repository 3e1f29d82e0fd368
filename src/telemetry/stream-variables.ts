// nginx's variables of its stream module, read from a StreamRecord (ingress-nginx.md §4.15). Knows no escaping.
import { WallClock } from '../wall-clock.ts'
import { commonLogTime, isoTime, perSecond, seconds } from './log-time.ts'
import type { StreamAttempt, StreamRecord } from './stream-record.ts'

type Variable = (record: Readonly<StreamRecord>) => string | undefined

/** undefined: no such variable here. */
export const streamVariable = (name: string): Variable | undefined => variables.get(name)

const timeLocal = perSecond(commonLogTime)
const timeIso = perSecond(isoTime)
const wall = new WallClock()
const present = (text: string): string | undefined => (text === '' ? undefined : text)
const each = (attempts: readonly StreamAttempt[], show: (attempt: StreamAttempt) => string): string | undefined =>
  attempts.length === 0 ? undefined : attempts.map(show).join(', ')

const variables: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ['remote_addr', ({ client }) => client],
  ['binary_remote_addr', ({ client }) => client],
  ['remote_port', ({ clientPort }) => String(clientPort)],
  ['server_port', ({ port }) => String(port)],
  ['time_local', ({ end }) => timeLocal(wall.at(end))],
  ['time_iso8601', ({ end }) => timeIso(wall.at(end))],
  ['msec', ({ end }) => seconds(wall.at(end))],
  ['protocol', ({ protocol }) => protocol],
  ['status', ({ status }) => String(status)],
  ['bytes_sent', ({ bytesOut }) => String(bytesOut)],
  ['bytes_received', ({ bytesIn }) => String(bytesIn)],
  ['session_time', ({ start, end }) => seconds(end - start)],
  ['proxy_protocol_addr', ({ proxyAddress, client }) => (proxyAddress === '' ? undefined : client)],
  ['realip_remote_addr', ({ proxyAddress, client }) => (proxyAddress === '' ? client : proxyAddress)],
  ['ssl_preread_server_name', ({ serverName }) => present(serverName)],
  ['proxy_upstream_name', ({ upstreamName }) => present(upstreamName)],
  ['upstream_addr', ({ attempts }) => each(attempts, ({ endpoint }) => endpoint)],
  ['upstream_bytes_sent', ({ attempts }) => each(attempts, ({ bytesOut }) => String(bytesOut))],
  ['upstream_bytes_received', ({ attempts }) => each(attempts, ({ bytesIn }) => String(bytesIn))],
  ['upstream_connect_time', ({ attempts }) => each(attempts, ({ connectMs }) => (connectMs === null ? '-' : seconds(connectMs)))],
  ['lintel_reason', ({ reason }) => present(reason)],
])
