// h2spec, the conformance suite of HTTP/2, against the codec in clear: bun test/http/h2/h2spec.ts [runs]. Strict, as often as asked: frames meet
// at other moments each time. Needs Go once, to build it into the user's cache; says so and leaves with 0 where there is none.
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { startServer } from './socket.ts'

const VERSION = 'v2.2.1+incompatible'
const PACKAGE = 'github.com/summerwind/h2spec/cmd/h2spec'
const RUNS = 5

/** The program, built if need be; null where that is not possible. */
const h2spec = async (): Promise<string | null> => {
  const go = Bun.which('go', { PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` })
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lintel', `h2spec-${VERSION}`)
  const program = join(folder, 'h2spec')
  if (await Bun.file(program).exists()) return program
  if (go === null) return null
  mkdirSync(folder, { recursive: true })
  const run = async (...args: string[]) => {
    const child = Bun.spawn([go, ...args], { cwd: folder, env: { ...process.env, GOFLAGS: '-mod=mod' }, stdout: 'inherit', stderr: 'inherit' })
    if (await child.exited !== 0) throw new Error(`go ${args.join(' ')} failed in ${folder}`)
  }
  await Bun.write(join(folder, 'go.mod'), 'module h2spec\n\ngo 1.21\n')
  await run('get', `${PACKAGE}@${VERSION}`)
  await run('build', '-o', program, PACKAGE)
  return program
}

/** h2spec's own summary of a run, and all it said where a case failed. */
const runOnce = async (program: string, port: number): Promise<{ passed: boolean; text: string }> => {
  const child = Bun.spawn([program, '--host', '127.0.0.1', '--port', String(port), '--strict', '--timeout', '2'], { stdout: 'pipe' })
  const text = await new Response(child.stdout).text()
  const passed = await child.exited === 0
  return { passed, text: passed ? /\d+ tests, .*/.exec(text)?.[0] ?? text : text }
}

const program = await h2spec()
if (program === null) {
  console.log('h2spec: skipped, there is no go to build it with')
} else {
  const server = await startServer({ complete: (served) => served.answer(200, [['content-type', 'text/plain']], { body: Buffer.from('Hello') }) })
  for (let run = Number(process.argv[2] ?? RUNS); run > 0; run--) {
    const { passed, text } = await runOnce(program, server.port)
    console.log(text)
    if (!passed) process.exitCode = 1
  }
  server.close()
}
