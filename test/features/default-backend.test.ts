// What answers where no rule matches: the Ingress' own default backend, then that of the flag.
import { describe, expect, test, beforeAll } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, service } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { app, applied, ask, echoed, issues, resources, route, server } from './scene.ts'

const keep = resources()

describe.each([
  ['namespace/name', ['--default-backend-service=web/fallback'], {}],
  ['a bare name in POD_NAMESPACE', ['--default-backend-service', 'fallback'], { POD_NAMESPACE: 'web' }],
])('--default-backend-service as %s', (_, flags, env) => {
  let program: Program
  beforeAll(async () => {
    const echo = (name: string) => keep(echoUpstream({ name }))
    const [main, own, fallback] = [await echo('main'), await echo('own'), await echo('fallback')]
    program = await keep(start({ flags, env, manifests: [
      ...app('main', main), ...app('own', own),
      ...service({ metadata: { name: 'fallback', namespace: 'web' }, ports: [{ name: 'http', port: 8080 }], endpoints: [fallback.port] }),
      route({ to: 'main', path: '/main' }),
      ingress({ metadata: { name: 'own' }, defaultBackend: backend('own'), rules: [{ host: 'own.example', paths: [{ path: '/main', backend: backend('main') }] }] }),
    ] }))
  })

  test.each([
    ['app.example', '/main', 'main'],
    ['app.example', '/other', 'fallback'],
    ['unknown.example', '/', 'fallback'],
    ['own.example', '/main', 'main'],
    ['own.example', '/other', 'own'],
  ])('%s%s → %s', async (host, target, by) => {
    expect(server(await ask(program.http, { host, target }))).toBe(by)
  })

  test('the request reaches it as it is', async () => {
    expect(echoed(await ask(program.http, { host: 'unknown.example', target: '/x?y=1' }))).toMatchObject({ served_by: 'fallback', path: '/x?y=1' })
  })
})

test('an Ingress that is a default backend alone answers for all hosts, before the flag', async () => {
  const [all, fallback] = [await keep(echoUpstream({ name: 'all' })), await keep(echoUpstream({ name: 'fallback' }))]
  const program = await keep(start({
    flags: ['--default-backend-service=default/fallback'],
    manifests: [...app('all', all), ...app('fallback', fallback), ingress({ metadata: { name: 'all' }, defaultBackend: backend('all') })],
  }))
  expect(server(await ask(program.http, { host: 'whatever.example' }))).toBe('all')
})

test('a Service that is missing is an issue and our own 404; it serves as soon as it is there', async () => {
  const program = await keep(start({ flags: ['--default-backend-service=default/late'], manifests: [{ apiVersion: 'v1', kind: 'List', items: [] }] }))
  expect(await ask(program.http, {})).toMatchObject({ status: 404, body: expect.stringContaining('404 Not Found') })
  expect(await issues(program)).toMatchObject([{ object: 'Service default/late', reason: expect.stringContaining('--default-backend-service') }])
  const late = await keep(echoUpstream({ name: 'late' }))
  await applied(program, () => program.write('late.yaml', toYaml(app('late', late))))
  expect(server(await ask(program.http, {}))).toBe('late')
  expect(await issues(program)).toEqual([])
})
