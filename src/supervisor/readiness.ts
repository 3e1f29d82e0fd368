// Whether everything that should be served is: kept from what the threads report. Knows no thread.

type WorkerState = { listening: boolean; version: number }

/**
 * Before the first time: all workers listen with a table that has all of the first sync. From then on: at least one does, because the
 * others serve on while one restarts.
 */
export class Readiness {
  readonly #workers = new Map<number, WorkerState>()
  #synced: number | undefined
  #complete = false

  /** A worker that is starting. Its number may have been in use before. */
  started(worker: number): void {
    this.#workers.set(worker, { listening: false, version: 0 })
  }

  gone(worker: number): void {
    this.#workers.delete(worker)
  }

  listening(worker: number): void {
    const state = this.#workers.get(worker)
    if (state !== undefined) state.listening = true
  }

  at(worker: number, version: number): void {
    const state = this.#workers.get(worker)
    if (state !== undefined) state.version = version
  }

  synced(version: number): void {
    this.#synced = version
  }

  /** A new watcher counts versions anew: none that a worker holds means anything to it. */
  watcherStarted(): void {
    this.#synced = undefined
    for (const state of this.#workers.values()) state.version = 0
  }

  isListening(worker: number): boolean {
    return this.#workers.get(worker)?.listening ?? false
  }

  /** By worker. */
  get versions(): ReadonlyMap<number, number> {
    return new Map(this.#workers.entries().map(([worker, { version }]) => [worker, version]))
  }

  /** Reasons, one for each thread that is not there yet; none: ready. */
  missing(): string[] {
    const missing = this.#complete ? this.#whileServing() : this.#atStart()
    this.#complete ||= missing.length === 0
    return missing
  }

  #atStart(): string[] {
    const synced = this.#synced
    if (synced === undefined) return ['the first full list of objects is not read yet']
    if (this.#workers.size === 0) return ['no worker was started yet']
    return [...this.#workers].flatMap(([worker, { listening, version }]) => {
      if (version < synced) return [`worker ${worker} has table ${version}, not yet ${synced}`]
      return listening ? [] : [`worker ${worker} does not listen yet`]
    })
  }

  #whileServing(): string[] {
    return this.#workers.values().some(({ listening }) => listening) ? [] : ['all workers are restarting']
  }
}
