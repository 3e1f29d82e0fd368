// Lintel as a child process: started by its command line, ready when it says so.
import { join } from 'node:path'

const root = join(import.meta.dir, '..', '..')

export type Addresses = { readonly http: string; readonly https: string; readonly admin: string }
export type Lintel = {
  /** Rejects when the program ends before it was ready. */
  readonly ready: Promise<Addresses>
  /** Its exit code, once its last line was seen. */
  readonly exited: Promise<number>
  terminate(): void
}
export type LintelOptions = {
  readonly flags: readonly string[]
  /** Sees every line of its stderr. */
  readonly onLine: (line: string) => void
}

/** The addresses in the line `lintel: ready http=… https=… admin=… …`; undefined for any other line. */
export const readyAddresses = (line: string): Addresses | undefined => {
  const [, http, https, admin] = /^lintel: ready http=(\S+) https=(\S+) admin=(\S+)/.exec(line) ?? []
  return http && https && admin ? { http, https, admin } : undefined
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}

/** In a process group of its own: Ctrl-C reaches it once, from its parent, and not a second time from the terminal. */
export const startLintel = ({ flags, onLine }: LintelOptions): Lintel => {
  const child = Bun.spawn([process.execPath, 'src/main.ts', ...flags], {
    cwd: root, stdin: 'ignore', stdout: 'inherit', stderr: 'pipe', detached: true,
  })
  const ready = Promise.withResolvers<Addresses>()
  ready.promise.catch(() => {}) // who only waits for the exit is not told twice
  const read = async (): Promise<number> => {
    for await (const line of linesOf(child.stderr)) {
      onLine(line)
      const addresses = readyAddresses(line)
      if (addresses) ready.resolve(addresses)
    }
    const code = await child.exited
    ready.reject(new Error(`lintel ended with code ${code} before it was ready`))
    return code
  }
  return { ready: ready.promise, exited: read(), terminate: () => child.kill('SIGTERM') }
}
