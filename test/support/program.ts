// Starts the real program by its command line on a folder of manifests, and always ends it. Knows the command line, the ready
// line and the admin port: nothing of the source.
import { mkdtempSync, mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changes, until, type Changes } from './until.ts'

/** A cold start on a busy machine of two cores; a usual one takes 0.3 s. */
const READY_MS = 15_000
/** Longer than a drain of idle connections, shorter than a test may take. */
const STOP_MS = 5_000
const ROOT = join(import.meta.dir, '..', '..')

export type StartOptions = {
  /** YAML (any number of documents), or objects, written to one file; more files: `write`. null: no folder is served, the flags name a cluster. */
  readonly manifests: string | readonly object[] | null
  /** Beside or instead of the defaults (ports 0, 127.0.0.1, one worker), as `--flag=value`. */
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What is started in place of `bun src/main.ts`. */
  readonly command?: readonly string[]
}

export type Program = {
  readonly pid: number
  readonly http: number
  readonly https: number
  readonly admin: number
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** Key=value pairs of the ready line: http, https, admin, workers, routes, issues. */
  readonly ready: Readonly<Record<string, string>>
  readonly folder: string
  /** Complete lines so far. */
  readonly stderr: readonly string[]
  readonly stdout: readonly string[]
  /** Waits for output: `when(() => stderr.some(…))`. */
  when: Changes['when']
  /** Puts a manifest into the folder the way editors do: written elsewhere, then renamed. */
  write(file: string, text: string): void
  remove(file: string): void
  /** GET on the admin port, as JSON. */
  get(path: string): Promise<unknown>
  /** The version of the table in use. */
  version(): Promise<number>
  /** Polls until the probe is truthy; see until(). */
  waitFor<T>(what: string, probe: () => T | Promise<T>, withinMs?: number): Promise<NonNullable<T>>
  signal(name: NodeJS.Signals): void
  /** The exit code; null: ended by a signal. */
  readonly exited: Promise<number | null>
  /** SIGTERM, and SIGKILL if that does not end it in time; removes the folder. Safe to call twice. Resolves to the exit code. */
  stop(): Promise<number | null>
}

/** Resolves on the ready line. Rejects with the whole stderr when the program exits before it or does not become ready in time. */
export async function start(options: StartOptions): Promise<Program> {
  const root = mkdtempSync(join(tmpdir(), 'lintel-test-'))
  const folder = join(root, 'manifests')
  mkdirSync(folder)
  const write = (file: string, text: string) => {
    writeFileSync(join(root, 'staged'), text)
    renameSync(join(root, 'staged'), join(folder, file))
  }
  const { manifests } = options
  if (manifests !== null) write('manifests.yaml', typeof manifests === 'string' ? manifests : toYaml(manifests))
  const running = spawn(manifests === null ? [] : [`--manifests=${folder}`], options)
  const stop = async () => {
    running.child.kill('SIGTERM')
    const timer = setTimeout(() => running.child.kill('SIGKILL'), STOP_MS)
    const code = await running.exited
    clearTimeout(timer)
    rmSync(root, { recursive: true, force: true })
    return code
  }
  const ready = await readyLine(running).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  const admin = portOf(ready, 'admin')
  const get = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${admin}${path}`)).json()
  return {
    ...running,
    pid: running.child.pid,
    http: portOf(ready, 'http'),
    https: portOf(ready, 'https'),
    admin,
    url: `http://127.0.0.1:${portOf(ready, 'http')}`,
    ready,
    folder,
    write,
    get,
    stop,
    remove: (file) => unlinkSync(join(folder, file)),
    version: async () => versionOf(await get('/table')),
    waitFor: until,
    signal: (name) => {
      running.child.kill(name)
    },
  }
}

/** One YAML document for each object (JSON is YAML). */
export function toYaml(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('---\n')
}

type Running = {
  readonly child: Bun.Subprocess
  readonly stdout: string[]
  readonly stderr: string[]
  readonly when: Changes['when']
  readonly exited: Promise<number | null>
}

function spawn(source: readonly string[], { flags = [], env = {}, command = [process.execPath, 'src/main.ts'] }: StartOptions): Running {
  const given = flags.map((flag) => flag.split('=')[0])
  const defaults = ['--http-port=0', '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', '--workers=1']
  const used = [...source, ...defaults.filter((flag) => !given.includes(flag.split('=')[0])), ...flags]
  const child = Bun.spawn([...command, ...used], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const forget = endWithUs(child)
  const { notify, when } = changes()
  const stdout: string[] = []
  const stderr: string[] = []
  const read = Promise.all([collect(child.stdout, stdout, notify), collect(child.stderr, stderr, notify)])
  const exited = child.exited.then(async () => {
    forget()
    await read
    notify()
    return child.exitCode
  })
  return { child, stdout, stderr, when, exited }
}

/** However the tests end, short of SIGKILL, no program outlives them: a signal alone does not run 'exit'. Returns its undoing. */
function endWithUs(child: Bun.Subprocess): () => void {
  const kill = () => {
    child.kill('SIGKILL')
  }
  const exit = () => process.exit(1)
  process.once('exit', kill).once('SIGINT', exit).once('SIGTERM', exit)
  return () => {
    process.off('exit', kill).off('SIGINT', exit).off('SIGTERM', exit)
  }
}

async function collect(stream: ReadableStream<Uint8Array>, lines: string[], notify: () => void): Promise<void> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of stream) {
    const parts = (open + decoder.decode(chunk, { stream: true })).split('\n')
    open = parts.pop() ?? ''
    lines.push(...parts)
    notify()
  }
  if (open !== '') lines.push(open)
}

async function readyLine({ stderr, when, exited }: Running): Promise<Record<string, string>> {
  const line = () => stderr.find((text) => text.startsWith('lintel: ready '))
  let gone = false
  await Promise.race([
    when(() => line() !== undefined, READY_MS),
    exited.then(() => {
      gone = true
    }),
  ])
  const found = line()
  if (found === undefined)
    throw new Error(`the program ${gone ? 'ended before it was ready' : `was not ready in ${READY_MS} ms`}; stderr:\n${stderr.join('\n')}`)
  return Object.fromEntries([...found.matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]))
}

/** 0 where the program does not listen for this. */
function portOf(ready: Readonly<Record<string, string>>, key: string): number {
  return Number(/:(\d+)$/.exec(ready[key] ?? '')?.[1] ?? 0)
}

function versionOf(table: unknown): number {
  if (typeof table === 'object' && table !== null && 'version' in table && typeof table.version === 'number') return table.version
  throw new Error('/table has no version')
}
