// The copy of one request for its mirror: gathers the body as it passes by, goes out when that is whole, and throws the answer away.
// The request never hears of it. Knows no endpoints and no routes.
import { answerNames, type FieldBlock, fieldBlock } from '../http/fields.ts'
import { type AnswerSink, type ClientTimeouts, type Connection, type Exchange, type ProxyError, type ReceivedAnswer, Span } from '../http/message.ts'
import type { Mirror } from '../model.ts'
import type { DropReason, Mirrors } from './mirrors.ts'

/** A larger body is not copied: what proxy-body-size lets through by default. */
const BODY_BYTES = 1 << 20
/** So much of an answer is read for the sake of the connection's next use. */
const ANSWER_BYTES = 1 << 20
/** On each copy: a target that leads back here must not have it copied again and again. */
export const MIRROR_FIELD = 'X-Lintel-Mirror'
/** What goes into a request line; variables may hold anything. */
const TARGET = /^\/[!-~]*$/
const NAMES = answerNames()

/** The request as it stands while its copy is made. */
export interface Mirrored {
  readonly exchange: Pick<Exchange, 'request' | 'first'>
  /** Text with variables. */
  text(template: string): string
  /** Field lines for the upstream, Host first unless `upstreamFields` has one. */
  upstreamLines(): Buffer
  readonly upstreamFields: FieldBlock
}
export type CopyOptions = { readonly mirror: Mirror; readonly timeouts: ClientTimeouts; readonly mirrors: Mirrors }

export class MirrorCopy implements AnswerSink {
  readonly #request: Mirrored
  readonly #options: CopyOptions
  #parts: Buffer[] = []
  #octets = 0
  #answerOctets = 0
  #connection: Connection | null = null
  /** begun: the body is being gathered. sent: its answer is awaited. */
  #state: 'begun' | 'sent' | 'over' = 'begun'

  /** Takes a place of Mirrors.enter. */
  constructor(request: Mirrored, options: CopyOptions) {
    this.#request = request
    this.#options = options
  }

  /** What there is with the head. False: nothing more is to be told. */
  begin(): boolean {
    const { request, first } = this.#request.exchange
    if (!this.#options.mirror.body) this.#send(new Span())
    else if (first.last && first.size <= BODY_BYTES) this.#send(first)
    else if (request.length > BODY_BYTES) this.#drop('body')
    else this.add(first)
    return this.#state === 'begun'
  }

  /** A part of the body passes by. */
  add(span: Span) {
    if (this.#state !== 'begun') return
    this.#octets += span.size
    if (!this.#options.mirrors.hold(span.size)) return this.#drop('held')
    if (this.#octets > BODY_BYTES) return this.#drop('body')
    if (span.size > 0) this.#parts.push(Buffer.from(span.bytes.subarray(span.from, span.to)))
    if (!span.last) return
    const bytes = Buffer.concat(this.#parts)
    this.#send(new Span().set(bytes, 0, bytes.length))
  }

  /** The request is over: what has not been gathered never will be. */
  leave() { if (this.#state === 'begun') this.#drop('cut') }

  #send(body: Span) {
    const { mirror, mirrors, timeouts } = this.#options
    const { exchange: { request } } = this.#request
    const target = mirror.target === '' ? request.cleanTarget : this.#request.text(mirror.target)
    if (!TARGET.test(target)) return this.#drop('target')
    this.#parts = []
    this.#state = 'sent'
    const connection = this.#connection = mirrors.connectionTo(mirror)
    const framing = { length: body.size, sized: body.size > 0 || (mirror.body && request.sized), first: body }
    connection.exchange({ head: request, target, lines: this.#lines(), extra: this.#extra(), ...framing, answerNames: NAMES }, this, timeouts)
  }

  #lines(): Buffer {
    const lines = this.#request.upstreamLines().toString('latin1').replace(/^Host: .*\r\n/, '')
    return Buffer.from(`Host: ${this.#options.mirror.host}\r\n${lines}${MIRROR_FIELD}: 1\r\n`, 'latin1')
  }
  #extra(): FieldBlock {
    const { upstreamFields } = this.#request
    return upstreamFields.pairs.some(isHost) ? fieldBlock(upstreamFields.pairs.filter((pair) => !isHost(pair))) : upstreamFields
  }

  #drop(reason: DropReason) {
    this.#options.mirrors.dropped(reason)
    this.#end()
  }
  #end() {
    this.#state = 'over'
    this.#parts = []
    this.#connection = null
    this.#options.mirrors.leave(this.#octets)
  }

  // ---- AnswerSink

  informed() { /* nobody wants to know */ }
  answered(_: ReceivedAnswer, span: Span): boolean { return this.body(span) }
  tunnelled(): boolean {
    this.#connection?.cancel()
    this.#end()
    return true
  }
  body(span: Span): boolean {
    this.#answerOctets += span.size
    if (!span.last && this.#answerOctets > ANSWER_BYTES) this.#connection?.cancel()
    else if (!span.last) return true
    this.#end()
    return true
  }
  drained() { /* all of it was handed over at once */ }
  failed({ code }: ProxyError) { this.#drop(code) }
}

const isHost = ([name]: readonly [string, string]) => name.toLowerCase() === 'host'
