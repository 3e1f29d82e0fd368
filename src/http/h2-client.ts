// One HTTP/2 connection to an upstream, for many requests at a time. Its streams are Connections: the proxy uses one as it uses an
// HTTP/1 connection. Knows no routes and no pools: its owner is told when it is gone.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ClientOptions, Target } from './client.ts'
import type { Expiring } from './clock.ts'
import { H2Connection } from './h2/connection.ts'
import type { OutputBuffers } from './h2/output.ts'
import { type H2ClientHost, H2ClientStream } from './h2-client-stream.ts'
import type { ClientTimeouts } from './message.ts'
import { Wire } from './wire.ts'

export type H2ClientOwner = { gone(connection: H2ClientConnection): void }

/** Until a request says otherwise. */
const SEND_MS = 60_000
const TICK_MS = 1_000

export class H2ClientConnection extends Wire implements H2ClientHost {
  readonly codec: H2Connection<H2ClientStream>
  readonly scheme: 'http' | 'https'
  protected override sendMs = SEND_MS
  readonly #owner: H2ClientOwner
  readonly #idleMs: () => number
  readonly #ticker = { dueTick: 0, slotTick: 0, expired: () => this.#tick() }
  #standing = false
  #late = false
  #flushing = false
  #uses = 0

  constructor(target: Target, owner: H2ClientOwner, options: ClientOptions & { readonly buffers: OutputBuffers; readonly idleMs: () => number }) {
    super(options)
    this.#owner = owner
    this.#idleMs = options.idleMs
    this.scheme = target.tls === null ? 'http' : 'https'
    this.codec = new H2Connection<H2ClientStream>('client', {
      head: (stream, section, end) => stream.owner?.head(section, end),
      data: (stream, span) => stream.owner?.data(span),
      trailers: (stream, section) => stream.owner?.trailers(section),
      reset: (stream, reset) => stream.owner?.failed(reset),
      drained: (stream) => stream.owner?.drained(),
      refused: () => { /* servers open no streams */ },
      goaway: () => { if (this.codec.active === 0) this.#leave() },
      idle: () => this.#rest(),
      pong: () => { /* never asked */ },
      wake: () => this.#wake(),
      failed: () => this.#leave(),
    }, { buffers: options.buffers })
    this.codec.start()
    this.clock.arm(this.#ticker, TICK_MS)
    this.attach(this.#dial(target))
  }

  #dial(target: Target): Socket {
    const { address: host, port } = target
    const standing = () => this.#connected()
    if (target.tls === null) return connectTcp({ host, port, noDelay: true }, standing)
    return connectTls({ host, port, servername: target.tls.serverName, rejectUnauthorized: false, ALPNProtocols: ['h2'] }, standing)
  }
  #connected() {
    if (this.closed) return
    this.#standing = true
    this.connected()
    this.clock.disarm(this)
    this.#flush()
  }

  /** It has carried a request before. */
  get reused() { return this.#uses > 0 }
  get standing() { return this.#standing }
  /** It did not come to stand in time. */
  get late() { return this.#late }
  /** Requests that it can take now. */
  get capacity() { return this.closed ? 0 : this.codec.capacity }

  /** A stream for one request. */
  stream(): H2ClientStream { return new H2ClientStream(this) }

  /** A stream begins its request. */
  used({ connectMs, sendMs }: ClientTimeouts) {
    this.#uses++
    this.sendMs = sendMs
    if (!this.#standing) this.clock.arm(this, connectMs)
    else if (!this.blocked) this.clock.disarm(this)
  }
  arm(entry: Expiring, ms: number) { this.clock.arm(entry, ms) }
  disarm(entry: Expiring) { this.clock.disarm(entry) }

  /** No new streams; closes when those that are open have ended. */
  retire() {
    this.codec.leave()
    if (this.codec.active === 0) this.#leave()
  }

  protected override received(bytes: Buffer) {
    this.codec.receive(bytes)
    this.#flush()
  }
  protected override drained() {
    this.codec.sent(true)
    this.#flush()
  }
  protected override ended() {
    this.destroy()
    this.codec.lost()
  }
  protected override lost() { this.codec.lost() }
  protected override shut() {
    this.clock.forget(this.#ticker)
    this.#owner.gone(this)
  }
  /** Not connected, not written, or idle for too long. */
  expired() {
    this.#late = !this.#standing
    this.destroy()
    this.codec.lost()
  }

  #rest() { if (this.#standing && !this.blocked) this.clock.arm(this, this.#idleMs()) }
  #leave() {
    this.#flush()
    this.destroy()
  }
  #tick() {
    this.codec.tick()
    this.clock.arm(this.#ticker, TICK_MS)
  }

  #wake() {
    if (this.#flushing) return
    this.#flushing = true
    setImmediate(() => { if (this.#flushing) this.#flush() })
  }
  /** One write for all that the streams had to say in this turn. */
  #flush() {
    this.#flushing = false
    while (this.#standing && !this.closed && !this.blocked) {
      const bytes = this.codec.take()
      if (bytes === null) return
      this.codec.sent(this.send(bytes, 0, bytes.length))
    }
  }
}
