// The real main thread over stand-in threads: ready, faults, shutdown, exit codes.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'bun:test'
import type { Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { ask, refused, standIn } from './stand-in.ts'

const page = (program: Program, path: string, method = 'GET') => fetch(`http://127.0.0.1:${program.admin}${path}`, { method })
const metrics = async (program: Program) => (await page(program, '/metrics')).text()
const said = (program: Program, text: string) => program.when(() => program.stderr.some((line) => line.includes(text)))

/** The pool that each worker has, as /table sums it up. */
const pool = (workers: number) =>
  ({ service: 'default/app:80', address: '10.0.0.1', port: 80, protocol: 'h1', tls: false, open: workers, waiting: 0, idle: workers, hits: 2 * workers, misses: workers, evictions: 0 })
/** And the endpoint. */
const endpoint = (workers: number) => ({ backend: 'default/app:80', address: '10.0.0.1', port: 80, active: workers, states: { well: workers }, reasons: [], trialAt: '' })

/** A port that no one can share, as another program's would be. */
async function takenPort() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { port: address !== null && typeof address === 'object' ? address.port : 0, [Symbol.dispose]: () => void server.close() }
}

describe('start', () => {
  test('is ready when all workers serve, on ports of its own choice', async () => {
    await using program = await standIn('--workers=3')
    expect(program.stderr.at(-1)).toMatch(
      /^lintel: ready http=127\.0\.0\.1:\d+ https=127\.0\.0\.1:\d+ admin=127\.0\.0\.1:\d+ workers=3 routes=2 issues=1$/,
    )
    expect((await page(program, '/readyz')).status).toBe(200)
    expect(await program.get('/table')).toEqual({ what: 'table', joined: [1, 2, 3], health: [endpoint(3)], pools: [pool(3)] })
    for (let n = 0; n < 20; n++) expect(await ask(program.http)).toMatch(/^[123]$/)
  })

  test('says warnings of flags first, and each issue once, in one line', async () => {
    await using program = await standIn('--max-buckets=50')
    expect(program.stderr.slice(0, -1)).toEqual([
      'lintel: --max-buckets is accepted but has no effect yet',
      'lintel: issue Ingress default/a spec.rules: not served',
    ])
  })

  test('without --workers the ConfigMap says how many', async () => {
    await using program = await standIn('--workers=0')
    expect(program.ready['workers']).toBe('2')
    expect(await program.get('/table')).toEqual({ what: 'table', joined: [1, 2], health: [endpoint(2)], pools: [pool(2)] })
  })
})

describe('faults', () => {
  test('a worker that dies comes back while the others serve', async () => {
    await using program = await standIn('--workers=2')
    await page(program, '/test/crash/1', 'POST')
    expect(await said(program, 'lintel: worker 1 died (Error: crash on demand): restart in 0 ms')).toBeTrue()
    expect((await page(program, '/readyz')).status).toBe(200)
    await until('worker 1 serves again', async () => await ask(program.http) === '1')
    expect(await metrics(program)).toContain('lintel_thread_restarts_total{thread="proxy"} 1\n')
  })

  test('a watcher that dies comes back and is joined with all workers', async () => {
    await using program = await standIn('--workers=2')
    await page(program, '/test/crash/watcher', 'POST')
    expect(await said(program, 'lintel: watcher died')).toBeTrue()
    expect(await ask(program.http)).toMatch(/^[12]$/)
    await until('worker 2 has its table', async () => (await metrics(program)).includes('lintel_table_version{worker="2"} 1\n'))
    expect(await program.get('/table')).toEqual({ what: 'table', joined: [1, 2], health: [endpoint(2)], pools: [pool(2)] })
  })

  test('the workers\' counts are in /metrics', async () => {
    await using program = await standIn()
    await ask(program.http)
    await ask(program.http)
    expect(await metrics(program)).toContain('lintel_connections_accepted_total 2\n')
  })
})

describe('shutdown', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: drains, writes the log out and exits 0', async (signal) => {
    await using program = await standIn('--workers=2')
    for (let n = 0; n < 50; n++) await ask(program.http)
    program.signal(signal)
    expect(await program.exited).toBe(0)
    expect(program.stdout.filter((line) => /^answered by [12]$/.test(line))).toHaveLength(50)
    expect(program.stderr.at(-1)).toBe(`lintel: stopping on ${signal}: requests have 5 s to finish, a second signal ends them`)
  })

  test('says so at once, serves on through the grace, and ends on a second signal', async () => {
    await using program = await standIn('--shutdown-grace-period=600')
    program.signal('SIGTERM')
    expect(await said(program, 'stopping on SIGTERM')).toBeTrue()
    expect((await page(program, '/healthz')).status).toBe(500)
    expect((await page(program, '/readyz')).status).toBe(503)
    expect(await ask(program.http)).toBe('1')
    program.signal('SIGTERM')
    expect(await program.exited).toBe(1)
  })
})

describe('exit code 2 or 3, and one line', () => {
  test('a port of another program', async () => {
    using taken = await takenPort()
    const { code, err } = await refused('--workers=2', `--http-port=${taken.port}`)
    expect(code).toBe(3)
    expect(err.filter((line) => line.includes('in use'))).toEqual([`lintel: --http-port=${taken.port} is in use: choose another`])
  })

  test('an admin port of another program', async () => {
    using taken = await takenPort()
    const line = new RegExp(`^lintel: --healthz-port=${taken.port}: \\S+ \\(process ${process.pid}\\) of user ${process.getuid?.()} listens there and does not share the port; end it or choose another port$`)
    expect(await refused(`--healthz-port=${taken.port}`)).toEqual({ code: 3, err: [expect.stringMatching(line)] })
  })

  test('an address that is not ours', async () => {
    const line = expect.stringMatching(/^lintel: --bind-address=203\.0\.113\.9: /)
    expect(await refused('--bind-address=203.0.113.9')).toEqual({ code: 2, err: [line] })
  })

  test('a watcher that can\'t start', async () => {
    const { code, err } = await refused('--manifests=/missing')
    expect([code, err[0]]).toEqual([2, 'lintel: --manifests=/missing: no such folder: make it'])
  })
})
