// `lintel explain` beside the real program: what it says of a URL is what a request to it meets.
import { beforeAll, expect, test } from 'bun:test'
import { z } from 'zod'
import { app, ask, resources, route, server } from '../features/scene.ts'
import { certificate } from '../support/certificate.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { ingress, backend, tlsSecret } from '../support/manifests.ts'
import { freePort } from '../support/ports.ts'
import { type Program, start } from '../support/program.ts'
import { until } from '../support/until.ts'
import { lintel } from './command.ts'

const keep = resources()
const explained = z.object({
  url: z.string(), path: z.string(), hint: z.string(),
  answer: z.object({
    host: z.string(), ingress: z.string(), path: z.object({ kind: z.string(), value: z.string() }), policies: z.looseObject({}),
    backends: z.array(z.object({ backend: z.string(), protocol: z.string(), endpoints: z.array(z.object({ address: z.string(), port: z.number(), state: z.string() })) })),
  }).nullable(),
  certificate: z.object({ id: z.string(), names: z.array(z.string()) }).nullable(),
  lost: z.array(z.object({ host: z.string(), path: z.string(), ingress: z.string(), why: z.string() })),
  issues: z.array(z.object({ field: z.string(), reason: z.string() })),
})

const NAMES = ['exact', 'prefix', 'deep', 'pattern', 'wild', 'anywhere', 'older', 'younger', 'steady', 'next'] as const
let program: Program
let dead = 0

beforeAll(async () => {
  const echoes = new Map<string, Echo>()
  for (const name of NAMES) echoes.set(name, await keep(echoUpstream({ name })))
  const services = [...echoes].flatMap(([name, echo]) => app(name, echo))
  dead = await freePort()
  const half = app('half', await keep(echoUpstream({ name: 'half' })), { port: dead })
  const made = await certificate({ names: ['app.example'] })
  const clear = { 'nginx.ingress.kubernetes.io/ssl-redirect': 'false' }
  const regex = { ...clear, 'nginx.ingress.kubernetes.io/use-regex': 'true', 'nginx.ingress.kubernetes.io/proxy-body-size': 'huge' }
  const canary = { 'nginx.ingress.kubernetes.io/canary': 'true', 'nginx.ingress.kubernetes.io/canary-weight': '0' }
  program = await keep(start({ manifests: [
    ...services, ...half,
    route({ to: 'exact', path: '/tea', pathType: 'Exact', annotations: clear }), route({ to: 'prefix', path: '/tea', annotations: clear }), route({ to: 'deep', path: '/tea/green', annotations: clear }),
    route({ to: 'pattern', path: '/t[a-z]+/green/.*', annotations: regex }),
    route({ to: 'wild', host: '*.example' }),
    ingress({ metadata: { name: 'anywhere' }, rules: [{ paths: [{ path: '/', backend: backend('anywhere') }] }] }),
    route({ to: 'older', host: 'two.example', creationTimestamp: '2020-01-01T00:00:00Z' }),
    route({ to: 'younger', host: 'two.example', creationTimestamp: '2021-01-01T00:00:00Z' }),
    route({ to: 'steady', host: 'canary.example' }), route({ to: 'next', host: 'canary.example', annotations: canary }),
    route({ to: 'half', host: 'half.example' }), route({ to: 'gone', host: 'gone.example' }),
    ingress({ metadata: { name: 'tls' }, tls: [{ hosts: ['app.example'], secretName: 'app' }], rules: [{ host: 'app.example' }] }),
    tlsSecret({ name: 'app' }, made),
  ], flags: ['--configmap=default/none'] }))
})

async function explain(url: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await lintel(['explain', url, '--output=json', ...(more.length > 0 ? more : [`--admin=http://127.0.0.1:${program.admin}`])])
  expect(stderr).toBe('')
  return { code, ...explained.parse(JSON.parse(stdout)) }
}

test.each([
  ['app.example', '/tea'], ['app.example', '/tea/'], ['app.example', '/tea/green'], ['app.example', '/TEA/green/x'], ['app.example', '/teas'],
  ['APP.example.:8080', '/x/../tea/%67reen'], ['b.example', '/tea'], ['a.b.example', '/'], ['two.example', '/'], ['canary.example', '/x?y=1'],
])('http://%s%s: whom it names is who answers', async (host, target) => {
  const found = await explain(`http://${host}${target}`)
  const answer = await ask(program.http, { host, target })
  expect(found.answer?.ingress ?? 404).toBe(typeof server(answer) === 'string' ? `default/${server(answer)}` : 404)
  expect(found.code).toBe(found.answer === null ? 1 : 0)
})

test('losers and why, in the order in which they would answer', async () => {
  const { answer, lost } = await explain('https://app.example/tea/green/x')
  expect(answer).toMatchObject({ host: 'app.example', ingress: 'default/pattern', path: { kind: 'regex', value: '/t[a-z]+/green/.*' } })
  expect(lost).toEqual([
    { host: 'app.example', path: '/tea/green', ingress: 'default/deep', why: '/t[a-z]+/green/.* is longer' },
    { host: 'app.example', path: '/tea', ingress: 'default/prefix', why: '/t[a-z]+/green/.* is longer' },
    { host: '*.example', path: '/', ingress: 'default/wild', why: 'the host app.example goes before the wildcard' },
    { host: '', path: '/', ingress: 'default/anywhere', why: 'the host app.example goes before rules without a host' },
  ])
  const exact = await explain('http://app.example/tea')
  expect(exact.lost[0]).toEqual({ host: 'app.example', path: '/tea', ingress: 'default/prefix', why: '/tea is equal to the path of the request' })
})

test('the younger of two Ingresses for one path', async () => {
  const { answer, lost } = await explain('http://two.example/')
  expect(answer?.ingress).toBe('default/older')
  expect(lost[0]).toEqual({ host: 'two.example', path: '/', ingress: 'default/younger', why: 'Ingress default/older is older, or comes first by name' })
})

test('a host without such a path answers 404, though a wildcard has it', async () => {
  const { code, answer, hint, lost } = await explain('http://app.example/nothing')
  expect({ code, answer }).toEqual({ code: 1, answer: null })
  expect(hint).toContain('no path of app.example matches; there are /tea (exact), ')
  expect(lost[0]).toEqual({ host: '*.example', path: '/', ingress: 'default/wild', why: 'the host app.example goes before the wildcard, though it has no such path' })
})

test('certificate: the host\'s own, else the default; none in clear', async () => {
  expect((await explain('https://app.example/tea')).certificate).toMatchObject({ id: 'default/app', names: ['app.example'] })
  expect((await explain('https://b.example/tea')).certificate).toMatchObject({ id: '' })
  expect((await explain('http://app.example/tea')).certificate).toBeNull()
})

test('backends: the canary too; none has no endpoints; issues of the Ingress', async () => {
  expect((await explain('http://canary.example/')).answer?.backends.map(({ backend: key }) => key)).toEqual(['default/steady:80', 'default/next:80'])
  expect((await explain('http://gone.example/')).answer?.backends).toMatchObject([{ backend: 'default/gone:80', endpoints: [] }])
  expect((await explain('https://app.example/tea/green/x')).issues).toMatchObject([{ field: 'nginx.ingress.kubernetes.io/proxy-body-size' }])
})

test('endpoints: how the workers find them', async () => {
  const stateOf = async (port: number) => (await explain('http://half.example/')).answer?.backends[0]?.endpoints.find((each) => each.port === port)?.state
  expect(await stateOf(dead)).toBe('well')
  await until('the dead endpoint is left out', async () => {
    await ask(program.http, { host: 'half.example' })
    return /^(?:ejected|trial)/.test((await stateOf(dead)) ?? '')
  })
})

test('from the folder: the same but for the endpoints\' health', async () => {
  const [live, built] = [await explain('https://app.example/tea/green'), await explain('https://app.example/tea/green', `--manifests=${program.folder}`)]
  expect(built.answer?.backends[0]?.endpoints[0]?.state).toBe('unknown')
  const strip = ({ answer, ...rest }: typeof live) => ({ ...rest, answer: answer && { ...answer, backends: answer.backends.map(({ backend: key }) => key) } })
  expect(strip(built)).toEqual(strip(live))
})

test('text: one fact a line', async () => {
  const { code, stdout } = await lintel(['explain', 'https://app.example/tea', `--admin=http://127.0.0.1:${program.admin}`])
  expect(code).toBe(0)
  const rows = stdout.trimEnd().split('\n').map((line) => line.split(/ {2,}/)[0])
  expect(rows).toEqual(['host', 'path', 'Ingress', ...rows.filter((row) => row === 'policy'), 'backend', 'endpoint', 'certificate', 'lost', 'lost', 'lost'])
  expect(stdout).toMatch(/^path +\/tea \(exact\)$/m)
  expect(stdout).toMatch(/^lost +app\.example \/tea of Ingress default\/prefix: \/tea is equal to the path of the request$/m)
})

test('no URL, and nobody on the admin port: one line, exit code 2', async () => {
  expect(await lintel(['explain', 'http://a b/'])).toMatchObject({ code: 2, stdout: '' })
  const closed = await lintel(['explain', 'http://app.example/', `--admin=http://127.0.0.1:${dead}`])
  expect(closed.code).toBe(2)
  expect(closed.stderr).toStartWith(`lintel explain: http://127.0.0.1:${dead}/`)
  expect(closed.stderr.trimEnd().split('\n')).toHaveLength(1)
})
