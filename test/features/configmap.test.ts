// The ConfigMap as input: merged over the defaults while the program runs, each key alone; what is bad or unknown is said.
import { beforeAll, expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, configure, CONFIGURED, issues, resources, route } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: [CONFIGURED], manifests: [...app('app', await keep(echoUpstream())), route({ to: 'app' })] }))
})

const redirect = async () => (await ask(program.http, {})).status
const issueOf = (field: string) => until(`an issue of ${field}`, async () => (await issues(program)).find((issue) => issue.field === field))

test('keys hold while they are there; the defaults before, beside and after them', async () => {
  expect(await redirect()).toBe(200)
  await configure(program, { 'force-ssl-redirect': 'true' })
  expect(await redirect()).toBe(308)
  await configure(program, { 'force-ssl-redirect': 'true', 'http-redirect-code': '302' })
  expect(await redirect()).toBe(302)
  await applied(program, () => program.remove('settings.yaml'))
  expect(await redirect()).toBe(200)
  expect(await issues(program)).toEqual([{ object: 'ConfigMap default/settings', field: '', reason: 'does not exist, and --configmap names it: the defaults hold until it does' }])
})

test('a bad value is an issue with the key, the value and the remedy; its default stands and its neighbours hold', async () => {
  await configure(program, { 'force-ssl-redirect': 'true', 'http-redirect-code': '418', 'proxy-body-size': 'big' })
  expect(await redirect()).toBe(308)
  expect(await issueOf('http-redirect-code')).toMatchObject({ object: 'ConfigMap default/settings', reason: expect.stringMatching(/418.*301, 302, 307 or 308/) })
  expect((await issueOf('proxy-body-size')).reason).toContain('big')
})

test('an unknown key is an issue, with the key that may be meant', async () => {
  await configure(program, { 'force-ssl-redirekt': 'true', 'ssl-redirect': 'true', 'server-tokens': 'true' })
  expect((await issueOf('force-ssl-redirekt')).reason).toMatch(/unknown.*force-ssl-redirect\?/)
  expect(await redirect()).toBe(200)
})

test('a known key that does not act yet says so', async () => {
  await configure(program, { 'use-geoip2': 'true', 'hide-headers': 'x-a' })
  expect((await issueOf('use-geoip2')).reason).toContain('not supported yet')
})

test('a mended ConfigMap has no issues', async () => {
  await configure(program, { 'server-tokens': 'true' })
  expect(values((await ask(program.http, {})).fields, 'server')).toEqual(['lintel'])
  await until('no issues', async () => (await issues(program)).length === 0)
})

test('a key that protects and is not built fails closed: 503 everywhere', async () => {
  await configure(program, { 'whitelist-source-range': '10.0.0.0/8' })
  const response = await ask(program.http, {})
  expect([response.status, values(response.fields, 'x-served-by')]).toEqual([503, []])
  expect((await issueOf('whitelist-source-range')).reason).toContain('503')
})
