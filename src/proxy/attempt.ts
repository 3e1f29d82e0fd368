// One try at one endpoint: its row in the record, and what its endpoint hears of it. Reused for one try after another.
// Knows no connection and no retry rules.
import type { Attempt } from '../telemetry/record.ts'
import { type LiveEndpoint, STALE } from '../upstream/endpoint.ts'

export class CurrentAttempt {
  #endpoint: LiveEndpoint | null = null
  #row: Attempt | null = null
  #startMs = 0
  #headMs = 0
  /** performance.now() of the head of its answer. The clock is a call out of JavaScript: an answer in one piece ends then, too. */
  answeredMs = 0

  begin(endpoint: LiveEndpoint, rows: Attempt[]) {
    this.#endpoint = endpoint
    this.#startMs = performance.now()
    this.#headMs = 0
    this.#row = { endpoint: endpoint.name, status: 0, ms: 0, bytes: 0, error: '' }
    rows.push(this.#row)
    endpoint.began(this.#startMs)
  }

  /** The head of an answer, with so many octets of its body. */
  answered(status: number, octets: number) {
    const nowMs = this.answeredMs = performance.now()
    this.#headMs = nowMs - this.#startMs
    if (this.#row === null) return
    this.#endpoint?.answered(status, this.#startMs, nowMs)
    this.#row.status = status
    this.#row.bytes = octets
  }
  received(octets: number) { if (this.#row !== null) this.#row.bytes += octets }

  /** error: ProxyError.code, `` for none. stale: by a connection that the upstream had closed. */
  end(error: string, nowMs: number, stale = false) {
    const row = this.#row
    if (row === null) return
    this.#row = null
    row.ms = nowMs - this.#startMs
    row.error = error
    this.#endpoint?.ended({ status: row.status, headMs: this.#headMs, error: stale ? STALE : error }, this.#startMs, nowMs)
  }

  /** The last one it went to. */
  get endpoint(): LiveEndpoint {
    if (this.#endpoint === null) throw new TypeError('no attempt has begun')
    return this.#endpoint
  }
}
