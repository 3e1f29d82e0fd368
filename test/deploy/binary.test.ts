// The compiled program in what deploy/Containerfile makes of it: a root with the base image's files and nothing else, read-only, not root,
// with the capabilities of each way to deploy it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildProgram } from '../../deploy/build.ts'
import { app, ask, echoed, resources, route } from '../features/scene.ts'
import { echoUpstream } from '../support/echo.ts'
import { type Program, start, toYaml } from '../support/program.ts'
import { canIsolate, inBareRoot, type Privileges, withPrivileges } from './bare-root.ts'

/** Bun alone has 107.4 million; 7.1 are bytecode, which saves half of the CPU time of a start, and 3.4 the program. */
const MOST_BYTES = 120_000_000
/** 200 ms where nothing else runs; this holds on a machine that runs ten tests at once. */
const READY_MS = 3000
/** Of user and system together, which other programs change less; the best of a few. Measured 370-420 ms with two workers, 310 with one, on two cores that four others used. */
const READY_CPU_MS = 600
const STARTS = 5
/** A second failure of a reflector is told. */
const LINE_MS = 15_000
/** More than memory keeps of a body by default. */
const LARGE = 'x'.repeat(300_000)

const keep = resources()
const folder = mkdtempSync(join(tmpdir(), 'lintel-binary-'))
const binary = join(folder, 'lintel')
const manifests = join(folder, 'manifests')
const FREE_PORTS = ['--http-port=0', '--https-port=0', '--healthz-port=0']

beforeAll(async () => {
  mkdirSync(manifests)
  await buildProgram(binary)
})
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

test('is below 120 MB', () => {
  expect(statSync(binary).size).toBeLessThan(MOST_BYTES)
})

test('has the commands beside serving, which are loaded when they are asked for', () => {
  for (const command of ['report', 'convert', 'explain', 'ready']) {
    const { exitCode, stdout } = Bun.spawnSync([binary, command, '--help'], { timeout: LINE_MS })
    expect([exitCode, stdout.toString()]).toEqual([0, expect.stringContaining(command)])
  }
})

describe.skipIf(!canIsolate())('on a root with the base image\'s files', () => {
  let program: Program
  let readyMs: number

  beforeAll(async () => {
    const startedAt = performance.now()
    program = await keep(start({ manifests: null, command: inBareRoot(binary, manifests), flags: ['--manifests=/manifests'] }))
    readyMs = performance.now() - startedAt
  })

  test('is soon ready with an empty table', () => {
    expect(program.ready['routes']).toBe('0')
    expect(readyMs).toBeLessThan(READY_MS)
  })

  test('has not cost much until then', async () => {
    const costs: number[] = []
    const waits: number[] = []
    for (let i = 0; i < STARTS; i++) {
      const startedAt = performance.now()
      const started = await start({ manifests: null, command: inBareRoot(binary, manifests), flags: ['--manifests=/manifests', '--workers=2'] })
      waits.push(Math.round(performance.now() - startedAt))
      costs.push(cpuMs(started.pid))
      await started.stop()
    }
    console.log(`CPU until ready: ${costs.join(', ')} ms; ready after ${waits.join(', ')} ms`)
    expect(Math.min(...costs)).toBeLessThan(READY_CPU_MS)
  })

  test('is not root, and its root is read-only', () => {
    expect(readFileSync(`/proc/${program.pid}/uid_map`, 'utf8')).toMatch(/^\s*65532 /)
    expect(readFileSync(`/proc/${program.pid}/mountinfo`, 'utf8')).toMatch(/ \/ \/ ro,/)
  })

  test('serves a folder, by its certificate too, and stores a body in /tmp', async () => {
    const echo = await keep(echoUpstream({ name: 'echo' }))
    writeFileSync(join(manifests, 'app.yaml'), toYaml([...app('echo', echo), route({ to: 'echo', annotations: { 'nginx.ingress.kubernetes.io/proxy-request-buffering': 'on' } })]))
    await program.waitFor('served', async () => (await ask(program.http)).status === 200)
    expect(echoed(await ask(program.https, { method: 'POST', body: LARGE, tls: {} })).body_bytes).toBe(LARGE.length)
  })

  test('says in one line that an API server can\'t be reached', async () => {
    const context = { cluster: 'none', user: 'none' }
    const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'none', contexts: [{ name: 'none', context }], clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:1' } }], users: [{ name: 'none', user: { token: 'none' } }] }
    writeFileSync(join(manifests, 'none.kubeconfig'), JSON.stringify(config))
    const line = await firstLine([...inBareRoot(binary, manifests), '--kubeconfig=/manifests/none.kubeconfig', '--disable-leader-election', ...FREE_PORTS])
    expect(line).toMatch(/^lintel: issue API server \w+ in all namespaces: can't be read \(ECONNREFUSED/)
  })
})

describe.skipIf(!canIsolate())('with the privileges that a pod has', () => {
  const LOW = ['--http-port=80', '--https-port=443']
  const HIGH = ['--http-port=8080', '--https-port=8443']
  const source = `--manifests=${manifests}`
  const ready = async (privileges: Privileges, ports: readonly string[]) => {
    const program = await start({ manifests: null, command: withPrivileges(binary, privileges), flags: [source, ...ports] })
    expect(await program.stop()).toBe(0)
    return program.ready['http']
  }
  const refused = (privileges: Privileges, ports: readonly string[]) => firstLine([...withPrivileges(binary, privileges), source, ...ports])

  test('host-network: takes ports below 1024', async () => {
    expect(await ready({ add: 'NET_BIND_SERVICE', allowPrivilegeEscalation: true }, LOW)).toBe('127.0.0.1:80')
  })
  test('deployment: takes higher ones, and names what the lower ones need', async () => {
    const privileges = { add: 'NET_BIND_SERVICE', allowPrivilegeEscalation: false } as const
    expect(await ready(privileges, HIGH)).toBe('127.0.0.1:8080')
    expect(await refused(privileges, LOW)).toBe('lintel: --http-port 80: ports below 1024 need CAP_NET_BIND_SERVICE; choose another port')
  })
  test('does not start where the capability is dropped altogether, which is why deploy/pod adds it', async () => {
    expect(await refused({ add: null, allowPrivilegeEscalation: false }, HIGH)).toContain('Operation not permitted')
  })
})

const TICK_MS = 10
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Of its stderr; then it is ended. */
async function firstLine(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', timeout: LINE_MS, killSignal: 'SIGKILL' })
  let text = ''
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.includes('\n')) break
  }
  child.kill('SIGKILL')
  await child.exited
  return text.split('\n')[0] ?? ''
}
