// One stream of an HTTP/2 connection as an Exchange. Serves one request after another: streams come and go, the object stays.
// Knows no socket and no routes.
import type { Expiring } from './clock.ts'
import { withoutBody } from './answer-writer.ts'
import { type FieldBlock, type NameTable, pairsOf, trailerNames } from './fields.ts'
import { grpcFields, isGrpc } from './grpc.ts'
import { H2Request, H2Trailers } from './h2-request.ts'
import { HeldBody } from './held-body.ts'
import type { FieldSection } from './h2/field-section.ts'
import { CODE } from './h2/fault.ts'
import type { H2Connection } from './h2/connection.ts'
import type { Reset } from './h2/session.ts'
import type { H2Stream } from './h2/stream.ts'
import { LINGER_BYTES, LINGER_MS } from './h1/limits.ts'
import { type Exchange, type OwnAnswer, type Peer, ProxyError, type ReceivedAnswer, type Responder, Span } from './message.ts'
import { codeOf, refusal } from './refusal.ts'
import { SHUTDOWN, type Tunnel, type Tunnels } from './tunnels.ts'

/** What an exchange needs of its connection. */
export interface H2Host {
  readonly codec: H2Connection<H2Exchange>
  readonly client: Peer
  readonly tunnels: Tunnels
  /** The connection is gone because our time is up. */
  readonly isCut: boolean
  names(): NameTable
  date(): string
  bodyMs(): number
  arm(entry: Expiring, ms: number): void
  disarm(entry: Expiring): void
  /** The exchange is free for another stream. */
  free(exchange: H2Exchange): void
}

export class H2Exchange implements Exchange, Expiring, Tunnel {
  dueTick = 0
  slotTick = 0
  readonly client: Peer
  readonly request = new H2Request()
  readonly first = new Span()
  bodyLimit = 0
  octetsIn = 0
  readonly #host: H2Host
  readonly #responder: Responder
  readonly #span = new Span()
  #stream: H2Stream<H2Exchange> | null = null
  readonly #held = new HeldBody()
  #receiving = false
  #paused = false
  #bodyOctets = 0
  #bodyDone = true
  #begun = false
  #answered = false
  #tunnelled = false
  /** The answer has gone, the request has not all come. */
  #lingering = false

  constructor(host: H2Host, responder: (exchange: Exchange) => Responder) {
    this.#host = host
    this.client = host.client
    this.#responder = responder(this)
  }

  // ---- what the stream brings

  begin(stream: H2Stream<H2Exchange>, section: FieldSection, end: boolean) {
    this.#stream = stream
    stream.owner = this
    this.#held.clear()
    this.#receiving = this.#paused = this.#begun = this.#answered = this.#tunnelled = this.#lingering = false
    this.#bodyDone = end
    this.#bodyOctets = this.bodyLimit = 0
    this.first.set(NONE, 0, 0).last = end
    this.request.read(section, end, this.#host.names())
    this.octetsIn = this.request.octets
    if (section.tooLarge) return this.#refuse(new ProxyError('downstream', 'limit_header', { status: 431, message: 'the fields are too large' }))
    const { fault, faultStatus } = this.request
    if (fault !== '') return this.#refuse(new ProxyError('downstream', codeOf(faultStatus), { status: faultStatus, message: fault }))
    this.#responder.begin()
  }

  /** A request that nobody was told of was refused, or the connection failed: for log and metrics. */
  refused(error: ProxyError) {
    this.octetsIn = 0
    this.#responder.refused(error)
    this.#host.free(this)
  }
  #refuse(error: ProxyError) {
    this.#responder.refused(error)
    this.#own(refusal(error))
  }

  data(span: Span) {
    if (this.#lingering) return this.#drop(span)
    this.octetsIn += span.size
    this.#bodyOctets += span.size
    if (span.last) this.#bodyDone = true
    if (!this.#upgrades && this.bodyLimit > 0 && this.#bodyOctets > this.bodyLimit) return this.#broken(new ProxyError('downstream', 'limit_body', { status: 413, message: `the body exceeds ${this.bodyLimit} octets` }))
    if (!this.#receiving || this.#paused) this.#held.push(span)
    else this.#deliver(span)
  }
  trailers(section: FieldSection) {
    this.#span.set(NONE, 0, 0)
    this.#span.last = true
    this.#span.trailers = new H2Trailers(section, trailerNames)
    this.data(this.#span)
  }

  #deliver(span: Span) {
    const { size, last } = span
    const wants = this.#responder.body(span)
    if (this.#stream === null) return
    this.#host.codec.consume(this.#stream, size)
    if (last) return this.#answered ? this.#letGo() : this.#host.disarm(this)
    this.#armBody()
    if (!wants) this.pause()
  }

  /** The client reset the stream, broke its rules, left, or took nothing for too long. */
  lost({ stalled = false, message }: Reset) {
    this.#release()
    if (this.#lingering) return
    if (this.#host.isCut) return this.#responder.abandoned(SHUTDOWN)
    this.#responder.abandoned(stalled ? new ProxyError('downstream', 'timeout_send', { status: 408, message }) : new ProxyError('downstream', 'client_gone', { status: 499 }))
  }
  drained() { this.#responder.drained() }

  expired() {
    if (this.#lingering) return this.#letGo()
    this.#broken(new ProxyError('downstream', 'timeout_body', { status: 408, message: 'the request body stalled' }))
  }

  #broken(error: ProxyError) {
    if (this.#stream === null) return
    this.#responder.abandoned(error)
    if (this.#begun) this.abort()
    else this.#own(refusal(error))
  }

  // ---- Exchange

  receive() {
    // What follows a handshake is for whom the upstream switches to; one that does not would read it as requests of its own (RFC 9110 §7.8).
    if (this.#receiving || this.first.last || this.#upgrades) return
    this.#receiving = true
    if (this.request.expectsContinue && this.#bodyOctets === 0 && this.#stream !== null) this.#host.codec.inform(this.#stream, { status: 100, fields: [] })
    this.#armBody()
    this.#deliverHeld()
  }
  pause() {
    this.#paused = true
    this.#host.disarm(this)
  }
  resume() {
    if (!this.#paused) return
    this.#paused = false
    this.#armBody()
    this.#deliverHeld()
  }
  /** A tunnel is timed at the upstream's side, where silence in both directions counts. */
  #armBody() { if (!this.#bodyDone && !this.#upgrades) this.#host.arm(this, this.#host.bodyMs()) }
  get #upgrades() { return this.request.upgrade !== '' }
  #deliverHeld() {
    while (this.#receiving && !this.#paused && this.#stream !== null && this.#held.shift(this.#span)) this.#deliver(this.#span)
  }

  inform(head: ReceivedAnswer) {
    if (this.#stream !== null && !this.#begun) this.#host.codec.inform(this.#stream, { status: head.status, fields: pairsOf(head) })
  }

  respond(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean {
    const stream = this.#stream
    if (stream === null) return true
    this.#begun = true
    const fields = pairsOf(head)
    for (const pair of added.pairs) fields.push(pair)
    if (!head.dated) fields.push(['date', this.#host.date()])
    const end = withoutBody(head.status, this.request.method === 'HEAD') || (span.last && span.size === 0 && span.trailers === null)
    this.#host.codec.respond(stream, { status: head.status, fields }, end)
    if (!end) return this.write(span)
    if (span.last) this.#ended()
    return true
  }

  write(span: Span): boolean {
    const stream = this.#stream
    if (stream === null) return true
    const { last, trailers } = span
    const wants = this.#host.codec.data(stream, span)
    if (trailers !== null && last) this.#host.codec.trailers(stream, pairsOf(trailers))
    if (last) this.#ended()
    return wants
  }

  /** The upstream's 101 is 200 here; its handshake fields stay between us and it (RFC 8441 §5). */
  tunnel(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean {
    const stream = this.#stream
    if (stream === null) return true
    this.#begun = this.#tunnelled = true
    this.#host.tunnels.add(this)
    const fields = pairsOf(head).filter(([name]) => !HANDSHAKE.has(name.toLowerCase()))
    this.#host.codec.respond(stream, { status: 200, fields: [...fields, ...added.pairs] }, false)
    const wants = span.size === 0 && !span.last ? true : this.write(span)
    this.#receiving = true
    this.#paused = false // it may be since the handshake was sent
    this.#deliverHeld()
    return wants
  }

  leave() {
    const stream = this.#stream
    if (stream === null) return
    this.#responder.abandoned(SHUTDOWN)
    this.#tunnelled = false
    const end = this.#span.set(NONE, 0, 0)
    end.last = true
    if (!this.#answered) this.#host.codec.data(stream, end)
    this.#ended()
  }

  answer(own: OwnAnswer) { this.#own(own) }
  #own(own: OwnAnswer) {
    const stream = this.#stream
    if (stream === null) return
    this.#begun = true
    if (isGrpc(this.request.field('content-type'))) {
      this.#host.codec.respond(stream, { status: 200, fields: [['date', this.#host.date()], ...grpcFields(own), ...own.fields] }, true)
      return this.#ended()
    }
    const body = Buffer.from(own.body, 'utf8')
    const type: [string, string][] = own.body === '' ? [] : [['content-type', own.contentType]]
    const length: [string, string][] = own.status === 204 ? [] : [['content-length', String(body.length)]]
    const end = body.length === 0 || withoutBody(own.status, this.request.method === 'HEAD')
    this.#host.codec.respond(stream, { status: own.status, fields: [['date', this.#host.date()], ...type, ...length, ...own.fields] }, end)
    if (!end) {
      const span = this.#span.set(body, 0, body.length)
      span.last = true
      this.#host.codec.data(stream, span)
    }
    this.#ended()
  }

  /** The client must see that the answer is not whole (RFC 9113 §8.1). */
  abort() {
    const stream = this.#stream
    this.#release()
    if (stream !== null) this.#host.codec.reset(stream, CODE.INTERNAL_ERROR)
  }

  /**
   * The answer is complete. In a tunnel the client may still speak; else what it sends has no reader, and is thrown away for a while:
   * curl and others take a RST_STREAM, NO_ERROR or not, for a failure when it comes while they still send.
   */
  #ended() {
    if (this.#stream === null) return
    this.#answered = true
    if (this.#bodyDone) return this.#letGo()
    if (this.#tunnelled) return
    this.#lingering = true
    this.#bodyOctets = 0
    this.#host.codec.consume(this.#stream, this.#held.clear())
    this.#host.arm(this, LINGER_MS)
  }
  #drop(span: Span) {
    this.#bodyOctets += span.size
    if (span.last) return this.#letGo()
    if (this.#bodyOctets <= LINGER_BYTES && this.#stream !== null) this.#host.codec.consume(this.#stream, span.size)
  }
  #letGo() {
    const stream = this.#stream
    this.#release()
    if (stream !== null) this.#host.codec.ignore(stream)
  }

  #release() {
    if (this.#stream === null) return
    this.#stream = null
    if (this.#tunnelled) this.#host.tunnels.remove(this)
    this.#held.clear()
    this.#host.disarm(this)
    this.#host.free(this)
  }
}

/** What the handshake of RFC 6455 says on HTTP/1.1 alone. */
const HANDSHAKE = new Set(['sec-websocket-accept', 'upgrade', 'connection'])
const NONE: Buffer = Buffer.alloc(0)
