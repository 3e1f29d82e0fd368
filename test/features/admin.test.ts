// The admin port: health, readiness, the table, the issues, the metrics, and never a key.
import { beforeAll, describe, expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { app, applied, ask, metric, resources, route } from './scene.ts'
import { defaultBackendOptions } from '../../src/table/backend-options.ts'

const keep = resources()
const pair = await certificate({ names: ['secure.example'] })
let program: Program
let port: number
beforeAll(async () => {
  const echo = await keep(echoUpstream())
  port = echo.port
  program = await keep(start({ flags: ['--enable-metrics', '--health-check-path=/alive'], manifests: [
    ...app('app', echo), route({ to: 'app' }), route({ name: 'none', to: 'missing', host: 'none.example' }),
    ingress({ metadata: { name: 'secure' }, tls: [{ hosts: ['secure.example'], secretName: 'pair' }], rules: [{ host: 'secure.example', paths: [{ path: '/x', backend: backend('app') }] }] }),
    tlsSecret({ name: 'pair' }, pair),
  ] }))
})

const admin = (path: string) => fetch(`http://127.0.0.1:${program.admin}${path}`)

test.each([['/healthz', 200], ['/alive', 200], ['/readyz', 200], ['/', 200], ['/metrics', 200], ['/nothing', 404], ['/test/crash/1', 404]])('%s is %i', async (path, status) => {
  expect((await admin(path)).status).toBe(status)
})

test('the crash hook is not there to be called', async () => {
  expect((await fetch(`http://127.0.0.1:${program.admin}/test/crash/1`, { method: 'POST' })).status).toBe(404)
})

test('/table: hosts, routes, backends, endpoints, certificates', async () => {
  const table = await program.get('/table')
  expect(table).toMatchObject({
    version: expect.any(Number),
    workers: [{ id: expect.any(Number), version: expect.any(Number) }],
    fallback: null,
    hosts: expect.arrayContaining([
      expect.objectContaining({ host: 'app.example', certificate: null, routes: [expect.objectContaining({ path: { kind: 'prefix', value: '' }, backend: 'default/app:80' })] }),
      expect.objectContaining({ host: 'secure.example', certificate: 'default/pair' }),
    ]),
    backends: expect.arrayContaining([{ key: 'default/app:80', protocol: 'http', options: defaultBackendOptions, endpoints: [{ address: '127.0.0.1', port }] }]),
    certificates: expect.arrayContaining([expect.objectContaining({ id: 'default/pair', names: ['secure.example'] })]),
  })
})

test('/issues: object, field, reason', async () => {
  expect(await program.get('/issues')).toEqual({ issues: [{ object: 'Ingress default/none', field: 'spec.rules[0].http.paths[0]', reason: expect.stringMatching(/missing/) }] })
})

test('no page shows a key, or any of a Secret but the certificate\'s names', async () => {
  const secret = pair.key.split('\n')[1] ?? 'no key'
  for (const path of ['/', '/table', '/issues', '/metrics']) {
    const text = await (await admin(path)).text()
    expect(text).not.toContain('PRIVATE KEY')
    expect(text).not.toContain(secret)
  }
})

describe('/metrics', () => {
  const requests = (labels: string) => metric(program, 'lintel_requests_total', labels)

  test('requests by Ingress and status', async () => {
    const before = [await requests('ingress="app",status="200"'), await requests('ingress="none",status="503"'), await requests('ingress="",status="404"')]
    await ask(program.http)
    await ask(program.http, { host: 'none.example' })
    await ask(program.http, { host: 'unknown.example' })
    const after = [await requests('ingress="app",status="200"'), await requests('ingress="none",status="503"'), await requests('ingress="",status="404"')]
    expect(after.map((value, i) => value - (before[i] ?? 0))).toEqual([1, 1, 1])
    expect(await metric(program, 'nginx_ingress_controller_requests', 'status="200"')).toBe(after[0] ?? 0)
  })

  test('no label is a client\'s to choose', async () => {
    await ask(program.http, { host: 'random-host.example', target: '/random-path', method: 'RANDOM' })
    expect(await (await admin('/metrics')).text()).not.toMatch(/random/i)
  })

  test('durations, sizes, connections, table version, issues, propagation', async () => {
    const observed = await metric(program, 'lintel_table_propagation_seconds_count')
    await applied(program, () => program.write('more.yaml', toYaml([route({ name: 'more', to: 'app', host: 'more.example' })])))
    expect(await metric(program, 'lintel_table_propagation_seconds_count')).toBe(observed + 1)
    expect(await metric(program, 'lintel_table_version', 'worker="1"')).toBe(await program.version())
    expect(await metric(program, 'lintel_issues')).toBe(1)
    for (const name of ['lintel_request_duration_seconds_count', 'lintel_request_bytes_total', 'lintel_response_bytes_total', 'lintel_connections_accepted_total', 'process_resident_memory_bytes']) {
      expect(await metric(program, name)).toBeGreaterThan(0)
    }
  })
})
