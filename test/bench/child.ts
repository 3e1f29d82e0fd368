// A process that lives as long as what is measured with it, and never longer than we do. Knows nothing of what it runs.

export type Child = {
  readonly pid: number
  /** Of stdout. */
  firstLine(): Promise<string>
  stop(): Promise<void>
}

export const startChild = (command: readonly string[], cwd?: string): Child => {
  const child = Bun.spawn([...command], { ...(cwd !== undefined && { cwd }), stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' })
  const kill = () => child.kill('SIGTERM')
  process.once('exit', kill)
  return {
    pid: child.pid,
    async firstLine() {
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) return text.split('\n')[0] ?? ''
      throw new Error(`${command.join(' ')} ended without a word`)
    },
    async stop() {
      process.off('exit', kill)
      kill()
      await child.exited
    },
  }
}
