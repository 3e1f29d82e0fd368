// Annotations that act on a route, and those that protect and are not built yet: they close it.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { backend, ingress } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { app, ask, echoed, issues, metric, resources, route, server } from './scene.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
const annotated = (annotations: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`${PREFIX}/${name}`, value]))
/** An Ingress with a host of its own. */
function withPolicy(name: string, annotations: Readonly<Record<string, string>>, { path = '/', pathType = 'Prefix' } = {}): object {
  return route({ name, to: 'app', host: `${name}.example`, path, pathType, annotations: annotated(annotations) })
}

const PROTECTING = {
  'auth-url': 'http://auth.example/check', 'auth-type': 'basic', 'whitelist-source-range': '10.0.0.0/8', 'denylist-source-range': '10.0.0.0/8',
}

const keep = resources()
let echo: Echo
let program: Program
beforeAll(async () => {
  echo = await keep(echoUpstream({ name: 'app' }))
  const paths = [{ path: '/v[0-9]+/.*\\.json', pathType: 'ImplementationSpecific', backend: backend('app') }]
  program = await keep(start({ manifests: [
    ...app('app', echo),
    withPolicy('captures', { 'rewrite-target': '/$2' }, { path: '/svc(/|$)(.*)', pathType: 'ImplementationSpecific' }),
    withPolicy('fixed', { 'rewrite-target': '/base' }, { path: '/x' }),
    ingress({ metadata: { name: 'regex', annotations: annotated({ 'use-regex': 'true' }) }, rules: [{ host: 'regex.example', paths }] }),
    route({ name: 'plain', to: 'app', host: 'regex.example', path: '/v1' }),
    withPolicy('root', { 'app-root': '/start' }),
    withPolicy('permanent', { 'permanent-redirect': 'https://new.example/there' }),
    withPolicy('permanent-code', { 'permanent-redirect': 'https://new.example', 'permanent-redirect-code': '308' }),
    withPolicy('temporal', { 'temporal-redirect': 'https://new.example/now' }),
    withPolicy('temporal-code', { 'temporal-redirect': 'https://new.example/now', 'temporal-redirect-code': '307' }),
    withPolicy('force', { 'force-ssl-redirect': 'true' }),
    withPolicy('small', { 'proxy-body-size': '10' }),
    withPolicy('typo', { 'rewrite-targt': '/x', 'proxy-body-size': 'huge' }),
    ...Object.entries(PROTECTING).map(([name, value]) => withPolicy(name, { [name]: value })),
  ] }))
})

const at = (name: string, target = '/') => ask(program.http, { host: `${name}.example`, target })

describe('rewrite-target', () => {
  test.each([
    ['captures', '/svc/a/b?c=/svc', '/a/b?c=/svc'],
    ['captures', '/svc', '/'],
    ['captures', '/svc/', '/'],
    ['captures', '/SVC/Case', '/Case'],
    ['captures', '/svc/caf%C3%A9%20x', '/caf%C3%A9%20x'],
    ['captures', '/svc/a%0d%0aX-Evil:%201', '/a%0D%0AX-Evil:%201'],
    ['captures', '/svc/%3Fq', '/%3Fq'],
    ['fixed', '/x/y?z=1', '/base?z=1'],
  ])('%s %s → %s', async (name, target, upstream) => { expect(echoed(await at(name, target)).path).toBe(upstream) })

  test('a path that only looks the same is not matched', async () => { expect((await at('captures', '/svcs')).status).toBe(404) })
})

test('use-regex: patterns of this Ingress, and of no other on the host', async () => {
  const statuses = ['/v2/a/b.json', '/V2/B.JSON', '/v2/xml', '/v1/xml', '/v1', '/v10'].map(async (target) => (await at('regex', target)).status)
  expect(await Promise.all(statuses)).toEqual([200, 200, 404, 200, 200, 404])
})

test.each([
  ['app-root: / alone', 'root', '/', 302, 'http://root.example/start'],
  ['permanent-redirect', 'permanent', '/x?y', 301, 'https://new.example/there'],
  ['permanent-redirect-code', 'permanent-code', '/', 308, 'https://new.example'],
  ['temporal-redirect', 'temporal', '/x', 302, 'https://new.example/now'],
  ['temporal-redirect-code', 'temporal-code', '/', 307, 'https://new.example/now'],
  ['force-ssl-redirect', 'force', '/a?b', 308, 'https://force.example/a?b'],
])('%s', async (_, name, target, status, location) => {
  const response = await at(name, target)
  expect([response.status, values(response.fields, 'location')]).toEqual([status, [location]])
})

test('app-root leaves other paths alone', async () => { expect(echoed(await at('root', '/other')).path).toBe('/other') })

test('proxy-body-size of one Ingress is no other\'s', async () => {
  const post = (name: string) => ask(program.http, { host: `${name}.example`, method: 'POST', body: 'x'.repeat(11) })
  expect([(await post('small')).status, (await post('typo')).status]).toEqual([413, 200])
})

test('an unknown annotation and a bad value are issues, and the route serves by the defaults', async () => {
  expect(server(await at('typo'))).toBe('app')
  const found = (await issues(program)).filter(({ object }) => object === 'Ingress default/typo')
  expect(found.map(({ field }) => field).toSorted()).toEqual([`${PREFIX}/proxy-body-size`, `${PREFIX}/rewrite-targt`])
  expect(found.find(({ field }) => field.endsWith('targt'))?.reason).toContain('rewrite-target?')
})

describe('fail closed', () => {
  test.each(Object.keys(PROTECTING))('%s: 503, an issue, and never the backend', async (name) => {
    const before = echo.requests.length
    expect(server(await at(name))).toBe(503)
    expect(server(await ask(program.http, { host: `${name}.example`, method: 'OPTIONS', target: '*' }))).toBe(503)
    expect(echo.requests.length).toBe(before)
    const found = (await issues(program)).filter(({ object, field }) => object === `Ingress default/${name}` && field === `${PREFIX}/${name}`)
    expect(found).toMatchObject([{ reason: expect.stringContaining('503') }])
  })

  test('the metrics say why', async () => {
    await at('auth-url')
    expect(await metric(program, 'lintel_own_answers_total', 'reason="denied"')).toBeGreaterThan(0)
  })
})
