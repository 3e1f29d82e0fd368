// proxy-ssl-*: what endpoints over TLS are shown, what they must show, and that nobody else gets a request, in HTTP/1.1 and HTTP/2.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { backend, ingress, secret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, issues, metric, resources, server } from './scene.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const keep = resources()
const root = await certificate({ names: ['root'], subject: 'CN=Root', ca: true })
const middle = await certificate({ names: ['middle'], subject: 'CN=Middle', ca: true, issuer: root })
const inner = await certificate({ names: ['inner'], subject: 'CN=Inner', ca: true, issuer: middle })
const stranger = await certificate({ names: ['stranger'], subject: 'CN=Stranger', ca: true })
const ours = await certificate({ names: ['lintel'], subject: 'CN=lintel', issuer: root })
const newer = await certificate({ names: ['lintel'], subject: 'CN=newer', issuer: root })
const NAMES = ['good.inner', 'good.default.svc']
const chain = (leaf: TestCertificate, ...issuers: readonly TestCertificate[]) => ({ cert: [leaf, ...issuers].map(({ cert }) => cert).join(''), key: leaf.key })
const shown = {
  good: await certificate({ names: NAMES, issuer: root }), self: await certificate({ names: NAMES }), foreign: await certificate({ names: NAMES, issuer: stranger }),
  deeper: chain(await certificate({ names: NAMES, issuer: inner }), inner, middle),
} as const
type Endpoint = keyof typeof shown | 'old'

/** HTTP/2 over TLS that says who came: SNI and the common name of the client's certificate. */
async function h2Endpoint({ cert, key }: { readonly cert: string; readonly key: string }) {
  const listening = createSecureServer({ cert, key, ca: root.cert, requestCert: true, rejectUnauthorized: false })
  let came = ''
  listening.on('secureConnection', (socket) => { came = `${String('servername' in socket && socket.servername)} ${socket.getPeerCertificate()?.subject?.CN}` })
  listening.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'x-served-by': came })
    stream.end('')
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', () => resolve()))
  const { port }: AddressInfo = Object.assign({ address: '', family: '', port: 0 }, listening.address())
  return { port, close: () => new Promise<void>((resolve) => { listening.close(() => resolve()); resolve() }) }
}

const VERIFIED = { secret: 'default/both', verify: 'on', name: 'good.inner' }
const ROUTES: Readonly<Record<string, readonly [to: Endpoint | 'h2-good' | 'h2-self', annotations: Readonly<Record<string, string>>]>> = {
  'plain': ['self', {}],
  'secretless': ['self', { verify: 'on', name: 'nobody.inner' }],
  'unverified': ['self', { secret: 'default/both' }],
  'verified': ['good', VERIFIED],
  'named': ['good', { ...VERIFIED, 'server-name': 'on' }],
  'defaults': ['good', { 'secret': 'default/both', 'verify': 'on', 'server-name': 'on' }],
  'misnamed': ['good', { ...VERIFIED, name: 'other.inner' }],
  'self-signed': ['self', VERIFIED],
  'foreign': ['foreign', VERIFIED],
  'deeper': ['deeper', VERIFIED],
  'deeper-allowed': ['deeper', { ...VERIFIED, 'verify-depth': '2' }],
  'only-ca': ['good', { ...VERIFIED, secret: 'default/only-ca' }],
  'old': ['old', { ...VERIFIED, protocols: 'TLSv1.3' }],
  'old-allowed': ['old', { ...VERIFIED, protocols: 'TLSv1.2 TLSv1.3', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }],
  'no-ca': ['good', { ...VERIFIED, secret: 'default/no-ca' }],
  'missing': ['good', { ...VERIFIED, secret: 'default/missing' }],
  'broken': ['good', { ...VERIFIED, secret: 'default/broken' }],
  'elsewhere': ['good', { ...VERIFIED, secret: 'elsewhere/both' }],
  'nonsense': ['good', { ...VERIFIED, secret: 'no-namespace' }],
  'live': ['good', { ...VERIFIED, secret: 'default/live' }],
  'h2': ['h2-good', { ...VERIFIED, 'server-name': 'on' }],
  'h2-untrusted': ['h2-self', VERIFIED],
  'h2-misnamed': ['h2-good', { ...VERIFIED, name: 'other.inner' }],
}
const credential = (name: string, data: Readonly<Record<string, string>>) => secret({ name }, data)
const both = { 'ca.crt': root.cert, 'tls.crt': ours.cert, 'tls.key': ours.key }
const setLive = (data: Readonly<Record<string, string>>) => program.write('live.yaml', toYaml([credential('live', data)]))

let program: Program
const echoes = new Map<string, Echo>()
beforeAll(async () => {
  for (const [name, pair] of Object.entries(shown)) echoes.set(name, await keep(echoUpstream({ tls: { cert: pair.cert, key: pair.key, requestCert: true } })))
  echoes.set('old', await keep(echoUpstream({ tls: { ...chain(shown.good), requestCert: true, maxVersion: 'TLSv1.2' } })))
  const [good, self] = [await keep(h2Endpoint(shown.good)), await keep(h2Endpoint(shown.self))]
  const route = (name: string, [to, annotations]: (typeof ROUTES)[string]) => ingress({
    metadata: { name, annotations: { [`${PREFIX}backend-protocol`]: to.startsWith('h2') ? 'GRPCS' : 'HTTPS', ...Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${PREFIX}proxy-ssl-${key}`, value])) } },
    rules: [{ host: `${name}.example`, paths: [{ backend: backend(to) }] }],
  })
  program = await keep(start({ manifests: [
    ...[...echoes].flatMap(([name, echo]) => app(name, echo)), ...app('h2-good', good), ...app('h2-self', self),
    credential('both', both), credential('only-ca', { 'ca.crt': root.cert }), credential('no-ca', { 'tls.crt': ours.cert, 'tls.key': ours.key }), credential('broken', { ...both, 'tls.key': newer.key }),
    ...Object.entries(ROUTES).map(([name, given]) => route(name, given)),
  ] }))
  await applied(program, () => setLive(both))
})

const get = (name: string) => ask(program.http, { host: `${name}.example` })
const last = (name: Endpoint) => echoes.get(name)?.connections.at(-1)?.tls

test.each([
  ['plain', 'echo'], ['secretless', 'echo'], ['unverified', 'echo'], ['verified', 'echo'], ['named', 'echo'], ['defaults', 'echo'], ['only-ca', 'echo'], ['deeper-allowed', 'echo'], ['old-allowed', 'echo'],
  ['misnamed', 502], ['self-signed', 502], ['foreign', 502], ['deeper', 502], ['old', 502],
  ['no-ca', 503], ['missing', 503], ['broken', 503], ['elsewhere', 503], ['nonsense', 503],
  ['h2', 'good.inner lintel'], ['h2-untrusted', 502], ['h2-misnamed', 502],
])('%s: %s', async (name, who) => {
  const before = [...echoes.values()].reduce((sum, { requests }) => sum + requests.length, 0)
  expect(server(await get(name))).toBe(who)
  const came = [...echoes.values()].reduce((sum, { requests }) => sum + requests.length, 0) - before
  expect(came).toBe(who === 'echo' ? 1 : 0) // nobody who is not trusted has seen a request
})

test.each([
  ['verified', 'good', { sni: null, clientCertificate: true }], ['named', 'good', { sni: 'good.inner', clientCertificate: true }],
  ['defaults', 'good', { sni: 'good.default.svc', clientCertificate: true }], ['only-ca', 'good', { sni: null, clientCertificate: false }], ['plain', 'self', { sni: null, clientCertificate: false }],
] as const)('%s: what the endpoint sees', async (name, endpoint, seen) => {
  expect(server(await get(name))).toBe('echo')
  expect(echoes.get(endpoint)?.connections.map(({ tls }) => tls)).toContainEqual(seen)
})

test('routes with other rules share no connection', async () => {
  for (const name of ['verified', 'named', 'defaults', 'only-ca']) await get(name)
  const before = echoes.get('good')?.connections.length ?? 0
  for (const name of ['verified', 'named', 'defaults', 'only-ca', 'misnamed']) await get(name)
  const fresh = echoes.get('good')?.connections.slice(before) ?? []
  expect(fresh.filter(({ requests }) => requests.length > 0)).toEqual([]) // each has its own, and used it again
})

test('reasons are counted', async () => {
  // Six routes, of which each was asked once; the one without a version in common is a connection that failed.
  expect(await metric(program, 'lintel_upstream_errors_total', 'reason="upstream_untrusted"')).toBeGreaterThanOrEqual(6)
  expect(await metric(program, 'lintel_upstream_errors_total', 'reason="connect_failed"')).toBeGreaterThanOrEqual(1)
})

describe('fail closed', () => {
  test.each(['no-ca', 'missing', 'broken', 'elsewhere', 'nonsense'])('%s: an issue says so', async (name) => {
    const found = (await issues(program)).filter(({ object }) => object === `Ingress default/${name}`)
    expect(found).toMatchObject([{ reason: expect.stringContaining('503') }])
    expect(JSON.stringify(found)).not.toContain('BEGIN')
  })
  test('without a Secret: what is not done is an issue', async () => {
    expect((await issues(program)).filter(({ object }) => object === 'Ingress default/secretless')).toMatchObject([{ field: `${PREFIX}proxy-ssl-name` }, { field: `${PREFIX}proxy-ssl-verify` }])
  })
})

describe('another Secret', () => {
  test('holds for the next connection', async () => {
    expect(server(await get('live'))).toBe('echo')
    setLive({ 'ca.crt': stranger.cert })
    await until('the authority counts', async () => server(await get('live')) === 502)
    setLive({ 'ca.crt': root.cert, 'tls.crt': newer.cert, 'tls.key': newer.key })
    await until('the old one is back', async () => server(await get('live')) === 'echo')
    expect(last('good')).toMatchObject({ clientCertificate: true })
  })
  test('that is broken: the last good one goes on', async () => {
    setLive({ ...both, 'ca.crt': 'nothing' })
    await until('an issue', async () => (await issues(program)).some(({ object, reason }) => object === 'Secret default/live' && reason.includes('last good')))
    expect(server(await get('live'))).toBe('echo')
  })
})

test('no key and no certificate shows on the admin port', async () => {
  for (const page of ['/table', '/issues']) {
    const text = JSON.stringify(await program.get(page))
    expect(text).not.toContain('BEGIN')
    expect(text).not.toContain(ours.key.slice(40, 80))
  }
})
