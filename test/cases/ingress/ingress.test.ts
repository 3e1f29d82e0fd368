// The ingress format's parts: what is produced from `given`, what is demanded by `expected`, and what is skipped rather than passed.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { echoUpstream } from '../../support/echo.ts'
import { rawClient } from '../../support/raw-client.ts'
import { loadCases } from '../cases.ts'
import { INGRESS_CASE, type IngressCase } from './case.ts'
import { changeBefore, mostReplicas } from './change.ts'
import type { Context } from './checks.ts'
import { plan } from './expectations.ts'
import { sameLocation } from './field-values.ts'
import { flags, manifests, serviceNames } from './given.ts'
import { skipReasons } from './suite.ts'
import { startServers } from './servers.ts'
import type { Seen } from './request.ts'
import { textFrame } from './websocket.ts'

const file = await loadCases(join(import.meta.dir, '..', 'ingress-nginx.yaml'))
const corpus = file.format === 'ingress' ? file.cases : []
const corpusCase = (id: string): IngressCase => {
  const found = corpus.find((given) => given.id === id)
  if (!found) throw new Error(`no case ${id}`)
  return found
}

function made(fields: object): IngressCase {
  return INGRESS_CASE.parse({ id: 'x', feature: 'x', given: {}, request: {}, expected: { status: 200 }, ...fields })
}

const produced = ({ given }: IngressCase) =>
  manifests(given, { auth: 9, services: new Map(serviceNames(given).map((name) => [name, [8001, 8002]])) })

test('one Ingress: class, annotations, backend, a slice for each endpoint', async () => {
  const objects = await produced(
    made({
      given: { ingresses: [{ host: 'a.test', backend: 'echo:80', annotations: { 'auth-url': 'http://AUTH/x', 'enable-cors': true } }] },
    }),
  )
  expect(objects).toContainEqual(
    expect.objectContaining({
      kind: 'Ingress',
      metadata: expect.objectContaining({
        name: 'a.test',
        annotations: { 'nginx.ingress.kubernetes.io/auth-url': 'http://127.0.0.1:9/x', 'nginx.ingress.kubernetes.io/enable-cors': 'true' },
      }),
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'a.test',
            http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'echo', port: { number: 80 } } } }] },
          },
        ],
      },
    }),
  )
  const slices = objects.filter((object) => 'addressType' in object)
  expect(slices).toMatchObject(
    [8001, 8002].map((port) => ({ metadata: { labels: { 'kubernetes.io/service-name': 'echo' } }, ports: [{ name: 'p80', port }] })),
  )
})

test('classes: own, another controller, by annotation, none', async () => {
  const objects = await produced(corpusCase('class-other-controller-ignored'))
  const classes = objects.filter((object) => 'kind' in object && object.kind === 'IngressClass')
  expect(classes).toMatchObject([
    { metadata: { name: 'nginx' }, spec: { controller: 'k8s.io/ingress-nginx' } },
    { metadata: { name: 'test-new-ingress-class' }, spec: { controller: 'k8s.io/other-class' } },
  ])
  const annotated = (await produced(corpusCase('class-annotation-other-ignored'))).filter((object) => 'kind' in object && object.kind === 'Ingress')
  expect(annotated[0]).toMatchObject({ metadata: { annotations: { 'kubernetes.io/ingress.class': 'testclass' } } })
  expect(annotated[0]).not.toHaveProperty('spec.ingressClassName')
})

test('Secrets: made for tls, absent or empty where said so', async () => {
  const secrets = async (id: string) => (await produced(corpusCase(id))).filter((object) => 'kind' in object && object.kind === 'Secret')
  expect(await secrets('hsts-max-age')).toMatchObject([{ type: 'kubernetes.io/tls', metadata: { name: 'settings-tls' } }])
  expect(await secrets('ssl-redirect-default-when-secret-missing')).toEqual([])
  expect(await secrets('tls-invalid-secret-serves-fake-cert')).toMatchObject([{ type: 'Opaque' }])
})

test('services: those named, but not those missing by name, and a resource is none', () => {
  expect(serviceNames(corpusCase('backend-service-missing-503').given)).toEqual([])
  expect(serviceNames(corpusCase('backend-resource-ref-404').given)).toEqual(['echo'])
  expect(serviceNames(corpusCase('default-backend-service-flag').given)).toEqual(['echo'])
  expect(flags(corpusCase('default-backend-service-flag').given)).toContain('--default-backend-service=e2e/echo')
})

test.each([
  ['an unknown expectation', { expected: { status: 200, grpc_status: 0 } }, 'expected.grpc_status'],
  ['a value in words', { expected: { status: 'as the error backend answers' } }, 'expected.status'],
  ['no expectation', { expected: {} }, 'nothing is stated'],
  ['an unknown part of the request', { request: { kubernetes: 'LIST events' } }, 'request.kubernetes'],
  ['an unknown part of the cluster', { given: { nodes: 3 } }, 'given.nodes'],
  ['an origin in unknown words', { given: { upstream: 'sings' } }, 'sings'],
  ['an object in unknown words', { given: { objects: { 'secret/x': 'something' } } }, 'secret/x'],
  [
    'an unknown change',
    { request: undefined, steps: [{ change: 'paint it black', request: {}, expected: { status: 200 } }] },
    'paint it black',
  ],
])('skipped: %s', (_, fields, reason) => {
  expect(skipReasons(made(fields)).join()).toContain(reason)
})

test('the features of the core run whole', () => {
  const core = [
    'path-types',
    'hosts',
    'default-backend',
    'tls',
    'ssl-redirect',
    'hsts',
    'app-root',
    'rewrite-target',
    'use-regex',
    'ingress-class',
    'service',
    'validation',
  ]
  expect(corpus.filter(({ feature }) => core.includes(feature)).flatMap(skipReasons)).toEqual([])
})

const context: Context = { ports: { http: 8080, https: 8443 }, fingerprints: new Map([['s', 'AA']]), said: 'said', running: true }
const response = {
  status: 200,
  fields: [
    ['Location', 'http://a:80/x'],
    ['Set-Cookie', 'aff=1; path=/'],
    ['x-served-by', 'main'],
  ] as const,
  body: 'hello',
  complete: true,
}
const seen: Seen = { responses: [response], reached: [], tls: null, durationMs: 2000, websocketEchoed: false, exit: null }
const complaints = (expected: object, of: Seen = seen) => plan({ ...expected }).checkers.flatMap((check) => check(of, context))

test.each([
  [{ status: 200 }, { status: 404 }],
  [{ status: '2xx' }, { status: '5xx' }],
  [{ headers: { location: 'http://a/x' } }, { headers: { location: 'http://a/y' } }],
  [{ headers: { location: '*' } }, { headers: { Server: '*' } }],
  [{ headers_absent: ['Server'] }, { headers_absent: ['location'] }],
  [{ header_count: { Location: 1 } }, { header_count: { Location: 2 } }],
  [{ served_by: 'main' }, { served_by: 'canary' }],
  [{ body_contains: ['hell', 'o'] }, { body_contains: 'bye' }],
  [{ body_not_contains: 'bye' }, { body_not_contains: 'hello' }],
  [{ set_cookie: 'aff' }, { set_cookie: { contains: ['aff=', 'Domain=x'] } }],
  [{ no_set_cookie: 'other' }, { no_set_cookie: true }],
  [{ counts: { 200: 1 } }, { counts: { 200: 1, 503: 1 } }],
  [{ duration: 'about 2 s' }, { duration: 'about 9 s' }],
  [{ log_contains: 'said' }, { log_contains: 'unsaid' }],
  [{ distribution: { main_min: 1 } }, { distribution: { canary_min: 1 } }],
])('%j holds, %j does not', (holds, fails) => {
  expect(complaints(holds)).toEqual([])
  expect(complaints(fails)).not.toEqual([])
})

test('no answer, no request at the origin and no TLS are complaints, not passes', () => {
  expect(complaints({ status: 200 }, { ...seen, responses: [undefined] })).not.toEqual([])
  expect(complaints({ headers_absent: ['x'] }, { ...seen, responses: [] })).not.toEqual([])
  expect(complaints({ upstream: { headers_absent: ['x'] } })).not.toEqual([])
  expect(complaints({ tls: { chain_length: 1 } })).not.toEqual([])
})

test('Location: default ports may be left out, other differences not', () => {
  expect(sameLocation('https://a.test', 'https://a.test:443', context.ports)).toBe(true)
  expect(sameLocation('https://a.test:8443/x', 'https://a.test/x', context.ports)).toBe(true)
  expect(sameLocation('https://a.test/', 'https://a.test', context.ports)).toBe(false)
  expect(sameLocation('https://a.test:80/x', 'https://a.test/x', context.ports)).toBe(false)
})

test('changes: replicas, annotations, and those an id implies', () => {
  const scaled = corpusCase('endpoints-scale-down-to-zero-503')
  expect(mostReplicas(scaled)).toBe(2)
  const change = changeBefore(scaled, 1)
  expect(change && change !== 'unknown' && change.given(scaled.given).replicas).toBe(0)
  const implied = changeBefore(corpusCase('tls-host-changed'), 0)
  expect(implied && implied !== 'unknown' && implied.given(corpusCase('tls-host-changed').given).ingresses[0]?.host).toBe('foo2.com')
})

test('the origins of a case: test-server paths and a WebSocket that echoes', async () => {
  const servers = await startServers(['echo'], { behaviour: {}, replicas: 1, tls: [] })
  const client = await rawClient(servers.services.get('echo')?.[0]?.port ?? 0)
  client.send('GET /status/418 HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(await client.response()).toMatchObject({ status: 418 })
  client.send(
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  expect((await client.response())?.fields).toContainEqual(['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='])
  client.send(textFrame('hi', { masked: true }), [])
  expect(await client.when(() => client.rest().equals(textFrame('hi', { masked: false })))).toBe(true)
  client.destroy()
  await servers.close()
})

test('a stopped origin refuses connections', async () => {
  const echo = await echoUpstream()
  await echo.close()
  await expect(rawClient(echo.port)).rejects.toThrow()
})
