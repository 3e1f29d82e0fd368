// One look at one endpoint: does it take a connection, answer with an expected status, or say that it serves. Knows no backends and no
// thresholds. Not the data path: the runtime's own clients do, each time on a connection of its own, as a new client would have.
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { Certificate, Endpoint, HealthCheck, Protocol } from '../../model.ts'

/** Why an endpoint is not well; `` when it is. Never rejects. */
export type Check = (endpoint: Endpoint, check: Probe, protocol: Protocol) => Promise<string>
/** certificate: ours, for endpoints that ask for one. */
export type Probe = HealthCheck & { readonly certificate?: Certificate | undefined }

export const checkEndpoint: Check = (endpoint, check, protocol) => {
  if (check.type === 'tcp') return takesConnection(endpoint, check)
  if (check.type === 'grpc') return servesGrpc(endpoint, check, protocol)
  return answersHttp(endpoint, check, protocol)
}

/** So that logs of endpoints tell a check from a client. */
const USER_AGENT = 'lintel-health-check'

const authority = ({ address, port }: Endpoint) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)
const isSecure = (protocol: Protocol) => protocol === 'https' || protocol === 'h2'

/** Redirects are answers, not followed; certificates of endpoints are not verified: requests do that where it is asked for. */
async function answersHttp(endpoint: Endpoint, { path, timeoutMs, statuses, certificate }: Probe, protocol: Protocol): Promise<string> {
  try {
    const answer = await fetch(`${isSecure(protocol) ? 'https' : 'http'}://${authority(endpoint)}${path}`, {
      redirect: 'manual', keepalive: false, signal: AbortSignal.timeout(timeoutMs), tls: { rejectUnauthorized: false, ...certificate },
      headers: { 'user-agent': USER_AGENT, connection: 'close' },
    })
    await answer.body?.cancel()
    return statuses.some(([from, to]) => answer.status >= from && answer.status <= to) ? '' : `it answered ${answer.status}`
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? late(timeoutMs) : 'it does not answer'
  }
}

function takesConnection({ address, port }: Endpoint, { timeoutMs }: HealthCheck): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    const end = (reason: string) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reason)
    }
    const timer = setTimeout(() => end(late(timeoutMs)), timeoutMs)
    socket.once('connect', () => end('')).once('error', () => end('it takes no connection'))
  })
}

const late = (ms: number) => `it did not answer within ${ms} ms`

/** HealthCheckRequest without a service, in gRPC's frame: the server as a whole is meant (grpc.health.v1). */
const ASK = Buffer.alloc(5)
/** HealthCheckResponse { status: SERVING } in its frame. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1])

function servesGrpc(endpoint: Endpoint, { timeoutMs, certificate }: Probe, protocol: Protocol): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2(`${isSecure(protocol) ? 'https' : 'http'}://${authority(endpoint)}`, { rejectUnauthorized: false, ...certificate })
    const parts: Buffer[] = []
    const end = (reason: string) => {
      clearTimeout(timer)
      session.destroy()
      resolve(reason)
    }
    const timer = setTimeout(() => end(late(timeoutMs)), timeoutMs)
    session.on('error', () => end('it takes no connection'))
    const stream = session.request({
      ':method': 'POST', ':path': '/grpc.health.v1.Health/Check', 'content-type': 'application/grpc', te: 'trailers', 'user-agent': USER_AGENT,
    })
    stream.on('data', (part: Buffer) => { parts.push(part) })
    stream.on('end', () => end(Buffer.concat(parts).equals(SERVING) ? '' : 'it does not say that it serves'))
    stream.on('error', () => end('it does not answer'))
    stream.end(ASK)
  })
}
