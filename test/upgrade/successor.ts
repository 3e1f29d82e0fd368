// One program of a host: from its start until it is ready, or is ended before. Knows its command line, its lines, and its listeners as the kernel has them.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { z } from 'zod'
import { changes, until } from '../support/until.ts'
import type { stopperTask } from './stopper.ts'

/** A cold start under load. */
export const START_MS = 30_000

export class Successor {
  readonly stderr: string[] = []
  readonly exited: Promise<number | null>
  readonly #child: Bun.Subprocess<'ignore', 'ignore', 'pipe'>
  readonly #lines = changes()

  constructor(flags: readonly string[]) {
    this.#child = Bun.spawn([process.execPath, 'src/main.ts', ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
    const read = this.#read()
    const kill = () => this.#child.kill('SIGKILL')
    process.once('exit', kill)
    this.exited = this.#child.exited.then(async () => {
      process.off('exit', kill)
      await read
      return this.#child.exitCode
    })
  }

  get isReady(): boolean { return this.stderr.some((line) => line.startsWith('lintel: ready ')) }

  /** Rejects with what it said where it is not, in time. */
  async ready(): Promise<this> {
    await Promise.race([this.#lines.when(() => this.isReady, START_MS), this.exited])
    if (this.isReady) return this
    this.signal('SIGKILL')
    throw new Error(`a program did not become ready: ${this.stderr.join('\n')}`)
  }

  signal(name: NodeJS.Signals) { this.#child.kill(name) }

  /** SIGTERM, and SIGKILL if that does not end it in time. Resolves to its exit code; null: killed. */
  async end(withinMs: number): Promise<number | null> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), withinMs)
    return await this.exited.finally(() => clearTimeout(timer))
  }

  /** Stands still from here on. */
  async stopped(): Promise<void> {
    this.signal('SIGSTOP')
    await this.#standsStill()
  }

  /** The same, from when it is the first to listen on a port beside those that do. */
  async stoppedAsItListens(port: number): Promise<void> {
    const task: z.input<typeof stopperTask> = { port, listeners: listening(port), pid: this.#child.pid }
    const stopper = new Worker(new URL('stopper.ts', import.meta.url), { workerData: task })
    await once(stopper, 'message')
    await stopper.terminate()
    await this.#standsStill()
  }

  async #standsStill(): Promise<void> {
    await until('it stands still', () => this.#child.exitCode !== null || /^State:\s+[TZ]/m.test(readFileSync(`/proc/${this.#child.pid}/status`, 'latin1')))
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    let open = ''
    for await (const chunk of this.#child.stderr) {
      const parts = (open + decoder.decode(chunk, { stream: true })).split('\n')
      open = parts.pop() ?? ''
      this.stderr.push(...parts)
      this.#lines.notify()
    }
  }
}

const LISTENS = '0A'
/** How many sockets listen on a port of 127.0.0.1. */
export const listening = (port: number): number => {
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/self/net/tcp', 'latin1').split('\n').filter((line) => {
    const [, local, , state] = line.trim().split(/\s+/)
    return local === address && state === LISTENS
  }).length
}
