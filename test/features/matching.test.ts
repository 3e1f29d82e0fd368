// Which Ingress answers a request: host, then path, as Kubernetes says; who wins where two want the same; whose class counts.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, ingressClass } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { app, ask, issues, resources, route, server } from './scene.ts'

const NAMES = ['exact', 'wild', 'any', 'root', 'short', 'long', 'equal', 'loose', 'older', 'younger'] as const
const keep = resources()

async function apps(): Promise<object[]> {
  const echoes = await Promise.all(NAMES.map((name) => keep(echoUpstream({ name }))))
  return echoes.flatMap((echo) => app(echo.name, echo))
}

describe('hosts and paths', () => {
  let program: Program
  beforeAll(async () => {
    const paths = [
      { path: '/', backend: backend('root') }, { path: '/a', backend: backend('short') }, { path: '/a/b/', backend: backend('long') },
      { path: '/a/b', pathType: 'Exact', backend: backend('equal') }, { path: '/loose', pathType: 'ImplementationSpecific', backend: backend('loose') },
    ]
    program = await keep(start({ manifests: [
      ...await apps(),
      route({ to: 'exact', host: 'a.example.com' }),
      route({ to: 'wild', host: '*.example.com' }),
      route({ to: 'any', host: '', path: '/any' }),
      ingress({ metadata: { name: 'paths' }, rules: [{ host: 'paths.example', paths }] }),
    ] }))
  })

  test.each([
    ['a.example.com', '/', 'exact'],
    ['A.Example.COM', '/', 'exact'],
    ['a.example.com:8080', '/', 'exact'],
    ['a.example.com.', '/', 'exact'],
    ['a.example.com.:80', '/', 'exact'],
    ['b.example.com', '/', 'wild'],
    ['B.EXAMPLE.com:1', '/', 'wild'],
    ['b.a.example.com', '/', 404],
    ['b.a.example.com', '/any', 'any'],
    ['example.com', '/', 404],
    ['other.test', '/any/thing', 'any'],
    ['other.test', '/anything', 404],
    ['a.example.com', '/any', 'exact'],
  ])('host %s %s → %s', async (host, target, by) => {
    expect(server(await ask(program.http, { host, target }))).toBe(by)
  })

  test.each([
    ['/', 'root'],
    ['/x', 'root'],
    ['/a', 'short'],
    ['/a?b=/a/b', 'short'],
    ['/a/', 'short'],
    ['/ab', 'root'],
    ['/a/bc', 'short'],
    ['/a/b', 'equal'],
    ['/a/b/', 'long'],
    ['/a/b/c', 'long'],
    ['/A/b', 'root'],
    ['/loose', 'loose'],
    ['/loose/x', 'loose'],
    ['/looser', 'root'],
    ['/x/../a/b', 'equal'],
    ['/%61/b', 'equal'],
    ['//a//b', 'equal'],
  ])('path %s → %s', async (target, by) => {
    expect(server(await ask(program.http, { host: 'paths.example', target }))).toBe(by)
  })
})

describe('conflicts', () => {
  let program: Program
  beforeAll(async () => {
    program = await keep(start({ manifests: [
      ...await apps(),
      route({ name: 'aaa', to: 'younger', creationTimestamp: '2024-02-02T00:00:00Z', host: 'age.example' }),
      route({ name: 'zzz', to: 'older', creationTimestamp: '2024-01-01T00:00:00Z', host: 'age.example' }),
      route({ name: 'second', to: 'younger', creationTimestamp: '2024-01-01T00:00:00Z', host: 'name.example' }),
      route({ name: 'first', to: 'older', creationTimestamp: '2024-01-01T00:00:00Z', host: 'name.example' }),
    ] }))
  })

  test('the oldest wins, whatever its name', async () => { expect(server(await ask(program.http, { host: 'age.example' }))).toBe('older') })
  test('of the same age the first by namespace/name wins', async () => { expect(server(await ask(program.http, { host: 'name.example' }))).toBe('older') })
  test('both losers, and only they, are issues that name the winner', async () => {
    const found = await issues(program)
    expect(found.map(({ object }) => object).toSorted()).toEqual(['Ingress default/aaa', 'Ingress default/second'])
    expect(found.find(({ object }) => object.endsWith('/aaa'))).toMatchObject({ field: 'spec.rules[0].http.paths[0]', reason: expect.stringContaining('default/zzz') })
  })
})

describe('classes', () => {
  const OURS = 'lintel.dev/ingress-controller'
  const classes = [ingressClass('ours', OURS), ingressClass('theirs', 'other.dev/controller')]
  const named = (name: string, to: string, className: string) =>
    ingress({ metadata: { name }, className, rules: [{ host: `${name}.example`, paths: [{ backend: backend(to) }] }] })
  const annotated = (name: string, to: string, value: string) => route({ name, to, host: `${name}.example`, annotations: { 'kubernetes.io/ingress.class': value } })
  const objects = [
    ...classes, named('ours', 'exact', 'ours'), named('theirs', 'wild', 'theirs'), annotated('legacy', 'any', 'nginx'), annotated('foreign', 'root', 'traefik'),
    route({ name: 'none', to: 'short', host: 'none.example' }),
  ]

  test.each([
    ['by default', [], { ours: 'exact', theirs: 404, legacy: 'any', foreign: 404, none: 'short' }],
    ['without those of no class', ['--watch-ingress-without-class=false'], { ours: 'exact', theirs: 404, legacy: 'any', foreign: 404, none: 404 }],
    ['another annotation value', ['--ingress-class=traefik'], { ours: 'exact', theirs: 404, legacy: 404, foreign: 'root', none: 'short' }],
    ['another controller', ['--controller-class', 'other.dev/controller'], { ours: 404, theirs: 'wild', legacy: 'any', foreign: 404, none: 'short' }],
  ])('%s', async (_, flags, expected) => {
    const program = await keep(start({ manifests: [...await apps(), ...objects], flags }))
    const served = await Promise.all(Object.keys(expected).map(async (name) => [name, server(await ask(program.http, { host: `${name}.example` }))]))
    expect(Object.fromEntries(served)).toEqual(expected)
    await program.stop()
  })
})
