// The access log's way out: lines → batches in a worker, batches → standard output in main. Never waits for the reader.
import type { Writable } from 'node:stream'

/** A batch goes when it is this large, or this old. */
const BATCH_BYTES = 64 * 1024
const BATCH_MS = 200
/** Held for a slow reader, about a second of 30,000 lines; then whole batches are dropped and counted. */
const BUFFER_BYTES = 8 * 1024 * 1024
/** At exit, a reader that takes nothing for so long gets no more. */
const END_MS = 1000

export type LogBatcher = { line(text: string): void; flush(): void }

/** Worker side. Call `flush` before the worker ends. */
export function logBatcher(post: (lines: string) => void): LogBatcher {
  let batch = ''
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (batch !== '') post(batch)
    batch = ''
  }
  return {
    line(text) {
      batch += `${text}\n`
      if (batch.length >= BATCH_BYTES) return flush()
      timer ??= setTimeout(flush, BATCH_MS)
    },
    flush,
  }
}

/**
 * Main side. Bun's stdout never blocks but holds what it is given without limit (bun.md §8): it gets the next batches when it has
 * written the former ones, and what waits here is bounded.
 */
export class LogOutput {
  readonly #stream: Writable
  readonly #bufferBytes: number
  #waiting: string[] = []
  #heldBytes = 0
  #writing = false
  #closed = false
  #dropped = 0
  #idle = Promise.withResolvers<void>()

  constructor(stream: Writable, bufferBytes = BUFFER_BYTES) {
    this.#stream = stream
    this.#bufferBytes = bufferBytes
    // A reader that went away (EPIPE) ends the log, not the program.
    stream.on('error', () => this.#close())
  }

  /** Lines that no reader will see. */
  get dropped(): number {
    return this.#dropped
  }

  write(lines: string): void {
    const bytes = Buffer.byteLength(lines)
    if (this.#closed || this.#heldBytes + bytes > this.#bufferBytes) {
      this.#dropped += countLines(lines)
      return
    }
    this.#waiting.push(lines)
    this.#heldBytes += bytes
    if (!this.#writing) this.#writeWaiting()
  }

  /** Resolves when all is written, or when the reader is gone or stuck. */
  async end(): Promise<void> {
    if (!this.#writing) return
    const timer = setTimeout(this.#idle.resolve, END_MS)
    await this.#idle.promise
    clearTimeout(timer)
  }

  #writeWaiting(): void {
    const lines = this.#waiting.join('')
    const bytes = this.#heldBytes
    this.#waiting = []
    this.#writing = true
    this.#stream.write(lines, () => this.#written(bytes))
  }

  #written(bytes: number): void {
    this.#heldBytes -= bytes
    this.#writing = false
    if (this.#closed) return
    if (this.#waiting.length > 0) return this.#writeWaiting()
    this.#idle.resolve()
    this.#idle = Promise.withResolvers()
  }

  #close(): void {
    this.#closed = true
    this.#dropped += this.#waiting.reduce((sum, lines) => sum + countLines(lines), 0)
    this.#waiting = []
    this.#idle.resolve()
  }
}

function countLines(lines: string): number {
  return lines.split('\n').length - 1
}
