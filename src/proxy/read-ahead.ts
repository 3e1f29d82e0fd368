// What was read of an answer while its client could not take it (proxy-buffering): the first of it in memory, the rest in a file, so that the
// upstream is soon free. What the client can take never comes here. Knows no connection.
import { isGrpc } from '../http/grpc.ts'
import { HeldFields } from '../http/held-fields.ts'
import { type ProxyError, type ReceivedFields, Span } from '../http/message.ts'
import { Spill, type SpillOwner } from './spill.ts'
import type { SpillSpace } from './spill-space.ts'

/** Octets that may be ahead of the client, in memory and then in a file; 0: no file. Passed by no more than one read of the upstream. */
export type AheadLimits = { readonly memoryBytes: number; readonly fileBytes: number }

export interface AheadReader {
  /** For the client. False: it takes no more for now. Nothing follows the last. */
  deliver(span: Span): boolean
  /** There is room again after `append` said no. */
  roomy(): void
  /** What is in the file is lost. */
  lost(error: ProxyError): void
}

export class ReadAhead implements SpillOwner {
  readonly #limits: AheadLimits
  readonly #space: SpillSpace
  readonly #reader: AheadReader
  readonly #span = new Span()
  #memory: Buffer[] = []
  #inMemory = 0
  #spill: Spill | null = null
  /** Where in the file the client is. */
  #at = 0
  /** The file lags behind. */
  #lags = false
  #clientWants = false
  #stopped = false
  #ended = false
  #trailers: ReceivedFields | null = null

  /** For a client that takes no more just now. */
  constructor(reader: AheadReader, { limits, space }: { readonly limits: AheadLimits; readonly space: SpillSpace }) {
    this.#reader = reader
    this.#limits = limits
    this.#space = space
  }

  /** The client has all there was, and wants more: what comes next is for it. */
  get idle() { return this.#clientWants && this.#memory.length === 0 && !this.#spills }
  get #spills() { return this.#spill !== null && this.#spill.size > 0 }

  /** The client took what passed, and no more. */
  block() { this.#clientWants = false }

  /** False: stop until `roomy`. */
  append(span: Span): boolean {
    this.#ended = span.last
    if (span.trailers !== null) this.#trailers = new HeldFields(span.trailers)
    if (span.size > 0) this.#keep(span)
    this.#stopped = !span.last && !this.#hasRoom
    return !this.#stopped
  }
  #keep({ bytes, from, to, size }: Span) {
    const { memoryBytes, fileBytes } = this.#limits
    if (this.#spills || (this.#inMemory + size > memoryBytes && fileBytes > 0 && !this.#space.full)) {
      this.#lags = !(this.#spill ??= new Spill(this.#space, this)).append(bytes, from, to)
      return
    }
    this.#memory.push(Buffer.from(bytes.subarray(from, to)))
    this.#inMemory += size
  }
  get #hasRoom() {
    // Without anything held there is room whatever the limits are: nobody else would make any.
    if (!this.#spills && (this.#inMemory === 0 || this.#inMemory < this.#limits.memoryBytes)) return true
    return !this.#lags && !this.#space.full && (this.#spill?.size ?? 0) < this.#limits.fileBytes
  }

  /** The client takes more. */
  resume() {
    this.#clientWants = true
    while (this.#clientWants && this.#memory.length > 0) {
      const bytes = this.#memory.shift()!
      this.#inMemory -= bytes.length
      if (this.#deliver(bytes, bytes.length)) return
    }
    if (this.#clientWants && this.#spills) this.#spill?.read(this.#at)
    else if (this.#clientWants && this.#ended) this.#deliver(NONE, 0)
    else this.#makeRoom()
  }

  /** True: that was all. */
  #deliver(bytes: Buffer, octets: number): boolean {
    const last = this.#ended && this.#memory.length === 0 && !this.#spills
    const span = this.#span.set(bytes, 0, octets)
    span.last = last
    if (last) span.trailers = this.#trailers
    this.#clientWants = this.#reader.deliver(span)
    return last
  }
  #makeRoom() {
    if (!this.#stopped || !this.#hasRoom) return
    this.#stopped = false
    this.#reader.roomy()
  }

  close() {
    this.#memory = []
    this.#spill?.close()
  }

  // ---- SpillOwner

  written() {
    this.#lags = false
    this.#makeRoom()
  }
  read(bytes: Buffer, octets: number) {
    this.#at += octets
    if (this.#at === this.#spill?.size) {
      this.#spill.restart()
      this.#at = 0
    }
    if (!this.#deliver(bytes, octets) && this.#clientWants) this.resume()
    else this.#makeRoom()
  }
  failed(error: ProxyError) { this.#reader.lost(error) }
}

/** Where the upstream says so itself, as in nginx, it may not; and a gRPC call lives by its flow control. */
export const mayRunAhead = (head: ReceivedFields): boolean => {
  let may = true
  head.each((name, value) => {
    const lower = name.toLowerCase()
    if ((lower === 'x-accel-buffering' && value.toLowerCase() === 'no') || (lower === 'content-type' && isGrpc(value))) may = false
  })
  return may
}

const NONE: Buffer = Buffer.alloc(0)
