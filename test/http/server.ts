// A port of ServerConnections whose answers a script gives, and which writes down what the responder was told.
import { createServer, type Server } from 'node:net'
import { HEAD_LIMITS } from '../../src/http/h1/limits.ts'
import { requestNames } from '../../src/http/fields.ts'
import { Scratch } from '../../src/http/scratch.ts'
import type { Exchange, OwnAnswer, ProxyError, Responder, Span } from '../../src/http/message.ts'
import { ServerConnection } from '../../src/http/server.ts'
import type { ServerLimits, ServerOptions } from '../../src/http/server-options.ts'
import { Tunnels } from '../../src/http/tunnels.ts'
import { changes } from '../support/until.ts'
import { DATE, fieldsOf, listen, stillClock, textOf } from './support.ts'

/** A request as the responder got it. */
export type Received = { method: string; target: string; body: string; complete: boolean; trailers: [string, string][] }
/** What the test does in place of the default: read the whole body, then answer with what was read. */
export type Script = {
  begin?(exchange: Exchange, request: Received): void
  /** The whole request is there. */
  complete?(exchange: Exchange, request: Received): void
  body?(span: Span, request: Received): boolean
  drained?(exchange: Exchange): void
}
/** What happened, in order, besides `requests`. */
export type Log = { readonly requests: Received[]; readonly abandoned: ProxyError[]; readonly refused: ProxyError[]; drained: number }

export const LIMITS: ServerLimits = { headMs: 10_000, bodyMs: 20_000, sendMs: 60_000, keepAliveMs: 30_000, connectionMs: 3_600_000, heads: HEAD_LIMITS, requestsPerConnection: 1_000_000, streamsPerConnection: 128 }
export const own = (body: string, status = 200): OwnAnswer => ({ status, fields: [], body, contentType: 'text/plain' })
export const echoOf = ({ method, target, body }: Received): OwnAnswer => own(`${method} ${target} ${body}`)

class ScriptedResponder implements Responder {
  readonly #exchange: Exchange
  readonly #script: Script
  readonly #log: Log
  readonly #notify: () => void
  #request: Received = { method: '', target: '', body: '', complete: false, trailers: [] }

  constructor(exchange: Exchange, script: Script, more: { log: Log; notify: () => void }) {
    this.#exchange = exchange
    this.#script = script
    this.#log = more.log
    this.#notify = more.notify
  }
  begin() {
    const { request, first } = this.#exchange
    this.#request = { method: request.method, target: request.target, body: '', complete: false, trailers: [] }
    this.#log.requests.push(this.#request)
    this.#script.begin?.(this.#exchange, this.#request)
    this.#take(first)
    if (!first.last && this.#script.begin === undefined) this.#exchange.receive()
    this.#notify()
  }
  body(span: Span): boolean {
    const wants = this.#script.body?.(span, this.#request) ?? true
    this.#take(span)
    this.#notify()
    return wants
  }
  #take(span: Span) {
    this.#request.body += textOf(span)
    if (!span.last) return
    this.#request.complete = true
    if (span.trailers !== null) this.#request.trailers = fieldsOf(span.trailers)
    const { complete } = this.#script
    if (complete !== undefined) complete(this.#exchange, this.#request)
    else if (this.#script.begin === undefined) this.#exchange.answer(echoOf(this.#request))
  }
  drained() { this.#log.drained++; this.#script.drained?.(this.#exchange); this.#notify() }
  abandoned(error: ProxyError) { this.#log.abandoned.push(error); this.#notify() }
  refused(error: ProxyError) { this.#log.refused.push(error); this.#notify() }
}

/** Tells when octets were read, so that a test can cut a message exactly. */
class ObservedConnection extends ServerConnection {
  read = 0
  pauses = 0
  #notify: () => void = () => undefined
  observe(notify: () => void) { this.#notify = notify }
  protected override received(bytes: Buffer) {
    const { length } = bytes // what is read is spent then
    super.received(bytes)
    this.read += length
    this.#notify()
  }
  protected override ended() {
    super.ended()
    this.#notify()
  }
  override pause() {
    if (!this.paused) this.pauses++
    super.pause()
  }
}

export class ServerUnderTest implements Log {
  readonly requests: Received[] = []
  readonly abandoned: ProxyError[] = []
  readonly refused: ProxyError[] = []
  drained = 0
  readonly connections: ObservedConnection[] = []
  gone = 0
  readonly clock = stillClock()
  readonly tunnels = new Tunnels(this.clock)
  port = 0
  readonly #changes = changes()
  readonly when = this.#changes.when
  readonly #server: Server

  private constructor(native: boolean, script: Script, limits: ServerLimits) {
    const { notify } = this.#changes
    const options: ServerOptions = {
      clock: this.clock, native, tunnels: this.tunnels, scratch: new Scratch(), date: () => DATE, names: () => requestNames(), limits: () => limits,
      responder: (exchange) => new ScriptedResponder(exchange, script, { log: this, notify }),
      closed: () => { this.gone++; notify() }, priorKnowledge: (socket) => { socket.destroy() },
    }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const connection = new ObservedConnection(socket, { address: '127.0.0.1', port: socket.remotePort ?? 0, localAddress: '127.0.0.1', localPort: this.port, tls: null, told: null }, options)
      connection.observe(notify)
      this.connections.push(connection)
      notify()
    })
  }
  static async start(native: boolean, script: Script = {}, limits: Partial<ServerLimits> = {}): Promise<ServerUnderTest> {
    const server = new ServerUnderTest(native, script, { ...LIMITS, ...limits })
    server.port = await listen(server.#server)
    return server
  }
  /** The n-th connection, once it was accepted. */
  async connection(index = 0): Promise<ObservedConnection> {
    await this.when(() => this.connections.length > index)
    const connection = this.connections[index]
    if (connection === undefined) throw new Error(`connection ${index} did not come`)
    return connection
  }
  close() {
    this.#server.close()
    for (const connection of this.connections) connection.destroy()
  }
}
