// h2spec, the conformance suite of HTTP/2: found in the user's cache or built into it, and run once against a port. Knows no server.
import { mkdirSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

const VERSION = 'v2.2.1+incompatible'
const PACKAGE = 'github.com/summerwind/h2spec/cmd/h2spec'
/** What a case may wait for, s. */
const CASE_SECONDS = 2

/** The path of the program, built if need be with Go; null where there is none. */
export const h2spec = async (): Promise<string | null> => {
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

/** Names of cases with their section, such as `http2/3.5 Sends invalid connection preface`. */
export type Outcome = { readonly passed: readonly string[]; readonly failed: readonly string[] }

/** All cases, the strict ones too, once. Rejects when it could not run them. */
export const runStrict = async (program: string, { port, tls }: { readonly port: number; readonly tls: boolean }): Promise<Outcome> => {
  const report = join(tmpdir(), `lintel-h2spec-${process.pid}.xml`)
  const args = ['--host', '127.0.0.1', '--port', String(port), '--strict', '--timeout', String(CASE_SECONDS), '--junit-report', report, ...(tls ? ['--tls', '--insecure'] : [])]
  const child = Bun.spawn([program, ...args], { stdout: 'pipe' })
  const text = await new Response(child.stdout).text()
  await child.exited
  const file = Bun.file(report)
  if (!await file.exists()) throw new Error(`h2spec ${args.join(' ')} did not come to an end:\n${text}`)
  const outcome = outcomeOf(await file.text())
  await file.delete()
  return outcome
}

const CASE = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs
/** Of a report in JUnit's format: a case with anything inside did not pass. */
export const outcomeOf = (report: string): Outcome => {
  const cases = [...report.matchAll(CASE)].map(([, section, name, trouble = '']) => ({ name: `${section} ${name}`, failed: trouble.trim() !== '' }))
  const names = (failed: boolean) => cases.filter((each) => each.failed === failed).map(({ name }) => name)
  return { passed: names(false), failed: names(true) }
}
