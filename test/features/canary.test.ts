// Canaries through the program: who answers, by field, cookie and weight, and while Ingresses and endpoints come and go.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, tlsUpstream, type Echo } from '../support/echo.ts'
import type { FieldLine } from '../support/http1.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, echoed, issues, metric, requestText, resources, route, server, type Asked } from './scene.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
const keep = resources()
const echoes = new Map<string, Echo>()
let program: Program

const names = ['main', 'v2', 'v3', 'tls']
const endpoint = (name: string): Echo => {
  const echo = echoes.get(name)
  if (echo === undefined) throw new Error(`no echo ${name}`)
  return echo
}
/** Annotations without their prefix. */
function canary(to: string, host: string, rules: Readonly<Record<string, string>>) {
  const annotations = Object.fromEntries(Object.entries({ canary: 'true', ...rules }).map(([name, value]) => [`${PREFIX}/${name}`, value]))
  return route({ to, name: `${host}-${to}`, host: `${host}.example`, annotations })
}
const main = (host: string) => route({ to: 'main', name: `${host}-main`, host: `${host}.example` })
const by = async (host: string, asked: Asked = {}) => server(await ask(program.http, { host: `${host}.example`, ...asked }))
const withField = (...fields: FieldLine[]): Asked => ({ fields })
const write = (file: string, objects: readonly object[]) => applied(program, () => program.write(file, toYaml(objects)))

beforeAll(async () => {
  for (const name of names) echoes.set(name, await keep(name === 'tls' ? tlsUpstream({ name }) : echoUpstream({ name })))
  program = await keep(start({ flags: ['--workers=2'], manifests: [
    ...names.flatMap((name) => app(name, endpoint(name))),
    main('field'), canary('v2', 'field', { 'canary-by-header': 'X-Canary', 'canary-by-cookie': 'canary', 'canary-weight': '0' }),
    main('value'), canary('v2', 'value', { 'canary-by-header': 'X-Canary', 'canary-by-header-value': 'two' }), canary('v3', 'value', { 'canary-by-header': 'X-Canary', 'canary-by-header-pattern': '(?i)^v?3$' }),
    main('weight'), canary('v2', 'weight', { 'canary-weight': '20' }), canary('v3', 'weight', { 'canary-weight': '200', 'canary-weight-total': '1000' }),
    main('bad'), canary('v2', 'bad', { 'canary-by-header': 'X-Canary', 'canary-by-header-pattern': '(', 'canary-weight': '100' }),
    main('own'), canary('tls', 'own', { 'canary-weight': '100', 'backend-protocol': 'HTTPS', 'permanent-redirect': 'http://elsewhere.example/' }),
    canary('v2', 'alone', { 'canary-weight': '100' }),
  ] }))
})

describe('who answers', () => {
  test.each<[string, string, Asked, string]>([
    ['nothing says canary', 'field', {}, 'main'],
    ['the field says always', 'field', withField(['x-canary', 'always']), 'v2'],
    ['the cookie says always', 'field', withField(['Cookie', 'a=b; canary=always']), 'v2'],
    ['the field goes before the cookie', 'field', withField(['X-Canary', 'never'], ['Cookie', 'canary=always']), 'main'],
    ['the value of the first canary', 'value', withField(['X-Canary', 'two']), 'v2'],
    ['the pattern of the second', 'value', withField(['X-Canary', 'V3']), 'v3'],
    ['neither', 'value', withField(['X-Canary', 'always']), 'main'],
    ['a bad pattern with the field', 'bad', withField(['X-Canary', 'x']), 'main'],
    ['a bad pattern without the field', 'bad', {}, 'v2'],
  ])('%s', async (_, host, asked, expected) => { expect(await by(host, asked)).toBe(expected) })

  test('its backend-protocol is its own, all else is the main Ingress\'s', async () => {
    expect(echoed(await ask(program.http, { host: 'own.example' }))).toMatchObject({ served_by: 'tls' })
  })

  test('a canary alone is not routed, and its owner is told', async () => {
    expect(await by('alone')).toBe(404)
    expect(await issues(program)).toContainEqual({
      object: 'Ingress default/alone-v2',
      field: 'spec.rules[0].http.paths[0]',
      reason: expect.stringContaining('no main Ingress has / (Prefix) of host alone.example'),
    })
  })
})

test('on every connection, whichever worker has it, the weights hold within 1 %', async () => {
  const requests = 1_000
  for (let connection = 0; connection < 4; connection++) {
    const client = await keep(rawClient(program.http))
    const counts: Record<string, number> = { main: 0, v2: 0, v3: 0 }
    for (let i = 0; i < requests; i++) {
      client.send(requestText({ host: 'weight.example' }))
      const response = await client.response()
      const name = response === undefined ? 'nobody' : server(response)
      counts[name] = (counts[name] ?? 0) + 1
    }
    const deviations = Object.entries({ main: 0.6, v2: 0.2, v3: 0.2 }).map(([name, share]) => Math.abs((counts[name] ?? 0) / requests - share))
    expect(Math.max(...deviations)).toBeLessThanOrEqual(0.01)
  }
})

test('log and metrics name the canary beside the main Service', async () => {
  await ask(program.http, { host: 'field.example', target: '/logged', fields: [['X-Canary', 'always']] })
  const line = () => program.stdout.find((text) => text.includes('/logged'))
  expect(await program.when(() => line() !== undefined)).toBe(true)
  expect(line()).toContain(`[default-main-80] [default-v2-80] 127.0.0.1:${endpoint('v2').port} `)
  await until('the canary is counted', async () => await metric(program, 'lintel_requests_total', 'ingress="field-main",canary="default-v2-80",status="200"') > 0)
})

describe('changes', () => {
  const always = { 'canary-weight': '100' }

  test('without endpoints the main Service answers, with them the canary', async () => {
    const show = (...endpoints: Echo[]) => write('scaled.yaml', [...app('scaled', ...endpoints), main('scaled'), canary('scaled', 'scaled', always)])
    await show()
    expect(await by('scaled')).toBe('main')
    await show(endpoint('v2'))
    expect(await by('scaled')).toBe('v2')
    await show()
    expect(await by('scaled')).toBe('main')
  })

  test('the canary may come before its main Ingress, change, and go', async () => {
    program.write('order.yaml', toYaml([canary('v2', 'order', always)]))
    await until('the canary is known', async () => (await issues(program)).some(({ object }) => object === 'Ingress default/order-v2'))
    expect(await by('order')).toBe(404)
    await write('order.yaml', [main('order'), canary('v2', 'order', always)])
    expect(await by('order')).toBe('v2')
    await write('order.yaml', [main('order'), canary('v3', 'order', always)])
    expect(await by('order')).toBe('v3')
    await write('order.yaml', [main('order'), canary('v3', 'order', { 'canary-weight': '0' })])
    expect(await by('order')).toBe('main')
    await write('order.yaml', [main('order')])
    expect(await by('order')).toBe('main')
  })
})
