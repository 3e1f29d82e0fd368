// One program of a host: from its start until it is ready, or is ended before. Knows its command line and its lines.
import { changes } from '../support/until.ts'

/** A cold start under load. */
export const START_MS = 30_000

export class Successor {
  readonly stderr: string[] = []
  readonly exited: Promise<number | null>
  readonly #child: Bun.Subprocess<'ignore', 'ignore', 'pipe'>
  readonly #lines = changes()

  constructor(flags: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = Bun.spawn([process.execPath, 'src/main.ts', ...flags], { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] })
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

  /** kill -9. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** SIGTERM, and SIGKILL if that does not end it in time. Resolves to its exit code; null: killed. */
  async end(withinMs: number): Promise<number | null> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), withinMs)
    return await this.exited.finally(() => clearTimeout(timer))
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
