// A Forward between a client and endpoints that do as a script says, without a socket: each step of the endpoints is a call, so that a test
// can compare what was sent with what may be sent. Knows the interfaces on both sides, no rule of retrying.
import { answerNames, noFields } from '../../src/http/fields.ts'
import { type AnswerSink, type Connection, type Exchange, ProxyError, type Span, type UpstreamRequest } from '../../src/http/message.ts'
import type { RetryPolicy } from '../../src/model.ts'
import { Forward, type Forwarded } from '../../src/proxy/forward.ts'
import { SpillSpace } from '../../src/proxy/spill-space.ts'
import { defaultBackendOptions } from '../../src/table/backend-options.ts'
import { LiveBackend } from '../../src/upstream/backends.ts'
import { LiveEndpoint } from '../../src/upstream/endpoint.ts'
import { answerHead, requestHead, spanOf, stillClock, textOf } from '../http/support.ts'

/** What an endpoint does with a request: a status is its answer. */
export type Outcome = 'refused' | 'unprocessed' | 'reset' | 'late' | 'garbage' | number

const failures = {
  refused: new ProxyError('upstream', 'connect_failed', { status: 502, retry: 'always' }),
  unprocessed: new ProxyError('upstream', 'upstream_refused', { status: 502, retry: 'always' }),
  stale: new ProxyError('upstream', 'upstream_reset', { status: 502, retry: 'if-reused' }),
  reset: new ProxyError('upstream', 'upstream_reset', { status: 502 }),
  late: new ProxyError('upstream', 'timeout_header', { status: 504 }),
  garbage: new ProxyError('upstream', 'bad_answer', { status: 502 }),
}

export type Scripted = { readonly outcome: Outcome; /** Its idle connection is closed already. */ readonly stale: boolean; /** Its connections stand at once. */ readonly standing: boolean }
/** One try as it was made. */
export type Try = { readonly endpoint: number; readonly fresh: boolean; readonly repeatable: boolean; readonly outcome: Outcome | 'stale'; body: string; whole: boolean }

class ScriptedConnection implements Connection {
  readonly made: Try
  readonly #standing: boolean
  #sink: AnswerSink | null = null

  constructor(made: Try, standing: boolean) {
    this.made = made
    this.#standing = standing
  }
  exchange({ first }: UpstreamRequest, sink: AnswerSink): boolean {
    this.#sink = sink
    this.write(first)
    return this.#standing
  }
  write(span: Span): boolean {
    this.made.body += textOf(span)
    this.made.whole ||= span.last
    return true
  }
  resume() { /* answers are whole */ }
  cancel() { this.#sink = null }

  get waits() { return this.#sink !== null }
  stand() { if (!this.#standing && this.made.outcome !== 'refused') this.#sink?.drained() }
  end() {
    const sink = this.#sink
    this.#sink = null
    const { outcome } = this.made
    if (typeof outcome === 'number') sink?.answered(answerHead(`HTTP/1.1 ${outcome} X\r\nContent-Length: 0\r\n\r\n`), spanOf(''))
    else sink?.failed(failures[outcome])
  }
}

export type Asked = { readonly method: string; readonly policy: RetryPolicy; readonly first: string; readonly rest: readonly string[]; readonly endpoints: readonly Scripted[] }
export type Told = { readonly tries: readonly Try[]; /** Of the answer, ours or theirs. */ readonly status: number; readonly reason: string; readonly answers: number }

/** The whole course of one request. */
export function course({ method, policy, first, rest, endpoints }: Asked): Told {
  const tries: Try[] = []
  let connection: ScriptedConnection | null = null
  const told = { tries, status: 0, reason: '', answers: 0 }
  const live = endpoints.map((_, i) => new LiveEndpoint(String(i), { address: '10.0.0.1', port: i, tls: null, protocol: 'h1' }))
  const backend = new LiveBackend({ protocol: 'http', options: defaultBackendOptions, endpoints: [] })
  backend.update({ protocol: 'http', options: defaultBackendOptions, endpoints: [] }, live)

  const connect = (i: number, fresh: boolean, repeatable: boolean) => {
    const { stale, outcome, standing } = endpoints[i]!
    const made: Try = { endpoint: i, fresh, repeatable, outcome: stale && !fresh ? 'stale' : outcome, body: '', whole: false }
    tries.push(made)
    return connection = new ScriptedConnection(made, standing || (stale && !fresh))
  }
  const pool = (i: number) => ({ take: (repeatable: boolean) => connect(i, false, repeatable), dial: () => connect(i, true, true) })

  const length = first.length + rest.join('').length
  const request = requestHead(`${method} / HTTP/1.1\r\nHost: h\r\n${length > 0 ? `Content-Length: ${length}\r\n` : ''}\r\n`)
  let receiving = false
  let paused = false
  const exchange: Exchange = {
    client: { address: '', port: 0, localAddress: '', localPort: 0, tls: null, told: null }, request, first: spanOf(first, rest.length === 0), bodyLimit: 0, octetsIn: 0,
    receive: () => { receiving = true }, pause: () => { paused = true }, resume: () => { paused = false }, inform: () => undefined,
    respond: ({ status }) => { told.status = status; told.answers++; return true },
    write: () => true, tunnel: () => true, answer: () => undefined, abort: () => undefined,
  }
  const context: Forwarded = {
    exchange, connection: exchange.client, client: '', method, retry: policy, timeouts: { connectMs: 1, sendMs: 1, readMs: 1, requestMs: 0 }, plan: { block: noFields, names: answerNames() },
    answerFields: noFields, upstreamTarget: '/', attempts: [], start: performance.now(), status: 0, bytesOut: 0, session: null, head: request, whole: null, errorPages: null, askForPage: () => undefined, answerBuffer: undefined, compression: null, text: () => '',
    upstreamLines: () => Buffer.from('Host: h\r\n'),
    refuse: ({ status, code }) => { told.status = status; told.reason = code; told.answers++ },
    finish: () => undefined,
  }
  const forward = new Forward(context, { pools: { to: ({ key }) => pool(Number(key)) }, clock: stillClock(), space: new SpillSpace(), view: { requestFields: noFields } })
  forward.start(backend, backend.pick([], context)!)

  const parts = [...rest]
  const current = () => connection // it changes below calls
  for (let steps = 0; forward.active && steps < STEPS; steps++) {
    current()?.stand()
    while (receiving && !paused && parts.length > 0) forward.send(spanOf(parts.shift()!, parts.length === 0))
    current()?.end()
  }
  return told
}
/** More than any course has: each is two tries at most for each endpoint. */
const STEPS = 100
