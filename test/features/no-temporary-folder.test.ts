// A read-only root without a writable folder for temporary files: what would be stored there is sent on as it comes, one line says so, and nothing fails.
import { beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { type Program, start } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, echoed, requestText, resources, route } from './scene.ts'

const keep = resources()
const LARGE = 'x'.repeat(300_000)
const READ_ONLY = 'mount -t tmpfs -o ro tmpfs "$TMPDIR" && exec "$@"'
const canMount = Bun.spawnSync(['unshare', '-Urm', 'true']).success
const folder = mkdtempSync(join(tmpdir(), 'lintel-read-only-'))

describe.skipIf(!canMount)('without a folder that can be written', () => {
  let program: Program
  let echo: Echo

  beforeAll(async () => {
    echo = await keep(echoUpstream({ name: 'echo' }))
    program = await keep(start({
      manifests: [...app('echo', echo), route({ to: 'echo', annotations: { 'nginx.ingress.kubernetes.io/proxy-request-buffering': 'on', 'nginx.ingress.kubernetes.io/proxy-buffering': 'on' } })],
      command: ['unshare', '-Urm', 'sh', '-c', READ_ONLY, 'sh', process.execPath, 'src/main.ts'], env: { TMPDIR: folder }, flags: ['--workers=2'],
    }))
  })
  const told = () => program.stderr.filter((line) => line.includes(`issue folder ${folder}: can't be written (EROFS)`))

  test('one line says what comes of it and what to do', () => {
    expect(told()).toEqual([expect.stringMatching(/emptyDir.*TMPDIR/)])
  })
  test('a body that memory does not hold is sent on as it comes, whether its length is told or not', async () => {
    expect(echoed(await ask(program.http, { method: 'POST', body: LARGE })).body_bytes).toBe(LARGE.length)
    const client = await rawClient(program.http)
    client.send(`${requestText({ method: 'POST', fields: [['Transfer-Encoding', 'chunked']] })}${LARGE.length.toString(16)}\r\n${LARGE}\r\n0\r\n\r\n`)
    expect(echoed(await client.response()).body_bytes).toBe(LARGE.length)
    client.destroy()
  })
  test('a small one is still stored, in memory', async () => {
    expect(echoed(await ask(program.http, { method: 'POST', body: 'small' })).body).toBe('small')
  })
})
