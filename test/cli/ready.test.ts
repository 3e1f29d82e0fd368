// `lintel ready`: one process is asked by its socket, whoever has the port.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resources } from '../features/scene.ts'
import { freePort } from '../support/ports.ts'
import { start } from '../support/program.ts'
import { lintel } from './command.ts'

const keep = resources()
const folder = mkdtempSync(join(tmpdir(), 'lintel-ready-'))
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })
const socket = (name: string) => `--healthz-socket=${join(folder, name)}`
const asked = async (name: string) => {
  const { code, stdout } = await lintel(['ready', socket(name)])
  return [code, stdout]
}

test('0 while the program serves, 1 when it stops, 1 when it has gone; the next one takes its place', async () => {
  const run = () => start({ manifests: [], flags: [socket('one'), '--shutdown-grace-period=2'] })
  const first = await run()
  expect(await asked('one')).toEqual([0, 'ready\n'])
  first.signal('SIGTERM')
  await first.when(() => first.stderr.some((line) => line.includes('stopping')))
  expect(await asked('one')).toEqual([1, 'shutting down\n'])
  first.signal('SIGKILL')
  await first.stop()
  expect(await asked('one')).toEqual([1, expect.stringMatching(/^nobody answers on .*\/one /)])
  await keep(run())
  expect(await asked('one')).toEqual([0, 'ready\n'])
})

test('the path is missing: exit 2 and what to do', async () => {
  const { code, stderr } = await lintel(['ready'])
  expect([code, stderr]).toEqual([2, 'lintel ready: --healthz-socket is missing: give the path that the program was started with\n'])
})

test('of two programs on one port the later one has it when the earlier one stops', async () => {
  const healthz = freePort()
  const run = (name: string) => keep(start({ manifests: [], flags: [`--healthz-port=${healthz}`, socket(name), '--shutdown-grace-period=2'] }))
  const [old, fresh] = [await run('old'), await run('new')]
  expect([await asked('old'), await asked('new')]).toEqual([[0, 'ready\n'], [0, 'ready\n']])
  old.signal('SIGTERM')
  await old.when(() => old.stderr.some((line) => line.includes('stopping')))
  for (let i = 0; i < 20; i++) expect((await fetch(`http://127.0.0.1:${healthz}/readyz`, { keepalive: false })).status).toBe(200)
  expect(fresh.admin).toBe(healthz)
})

test.each([
  ['a port of a program that does not share it', () => [socket('none'), `--healthz-port=${keepPort()}`], /^lintel: --healthz-port=\d+: .* \(process \d+\) of user \d+ listens there and does not share the port; end it or choose another port/],
  ['a folder that is none', () => [socket(`${somebodysFile()}/lintel.sock`)], /^lintel: --healthz-socket=.*: can't listen there \(\w+\): name a new file/],
  ['a file of somebody else', () => [socket(somebodysFile())], /^lintel: --healthz-socket=.*: can't listen there \(EADDRINUSE\): name a new file/],
] as const)('%s: one line says so', async (_, flags, line) => {
  const failed = await start({ manifests: [], flags: flags() }).then(() => 'ready', (error: Error) => error.message)
  expect(failed).toMatch(new RegExp(line.source.slice(1)))
  expect(failed).toContain('ended before it was ready')
})
function keepPort(): number {
  const held = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() { /* nothing comes */ } } })
  void keep({ stop: () => Promise.resolve(held.stop(true)) })
  return held.port
}
function somebodysFile(): string {
  writeFileSync(join(folder, 'letter'), 'dear')
  return 'letter'
}
test('a file of somebody else stays', () => { expect(readFileSync(join(folder, 'letter'), 'utf8')).toBe('dear') })
