// One worker thread that is always there: started again whenever it ends unasked. Knows neither messages nor what the thread does.
import { Worker } from 'node:worker_threads'
import { backoff } from './backoff.ts'

export type ThreadEvents<From> = {
  /** A fresh thread, which knows nothing yet. */
  started(): void
  message(message: From): void
  /** It ended unasked and will be started again after `waitMs`. */
  died(reason: string, waitMs: number): void
}

/** To: what it takes; From: what it says. */
export class Thread<To, From> {
  readonly #script: URL
  readonly #events: ThreadEvents<From>
  readonly #backoff = backoff()
  #worker: Worker | undefined
  #restart: NodeJS.Timeout | undefined
  #stopped = false

  constructor(script: URL, events: ThreadEvents<From>) {
    this.#script = script
    this.#events = events
  }

  get alive(): boolean {
    return this.#worker !== undefined
  }

  start(): void {
    const startedAt = performance.now()
    const worker = new Worker(this.#script)
    let reason = ''
    this.#worker = worker
    worker.on('message', (message: From) => this.#events.message(message))
    worker.on('error', (error) => (reason = String(error)))
    // An unhandled rejection ends a worker with code 0: the code says nothing (bun.md §5.2).
    worker.on('exit', (code) => this.#exited(reason === '' ? `exit code ${code}` : reason, performance.now() - startedAt))
    this.#events.started()
  }

  /** Dropped when the thread is dead: `started` is where a new one is told what it must know. */
  post(message: To, transfer: MessagePort[] = []): void {
    this.#worker?.postMessage(message, transfer)
  }

  /** Ends it as a fault would: it comes back. */
  kill(): void {
    void this.#worker?.terminate()
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#restart)
    await this.#worker?.terminate()
  }

  #exited(reason: string, livedMs: number): void {
    this.#worker = undefined
    if (this.#stopped) return
    const waitMs = this.#backoff.next(livedMs)
    this.#restart = setTimeout(() => this.start(), waitMs)
    this.#events.died(reason, waitMs)
  }
}
