// Sends one case on a fresh connection and collects what both ends saw. Judges nothing.
import { SERVED_BY, type Echo, type EchoConnection, type ReceivedRequest } from '../../support/echo.ts'
import { values, type ResponseMessage } from '../../support/http1.ts'
import { rawClient, type RawClient } from '../../support/raw-client.ts'
import { halfCloses, octets, type Http1Case } from './case.ts'

/** The format's own wait between the last octet and the shut-down of the write side. */
const HALF_CLOSE_AFTER_MS = 150
/** Above the header and body timeouts that the suite configures, so that a proxy may also answer by timeout. */
const ANSWER_MS = 5_000
/** For a close that should follow the answer at once, and for the upstream side to end. */
const CLOSE_MS = 1_000

export type Observation = {
  readonly sent: string
  /** Complete requests at the upstreams, in order of arrival. */
  readonly reached: readonly ReceivedRequest[]
  /** All octets at the upstreams, one string for each connection that got any. */
  readonly upstreamBytes: readonly string[]
  /** What the upstreams could not read as complete requests, and why where they refused it. */
  readonly unfinished: readonly { readonly bytes: string; readonly invalid: string }[]
  readonly responses: readonly ResponseMessage[]
  /** Closed by the proxy while the client would have gone on (or, for a half-closing case, at all). */
  readonly closed: boolean
  /** Octets of the request sent after an answered upgrade; '' when none was sent. */
  readonly probe: string
}

const PROBE = 'GET /after-upgrade HTTP/1.1\r\nHost: h.test\r\n\r\n'

export async function observe(given: Http1Case, { port, upstreams }: { port: number; upstreams: readonly Echo[] }): Promise<Observation> {
  const marks = upstreams.map(mark)
  const client = await rawClient(port)
  const sent = octets(given)
  client.send(sent)
  const probe = await converse(client, given)
  await client.closed(CLOSE_MS)
  client.destroy()
  const connections = upstreams.flatMap((upstream, index) => since(upstream, marks[index]))
  await Promise.all(upstreams.map((upstream) => upstream.when(() => connections.every(isSettled), CLOSE_MS)))
  return {
    sent,
    probe: probe.sent,
    closed: probe.closed,
    responses: client.responses,
    reached: upstreams.flatMap((upstream, index) => upstream.requests.slice(marks[index]?.requests)),
    upstreamBytes: connections.map(({ bytes }) => bytes()),
    unfinished: connections
      .map(({ connection }) => connection)
      .filter(({ pending, invalid }) => pending.length > 0 || invalid !== '')
      .map(({ pending, invalid }) => ({ bytes: pending.toString('latin1'), invalid })),
  }
}

/** Up to our own half-close, which tells the proxy that nothing more comes: what it was going to do, it does before it closes too. */
async function converse(client: RawClient, given: Http1Case): Promise<{ sent: string; closed: boolean }> {
  if (halfCloses(given)) {
    await Bun.sleep(HALF_CLOSE_AFTER_MS)
    client.end()
    return { sent: '', closed: await client.closed(ANSWER_MS) }
  }
  for (let answers = expectedAnswers(given); answers > 0; answers--) await client.response(ANSWER_MS)
  const probes = /tunnel/.test(given.upstream ?? '') && client.responses.every(isFromUpstream)
  if (probes) {
    client.send(PROBE)
    await client.response(CLOSE_MS)
  }
  const closed = await client.closed(given.close ? CLOSE_MS : 0)
  client.end()
  return { sent: probes ? PROBE : '', closed }
}

/** `/a then /b`: two. A 1xx is not counted. */
function expectedAnswers({ upstream = '' }: Http1Case): number {
  return upstream.split(' then ').length > 1 && /\//.test(upstream) ? 2 : 1
}

export function isFromUpstream({ fields }: ResponseMessage): boolean {
  return values(fields, SERVED_BY).length > 0
}

type Mark = { readonly requests: number; readonly chunks: ReadonlyMap<EchoConnection, number> }

function mark({ requests, connections }: Echo): Mark {
  return { requests: requests.length, chunks: new Map(connections.map((connection) => [connection, connection.chunks.length])) }
}

type Activity = { readonly connection: EchoConnection; readonly bytes: () => string }

function since({ connections }: Echo, before: Mark | undefined): Activity[] {
  const old = (connection: EchoConnection) => before?.chunks.get(connection) ?? 0
  return connections
    .filter((connection) => connection.chunks.length > old(connection))
    .map((connection) => ({ connection, bytes: () => Buffer.concat(connection.chunks.slice(old(connection))).toString('latin1') }))
}

/** A half-received request becomes complete or its connection ends: before that nothing can be said of it. */
function isSettled({ connection: { pending, closed } }: Activity): boolean {
  return pending.length === 0 || closed
}
