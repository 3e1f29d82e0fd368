// A process that lives as long as what is measured with it, and never longer than we do. Knows nothing of what it runs.

export type Child = {
  readonly pid: number
  /** Of stdout; rejects where the process ended without one, and where stdout goes to a file. */
  firstLine(): Promise<string>
  /** Whether it has ended. */
  ended(): boolean
  /** SIGTERM, and SIGKILL where that takes long. */
  stop(): Promise<void>
}
export type ChildOptions = {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Files that take the place of our own streams. */
  readonly stdout?: string
  readonly stderr?: string
}

/** Longer than any drain of connections that nobody uses any more. */
const STOP_MS = 5_000

export const startChild = (command: readonly string[], { cwd, env, stdout, stderr }: ChildOptions = {}): Child => {
  const child = Bun.spawn([...command], {
    ...(cwd !== undefined && { cwd }), env: { ...process.env, ...env }, stdin: 'ignore',
    stdout: stdout === undefined ? 'pipe' : Bun.file(stdout), stderr: stderr === undefined ? 'inherit' : Bun.file(stderr),
  })
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  return {
    pid: child.pid,
    async firstLine() {
      if (!(child.stdout instanceof ReadableStream)) throw new Error(`${command.join(' ')} writes to a file`)
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) return text.split('\n')[0] ?? ''
      throw new Error(`${command.join(' ')} ended without a word`)
    },
    ended: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      process.off('exit', kill)
      kill()
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      await child.exited
      clearTimeout(timer)
    },
  }
}
