// One HTTP/2 connection from a client: joins the codec to the socket, one write for all streams of a turn. Knows no routes.
import type { Socket } from 'node:net'
import type { Expiring } from './clock.ts'
import { H2Exchange, type H2Host } from './h2-exchange.ts'
import { H2Connection } from './h2/connection.ts'
import type { ConnectionFault } from './h2/fault.ts'
import { OUTPUT_BYTES } from './h2/limits.ts'
import type { OutputBuffers } from './h2/output.ts'
import type { FieldSection } from './h2/field-section.ts'
import type { H2Events } from './h2/session.ts'
import type { H2Stream } from './h2/stream.ts'
import { type Peer, ProxyError } from './message.ts'
import { LINGER_BYTES, LINGER_MS } from './h1/limits.ts'
import { DRAIN_IDLE_MS } from './server.ts'
import type { ServerOptions } from './server-options.ts'
import { H2Wire, TICK_MS } from './h2-wire.ts'

/** Octets to send beside a full socket beyond which a client that asks on and does not read is not read either: twice what there may be of DATA. */
const UNSENT_BYTES = 2 * OUTPUT_BYTES

export class H2ServerConnection extends H2Wire<H2Exchange> implements H2Host {
  readonly client: Peer
  readonly codec: H2Connection<H2Exchange>
  protected override readonly stands = true
  readonly #options: ServerOptions
  readonly #free: H2Exchange[] = []
  #draining = false
  #closing = false
  #served = 0
  readonly #bornMs: number
  #isCut = false
  #lingered = 0

  constructor(socket: Socket, client: Peer, options: ServerOptions & { readonly buffers: OutputBuffers }) {
    super(options)
    this.client = client
    this.#options = options
    this.#bornMs = options.clock.nowMs
    const { headMs, sendMs, heads, streamsPerConnection } = options.limits()
    const ticks = { headTicks: Math.ceil(headMs / TICK_MS), sendTicks: Math.ceil(sendMs / TICK_MS) }
    this.codec = new H2Connection('server', this.#events(), { buffers: options.buffers, streams: streamsPerConnection, heads, ...ticks })
    this.attach(socket)
    this.connected()
    this.codec.start()
    this.clock.arm(this, headMs)
  }

  protected override get sendMs() { return this.#options.limits().sendMs }

  protected override rested() {
    this.#forgetFree()
    this.codec.rest()
  }
  /** A burst of 128 would make an idle connection hold 200 KB; the clock would keep one that had a body for the body timeout: 15,000 requests a second were 200 MB a second. */
  #forgetFree() {
    for (const exchange of this.#free) this.clock.forget(exchange)
    this.#free.length = 0
  }

  drain() {
    this.#draining = true
    this.codec.drain()
    this.flush()
    if (this.codec.active === 0) this.clock.arm(this, Math.min(DRAIN_IDLE_MS, this.#options.limits().keepAliveMs))
  }

  get idleSinceMs() {
    const idle = this.codec.active === 0 && !this.codec.begun && !this.blocked && !this.#closing
    return idle ? this.clock.armedAtMs(this, this.#options.limits().keepAliveMs) : Infinity
  }
  /** A request that crosses GOAWAY is known not to be taken (RFC 9113 §6.8). */
  dismiss() {
    this.codec.leave()
    this.flush()
    this.destroy()
    this.codec.lost()
  }

  cut() {
    this.#isCut = true
    this.reset()
    this.codec.lost()
  }

  // ---- the socket

  /** Octets that were read before it was known that this is HTTP/2. */
  start(bytes: Buffer) { this.received(bytes) }

  protected override received(bytes: Buffer) {
    if (this.#closing) return this.#linger(bytes.length)
    super.received(bytes)
    if (this.blocked && this.codec.unsent > UNSENT_BYTES) this.pause()
  }
  /** Not read beyond a bound: a flood that goes on would be decrypted to be thrown away. */
  #linger(octets: number) {
    this.#lingered += octets
    if (this.#lingered > LINGER_BYTES) this.pause()
  }
  protected override drained() {
    super.drained()
    if (this.#closing) return this.clock.arm(this, LINGER_MS)
    this.resume()
    if (this.codec.active === 0) this.#armIdle()
  }
  protected override shut() {
    super.shut()
    this.#forgetFree()
    this.#options.closed(this)
  }
  expired() {
    if (this.blocked || this.#closing) {
      this.destroy()
      return this.codec.lost(this.blocked)
    }
    if (this.codec.begun) return this.#armIdle() // not idle: the codec counts how long that may take
    this.codec.leave()
    this.#leave()
  }
  #armIdle() { this.clock.arm(this, this.#draining ? DRAIN_IDLE_MS : this.#options.limits().keepAliveMs) }

  /** GOAWAY has been said: what is written still goes out. */
  #leave() {
    this.#closing = true
    this.flush()
    this.finish()
    if (!this.closed && !this.blocked) this.clock.arm(this, LINGER_MS)
  }

  // ---- what the codec says

  #events(): H2Events<H2Exchange> {
    return {
      ...ofAnyConnection,
      head: (stream, section, end) => this.#head(stream, section, end),
      refused: (_, message) => this.#exchange().refused(new ProxyError('downstream', 'bad_request', { status: 400, message })),
      idle: () => this.#idle(),
      wake: () => this.wake(),
      failed: (fault) => this.#failed(fault),
    }
  }

  #head(stream: H2Stream<H2Exchange>, section: FieldSection, end: boolean) {
    if (!this.blocked) this.clock.disarm(this)
    this.#count()
    this.#exchange().begin(stream, section, end)
  }
  /** After so many requests, or so long a time, it drains. Those on their way are still taken: of a client that never hears of it no more than it may have at once. */
  #count() {
    const { requestsPerConnection, connectionMs, streamsPerConnection } = this.#options.limits()
    const over = ++this.#served - requestsPerConnection
    if (over < 0 && this.clock.nowMs - this.#bornMs < connectionMs) return
    if (!this.#draining) this.codec.drain()
    this.#draining = true
    if (over >= streamsPerConnection) this.codec.leave()
  }
  #idle() {
    if (!this.blocked) this.#armIdle()
  }
  #exchange(): H2Exchange { return this.#free.pop() ?? new H2Exchange(this, this.#options.responder) }

  #failed(fault: ConnectionFault) {
    const status = fault.reason === 'timeout_header' || fault.reason === 'settings_timeout' ? 408 : 400
    this.#exchange().refused(new ProxyError('downstream', fault.reason, { status, message: fault.message }))
    this.#leave()
  }

  // ---- what exchanges need

  get isCut() { return this.#isCut }
  get tunnels() { return this.#options.tunnels }
  names() { return this.#options.names() }
  date() { return this.#options.date() }
  bodyMs() { return this.#options.limits().bodyMs }
  arm(entry: Expiring, ms: number) { this.clock.arm(entry, ms) }
  /** For good when the connection is gone: the clock would keep the exchange, and with it the connection, for the body timeout. */
  disarm(entry: Expiring) { this.closed ? this.clock.forget(entry) : this.clock.disarm(entry) }
  free(exchange: H2Exchange) { this.#free.push(exchange) }
}

/** The same for all: each connection would have its own functions. */
const ofAnyConnection = {
  data: (stream, span) => stream.owner?.data(span),
  trailers: (stream, section) => stream.owner?.trailers(section),
  reset: (stream, reset) => stream.owner?.lost(reset),
  drained: (stream) => stream.owner?.drained(),
  goaway: () => { /* the client opens no more streams; those that are open go on */ },
  pong: () => { /* the codec waits for its drain ping by itself */ },
} satisfies Partial<H2Events<H2Exchange>>
