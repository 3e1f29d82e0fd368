// Exit codes: the table in deploy/README.md, and the real program's for each row.
import { expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exitCodes } from '../../src/settings/exit-codes.ts'
import { freePort } from '../support/ports.ts'
import { until } from '../support/until.ts'
import { Successor } from '../upgrade/successor.ts'

const folder = mkdtempSync(join(tmpdir(), 'lintel-exit-'))
const flags = (...more: readonly string[]) => [`--manifests=${folder}`, '--http-port=0', '--https-port=0', '--healthz-port=0', '--bind-address=127.0.0.1', '--workers=1', ...more]

test('the table has each of them once', async () => {
  const text = await Bun.file(join(import.meta.dir, '../../deploy/README.md')).text()
  const table = text.slice(text.indexOf('| exit code |')).split('\n\n')[0] ?? ''
  expect([...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))).toEqual(Object.values(exitCodes))
})

test('0 after SIGTERM', async () => {
  const program = await new Successor(flags()).ready()
  program.signal('SIGTERM')
  expect(await program.exited).toBe(exitCodes.stopped)
})

test('1 after a second signal', async () => {
  const program = await new Successor(flags('--shutdown-grace-period=600')).ready()
  program.signal('SIGTERM')
  await until('it stops', () => program.stderr.some((line) => line.includes('stopping on SIGTERM')))
  program.signal('SIGINT')
  expect(await program.exited).toBe(exitCodes.cut)
})

test('2 for a flag that is wrong', async () => {
  const program = new Successor(flags('--workers=many'))
  expect([await program.exited, program.stderr]).toEqual([exitCodes.usage, [expect.stringContaining('--workers=many')]])
})

test('3 for a port that another program does not share', async () => {
  using held = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const program = new Successor(flags(`--https-port=${held.port}`))
  const line = new RegExp(`^lintel: --https-port ${held.port}: \\S+ \\(process ${process.pid}\\) of user \\d+ listens there and does not share the port; end it or choose another port$`)
  expect([await program.exited, program.stderr]).toEqual([exitCodes.portHeld, [expect.stringMatching(line)]])
})

/** Whom root may become. */
const NOBODY = 65534
const SHARING = 'require(\'node:net\').createServer().listen({ port: Number(process.argv[1]), host: \'127.0.0.1\', reusePort: true }, () => console.log(\'listens\'))'

test.skipIf(process.getuid?.() !== 0)('3 for a port that a program of another user shares, but not with this one', async () => {
  const port = freePort()
  const holder = Bun.spawn(['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', process.execPath, '-e', SHARING, String(port)], { stdout: 'pipe', stderr: 'inherit' })
  await holder.stdout.getReader().read()
  const program = new Successor(flags(`--http-port=${port}`))
  const line = new RegExp(`^lintel: --http-port ${port}: \\S+ \\(process ${holder.pid}\\) of user ${NOBODY} listens there, and only programs of one user can share a port \\(this is user 0\\); end it or choose another port$`)
  expect([await program.exited, program.stderr]).toEqual([exitCodes.portHeld, [expect.stringMatching(line)]])
  holder.kill('SIGKILL')
  await holder.exited
})
