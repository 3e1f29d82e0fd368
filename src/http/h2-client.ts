// One HTTP/2 connection to an upstream, for many requests at a time. Its streams are Connections: the proxy uses one as it uses an
// HTTP/1 connection. Knows no routes and no pools: its owner is told when it is gone.
import type { ClientOptions } from './client.ts'
import type { Expiring } from './clock.ts'
import { dial, type Target } from './dial.ts'
import { H2Connection } from './h2/connection.ts'
import type { OutputBuffers } from './h2/output.ts'
import { type H2ClientHost, H2ClientStream } from './h2-client-stream.ts'
import type { ClientTimeouts } from './message.ts'
import { H2Wire } from './h2-wire.ts'
import { isUntrusted } from './tls/endpoint-terms.ts'

/** Told once when the connection stands, each time its last stream has ended (`rest` or `retire` it), when it is used after that, and once when it is gone. */
export type H2ClientOwner = { stood(): void; idle(connection: H2ClientConnection): void; woke(): void; gone(connection: H2ClientConnection): void }

/** Until a request says otherwise. */
const SEND_MS = 60_000

export class H2ClientConnection extends H2Wire<H2ClientStream> implements H2ClientHost {
  readonly codec: H2Connection<H2ClientStream>
  readonly scheme: 'http' | 'https'
  protected override sendMs = SEND_MS
  /** By the clock. */
  readonly bornMs: number
  /** Its own number from 0 to 1, that spreads what would fall due at once. */
  readonly lot = Math.random()
  /** No request is on its way, one may come. */
  resting = false
  /** Requests it has carried. */
  uses = 0
  readonly #owner: H2ClientOwner
  protected override stands = false
  /** Their requests go out when the connection stands. */
  readonly #waiting: H2ClientStream[] = []
  #late = false
  #untrusted = false

  constructor(target: Target, owner: H2ClientOwner, options: ClientOptions & { readonly buffers: OutputBuffers }) {
    super(options)
    this.#owner = owner
    this.bornMs = options.clock.nowMs
    this.scheme = target.tls === null ? 'http' : 'https'
    this.codec = new H2Connection<H2ClientStream>('client', {
      head: (stream, section, end) => stream.owner?.head(section, end),
      data: (stream, span) => stream.owner?.data(span),
      trailers: (stream, section) => stream.owner?.trailers(section),
      reset: (stream, reset) => stream.owner?.failed(reset),
      drained: (stream) => stream.owner?.drained(),
      refused: () => { /* servers open no streams */ },
      goaway: () => { if (this.codec.active === 0) this.#leave() },
      idle: () => this.#idle(),
      pong: () => { /* never asked */ },
      wake: () => this.wake(),
      failed: () => this.#leave(),
    }, { buffers: options.buffers })
    this.codec.start()
    const { tls, preamble } = target
    this.attach(dial(target, () => this.#connected(tls === null ? preamble : undefined)))
  }

  #connected(preamble: Buffer | undefined) {
    if (this.closed) return
    this.stands = true
    this.#owner.stood()
    this.connected()
    if (preamble !== undefined) this.send(preamble, 0, preamble.length)
    this.clock.disarm(this)
    this.flush()
    for (const stream of this.#waiting.splice(0)) stream.stood()
    if (this.codec.active === 0) this.#idle() // nobody waits for it any more
  }

  /** It has carried a request before. */
  get reused() { return this.uses > 0 }
  get standing() { return this.stands }
  get late() { return this.#late }
  get untrusted() { return this.#untrusted }
  /** Requests that it can take now. */
  get capacity() { return this.closed ? 0 : this.codec.capacity }

  /** A stream for one request. */
  stream(): H2ClientStream { return new H2ClientStream(this) }

  used(stream: H2ClientStream, { connectMs, sendMs }: ClientTimeouts) {
    this.uses++
    this.#wake()
    this.sendMs = sendMs
    if (!this.stands) {
      if (this.#waiting.length === 0) this.clock.arm(this, connectMs) // from the dial on, whoever joins later
      this.#waiting.push(stream)
    } else if (!this.blocked) this.clock.disarm(this)
  }
  arm(entry: Expiring, ms: number) { this.clock.arm(entry, ms) }
  disarm(entry: Expiring) { this.clock.disarm(entry) }
  forget(entry: Expiring) { this.clock.forget(entry) }

  /** No new streams; closes when those that are open have ended. */
  retire() {
    this.codec.leave()
    if (this.codec.active === 0) this.#leave()
  }

  /** Before it stands, its error comes next and says why (bun.md §2.6). */
  protected override ended() { if (this.stands) super.ended() }
  protected override lost(error: Error | null) {
    this.#untrusted = isUntrusted(error)
    super.lost(error)
  }
  protected override shut() {
    super.shut()
    this.#owner.gone(this)
  }
  /** Not connected, not written, or idle for too long. */
  expired() {
    this.#late = true
    this.destroy()
    this.codec.lost()
  }

  /** Idle for at most so long. */
  rest(idleMs: number) {
    this.resting = true
    this.clock.arm(this, idleMs)
  }
  #wake() {
    if (!this.resting) return
    this.resting = false
    this.#owner.woke()
  }

  /** Of no more use where it takes no requests, by GOAWAY or by its SETTINGS, or does not read what was sent. */
  #idle() {
    if (!this.stands || this.closed) return
    if (this.capacity === 0 || this.blocked) this.#leave()
    else this.#owner.idle(this)
  }
  #leave() {
    this.flush()
    this.destroy()
  }
}
