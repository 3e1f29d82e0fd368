// Writes down what an upstream connection tells the one who waits for its answer.
import type { AnswerHead } from '../../src/http/h1/answer.ts'
import type { AnswerSink, ClientTimeouts, ProxyError, Span } from '../../src/http/message.ts'
import { changes } from '../support/until.ts'
import { fieldsOf } from './support.ts'

export const TIMEOUTS: ClientTimeouts = { connectMs: 5_000, sendMs: 60_000, readMs: 30_000 }

export class RecordingSink implements AnswerSink {
  /** Status of each 1xx. */
  readonly informs: number[] = []
  status = 0
  fields: [string, string][] = []
  trailers: [string, string][] = []
  tunnel = false
  ended = false
  error: ProxyError | null = null
  drains = 0
  /** Calls that came behind the end: there must be none. */
  late = 0
  /** What is said to `answered`, `tunnelled` and `body`. */
  wants = true
  onDrained: () => void = () => undefined
  size = 0
  readonly #chunks: Buffer[] = []
  readonly #changes = changes()
  readonly when = this.#changes.when

  get bytes(): Buffer { return Buffer.concat(this.#chunks) }
  get text(): string { return this.bytes.toString('latin1') }

  informed(head: AnswerHead) { this.#note(() => this.informs.push(head.status)) }
  answered(head: AnswerHead, span: Span): boolean {
    this.#note(() => {
      this.status = head.status
      this.fields = fieldsOf(head)
      this.#take(span)
    })
    return this.wants
  }
  tunnelled(head: AnswerHead, span: Span): boolean {
    this.tunnel = true
    return this.answered(head, span)
  }
  body(span: Span): boolean {
    this.#note(() => this.#take(span))
    return this.wants
  }
  drained() { this.#note(() => { this.drains++; this.onDrained() }) }
  failed(error: ProxyError) { this.#note(() => { this.error = error }) }

  #take(span: Span) {
    this.#chunks.push(Buffer.from(span.bytes.subarray(span.from, span.to)))
    this.size += span.size
    if (span.trailers !== null) this.trailers = fieldsOf(span.trailers)
    this.ended = span.last
  }
  #note(change: () => void) {
    if (this.ended || this.error !== null) this.late++
    change()
    this.#changes.notify()
  }
}
