// Input that can't be used: on the command line it ends the program with one line that names it, in an object it harms that object.
import { expect, test } from 'bun:test'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { echoUpstream } from '../support/echo.ts'
import { start, toYaml } from '../support/program.ts'
import { app, ask, issues, resources, route, server } from './scene.ts'

const keep = resources()
const ROOT = join(import.meta.dir, '..', '..')
const FREE = ['--http-port=0', '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', '--workers=1']
const folder = mkdtempSync(join(tmpdir(), 'lintel-empty-'))
writeFileSync(join(folder, 'file'), '')

/** Runs until it ends by itself. */
async function run(...flags: readonly string[]) {
  const child = Bun.spawn([process.execPath, 'src/main.ts', ...flags], { cwd: ROOT, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, stdout, lines: stderr.trimEnd().split('\n') }
}

test.each([
  ['an unknown flag, with the one that may be meant', ['--http-prot=80'], /--http-prot.*--http-port/],
  ['a value that is no number', ['--http-port=eighty'], /--http-port.*eighty/],
  ['a number out of range', ['--https-port', '70000'], /--https-port.*70000/],
  ['a value that is missing', ['--http-port'], /--http-port needs a value/],
  ['a name that is no object', ['--configmap=a/b/c'], /--configmap/],
  ['an argument that is no flag', ['serve'], /serve/],
  ['two flags for one port', [`--manifests=${folder}`, '--http-port=8080', '--https-port=8080'], /--http-port.*--https-port|--https-port.*--http-port/],
  ['a folder that is missing', [...FREE, '--manifests=/no/such/folder'], /--manifests.*\/no\/such\/folder.*does not exist/],
  ['a file for a folder', [...FREE, `--manifests=${join(folder, 'file')}`], /--manifests.*not a folder/],
  ['an address that is not ours', [...FREE.filter((flag) => !flag.startsWith('--bind')), `--manifests=${folder}`, '--bind-address=192.0.2.1'], /192\.0\.2\.1/],
  ['no source at all', FREE, /--manifests/],
])('%s: exit 2 and one line', async (_, flags, expected) => {
  const { code, stdout, lines } = await run(...flags)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(lines).toEqual([expect.stringMatching(/^lintel: /)])
  expect(lines[0]).toMatch(expected)
})

test.each(['--http-port', '--https-port', '--healthz-port'])('%s in use: exit 3 and one line that says by whom', async (flag) => {
  const holder = createServer()
  await new Promise<void>((resolve) => { holder.listen(0, '127.0.0.1', resolve) })
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  const { code, lines } = await run(...FREE.filter((free) => !free.startsWith(`${flag}=`)), `--manifests=${folder}`, `${flag}=${address.port}`)
  holder.close()
  expect({ code, lines }).toEqual({ code: 3, lines: [expect.stringContaining(`(process ${process.pid}) of user`)] })
  expect(lines[0]).toContain(flag)
  expect(lines[0]).toContain(String(address.port))
})

test.each([['--version', /^lintel \d+\.\d+\.\d+\n$/], ['--help', /--manifests/]])('%s goes to standard output, exit 0', async (flag, expected) => {
  expect(await run(flag)).toMatchObject({ code: 0, stdout: expect.stringMatching(expected), lines: [''] })
})

test('a flag that does nothing yet is accepted with one line that says so', async () => {
  const program = await keep(start({ flags: ['--max-buckets=50'], manifests: [] }))
  expect(program.stderr.filter((line) => line.includes('--max-buckets'))).toHaveLength(1)
})

test('a bad object among 1,000: 999 are served, and it is the one issue', async () => {
  const host = (i: number) => `h${i}.example`
  const ingresses = Array.from({ length: 1_000 }, (_, i) => route({ name: `i${i}`, to: 'app', host: host(i), path: i === 500 ? 'no-slash' : '/' }))
  const program = await keep(start({ manifests: `${toYaml([...ingresses, ...app('app', await keep(echoUpstream()))])}` }))
  expect(program.ready).toMatchObject({ routes: '999', issues: '1' })
  expect(await issues(program)).toMatchObject([{ object: 'Ingress default/i500', field: expect.stringContaining('path'), reason: expect.stringContaining('no-slash') }])
  expect([server(await ask(program.http, { host: host(499) })), server(await ask(program.http, { host: host(500) })), server(await ask(program.http, { host: host(999) }))]).toEqual(['echo', 404, 'echo'])
})
