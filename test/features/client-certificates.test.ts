// auth-tls-*: who may come with which certificate, what the endpoint hears of it, and that none counts for another host.
import { beforeAll, describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { backend, ingress, secret, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { revocationList } from '../support/revocation.ts'
import { until } from '../support/until.ts'
import { app, ask, echoed, issues, metric, requestText, resources } from './scene.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
const keep = resources()
const root = await certificate({ names: ['root'], subject: 'CN=Root,O=Acme', ca: true })
const middle = await certificate({ names: ['middle'], subject: 'CN=Middle', ca: true, issuer: root })
const inner = await certificate({ names: ['inner'], subject: 'CN=Inner', ca: true, issuer: middle })
const stranger = await certificate({ names: ['stranger'], subject: 'CN=Stranger', ca: true })
const chained = (leaf: TestCertificate, ...issuers: readonly TestCertificate[]) => ({ cert: [leaf, ...issuers].map(({ cert }) => cert).join(''), key: leaf.key })
const alice = await certificate({ names: ['alice'], subject: 'O=Acme, CN=alice', issuer: root })
const mallory = await certificate({ names: ['mallory'], subject: 'CN=mallory', issuer: root })
const deep = chained(await certificate({ names: ['deep'], subject: 'CN=deep', issuer: middle }), middle)
const deeper = chained(await certificate({ names: ['deeper'], subject: 'CN=deeper', issuer: inner }), inner, middle)
const foreign = await certificate({ names: ['foreign'], subject: 'CN=alice', issuer: stranger })
const self = await certificate({ names: ['self'], subject: 'CN=self' })

const HOSTS = {
  on: {},
  off: { 'verify-client': 'off' },
  optional: { 'verify-client': 'optional' },
  lenient: { 'verify-client': 'optional_no_ca' },
  deep: { 'verify-depth': '2' },
  page: { 'error-page': 'https://help.example/certificates' },
  pass: { 'pass-certificate-to-upstream': 'true' },
  cn: { 'match-cn': 'CN=(alice|bob)' },
  twin: {},
  other: { secret: 'default/other' },
  revoked: { secret: 'default/revoked' },
  stale: { secret: 'default/stale' },
  live: { secret: 'default/live' },
  missing: { secret: 'default/missing' },
  broken: { secret: 'default/broken' },
  elsewhere: { secret: 'elsewhere/ca' },
  nonsense: { secret: 'no-namespace' },
  badcn: { 'match-cn': 'CN=(' },
} as const
type Name = keyof typeof HOSTS
const hostOf = (name: string) => `${name}.mtls.example`

const annotated = (given: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries({ secret: 'default/ca', ...given }).map(([name, value]) => [`${PREFIX}/auth-tls-${name}`, value]))
const withRule = (name: string, given: Readonly<Record<string, string>>) => ingress({
  metadata: { name, annotations: given === PLAIN ? {} : annotated(given) }, tls: [{ hosts: [hostOf(name)], secretName: 'server' }],
  rules: [{ host: hostOf(name), paths: [{ backend: backend('app') }] }],
})
const PLAIN = {}
const authority = (name: string, ca: string, crl = '') => secret({ name }, { 'ca.crt': ca, ...(crl !== '' && { 'ca.crl': crl }) })
const setLive = (ca: string, crl = '') => program.write('live.yaml', toYaml([authority('live', ca, crl)]))

let program: Program
let echo: Echo
beforeAll(async () => {
  echo = await keep(echoUpstream())
  program = await keep(start({ manifests: [
    ...app('app', echo), tlsSecret({ name: 'server' }, await certificate({ names: ['*.mtls.example'] })),
    authority('ca', root.cert), authority('other', stranger.cert), authority('broken', 'no certificate'),
    authority('revoked', root.cert, await revocationList(root, [mallory])), authority('stale', root.cert, await revocationList(root, [], -1)),
    ...Object.entries(HOSTS).map(([name, given]) => withRule(name, given)), withRule('plain', PLAIN),
    ingress({ metadata: { name: 'clear', annotations: { ...annotated({}), [`${PREFIX}/ssl-redirect`]: 'false' } }, rules: [{ host: 'clear.mtls.example', paths: [{ backend: backend('app') }] }] }),
    ingress({ metadata: { name: 'secretless', annotations: { [`${PREFIX}/auth-tls-verify-client`]: 'on' } }, rules: [{ host: 'secretless.mtls.example', paths: [{ backend: backend('app') }] }] }),
    // Of a host that another Ingress protects: it is the host's matter.
    ingress({ metadata: { name: 'guest' }, rules: [{ host: hostOf('missing'), paths: [{ path: '/guest', backend: backend('app') }] }] }),
  ] }))
  setLive(root.cert)
  await until('the last Secret', async () => (await get('live', alice)).status === 200)
})

type Shown = { readonly cert: string; readonly key: string } | null
const get = (name: string, shown: Shown, asked: { target?: string; fields?: readonly (readonly [string, string])[] } = {}) =>
  ask(program.https, { host: hostOf(name), tls: { servername: hostOf(name), ...(shown !== null && { cert: shown.cert, key: shown.key }) }, ...asked })

const SHOWN = { nothing: null, alice, mallory, deep, deeper, foreign, self } as const
const CASES: readonly (readonly [Name, keyof typeof SHOWN, number])[] = [
  ['on', 'nothing', 400], ['on', 'alice', 200], ['on', 'foreign', 400], ['on', 'self', 400], ['on', 'deep', 200], ['on', 'deeper', 400],
  ['off', 'nothing', 200], ['off', 'foreign', 200],
  ['optional', 'nothing', 200], ['optional', 'alice', 200], ['optional', 'foreign', 400],
  ['lenient', 'nothing', 200], ['lenient', 'alice', 200], ['lenient', 'foreign', 200], ['lenient', 'self', 200], ['lenient', 'deeper', 400],
  ['deep', 'deep', 200], ['deep', 'deeper', 200],
  ['page', 'nothing', 302], ['page', 'foreign', 302], ['page', 'alice', 200],
  ['cn', 'alice', 200], ['cn', 'mallory', 403], ['cn', 'nothing', 400],
  ['revoked', 'alice', 200], ['revoked', 'mallory', 400], ['stale', 'alice', 400],
  ['other', 'foreign', 200], ['other', 'alice', 400],
  ['missing', 'alice', 403], ['broken', 'alice', 403], ['elsewhere', 'alice', 403], ['nonsense', 'alice', 403], ['badcn', 'alice', 403],
]
test.each(CASES)('%s with %s: %i', async (name, shown, status) => { expect((await get(name, SHOWN[shown])).status).toBe(status) })

test('auth-tls-error-page: where it says', async () => {
  expect((await get('page', null)).fields).toContainEqual(['Location', 'https://help.example/certificates'])
})

describe('what the endpoint hears', () => {
  const fields = async (name: Name, shown: Shown, sent: readonly (readonly [string, string])[] = []) => {
    const { headers } = echoed(await get(name, shown, { fields: sent }))
    return Object.fromEntries(headers.filter(([field]) => /^ssl[-_]client/i.test(field)).map(([field, value]) => [field.toLowerCase(), value]))
  }
  const ALICE = { 'ssl-client-verify': 'SUCCESS', 'ssl-client-subject-dn': 'CN=alice,O=Acme', 'ssl-client-issuer-dn': 'O=Acme,CN=Root' }
  test('of a good certificate', async () => { expect(await fields('on', alice)).toEqual(ALICE) })
  test('the certificate itself where auth-tls-pass-certificate-to-upstream says so', async () => {
    const { 'ssl-client-cert': passed = '', ...rest } = await fields('pass', alice)
    expect(rest).toEqual(ALICE)
    expect(passed).toMatch(/^-----BEGIN%20CERTIFICATE-----%0A[\w%]+%0A-----END%20CERTIFICATE-----%0A$/)
    expect(new X509Certificate(decodeURIComponent(passed)).fingerprint256).toBe(new X509Certificate(alice.cert).fingerprint256)
  })
  test('of none', async () => { expect([await fields('optional', null), await fields('off', alice)]).toEqual([{ 'ssl-client-verify': 'NONE' }, { 'ssl-client-verify': 'NONE' }]) })
  test('of one that is forgiven', async () => {
    expect(await fields('lenient', foreign)).toEqual({ 'ssl-client-verify': 'FAILED:unable to verify the first certificate', 'ssl-client-subject-dn': 'CN=alice', 'ssl-client-issuer-dn': 'CN=Stranger' })
  })
  test('never what the client says of itself', async () => {
    const lies = ['SSL-Client-Verify', 'ssl_client_verify', 'ssl-client_subject-dn', 'ssl-client-subject-dn', 'Ssl-Client-Issuer-Dn', 'ssl-client-cert'].map((name) => [name, 'SUCCESS'] as const)
    expect(await fields('optional', null, lies)).toEqual({ 'ssl-client-verify': 'NONE' })
    expect(echoed(await get('plain', null, { fields: lies })).headers.filter(([name]) => /ssl/i.test(name))).toEqual([])
  })
})

describe('in clear', () => {
  test('a host that redirects does so', async () => { expect((await ask(program.http, { host: hostOf('on') })).status).toBe(308) })
  test('one that does not is not served, whatever a field says', async () => {
    const before = echo.requests.length
    expect((await ask(program.http, { host: 'clear.mtls.example' })).status).toBe(400)
    expect((await ask(program.http, { host: 'clear.mtls.example', fields: [['X-Forwarded-Proto', 'https'], ['ssl-client-verify', 'SUCCESS']] })).status).toBe(400)
    expect(echo.requests.length).toBe(before)
  })
})

describe('fail closed', () => {
  test.each(['missing', 'broken', 'elsewhere', 'nonsense', 'badcn'] as const)('%s: an issue says so, without any of the data', async (name) => {
    const found = (await issues(program)).filter(({ object }) => object === `Ingress default/${name}`)
    expect(found).toMatchObject([{ field: expect.stringContaining('auth-tls-'), reason: expect.stringMatching(/403|503/) }])
  })
  test('the whole host, other Ingresses too', async () => { expect((await get('missing', alice, { target: '/guest' })).status).toBe(403) })
  test('verify-client without a Secret', async () => { expect((await ask(program.https, { host: 'secretless.mtls.example', tls: { servername: 'secretless.mtls.example' } })).status).toBe(403) })
  test('a Secret that comes late', async () => {
    program.write('late.yaml', toYaml([authority('missing', root.cert)]))
    await until('the host is served', async () => (await get('missing', alice)).status === 200)
    expect((await get('missing', null)).status).toBe(400)
  })
})

describe('another authority', () => {
  test('holds for the next request, also on a connection that is open', async () => {
    setLive(root.cert)
    await until('alice is known', async () => (await get('live', alice)).status === 200)
    const open = await rawClient(program.https, { tls: { servername: hostOf('live'), cert: alice.cert, key: alice.key } })
    open.send(requestText({ host: hostOf('live') }))
    expect((await open.response())?.status).toBe(200)
    setLive(stranger.cert)
    await until('alice is not known any more', async () => (await get('live', alice)).status === 400)
    open.send(requestText({ host: hostOf('live') }))
    expect([421, undefined]).toContain((await open.response())?.status)
    expect(await open.closed()).toBe(true)
  })
  test('a revocation list', async () => {
    setLive(root.cert)
    await until('alice is known', async () => (await get('live', alice)).status === 200)
    setLive(root.cert, await revocationList(root, [alice]))
    await until('alice is revoked', async () => (await get('live', alice)).status === 400)
    expect((await get('live', deep)).status).toBe(400) // of its issuer there is no list
    setLive(root.cert, await revocationList(root, []) + await revocationList(middle, []))
    await until('alice is good again', async () => (await get('live', alice)).status === 200)
    expect((await get('live', deep)).status).toBe(200)
  })
  test('one that can not be read: the last good one holds on', async () => {
    setLive(root.cert)
    await until('alice is known', async () => (await get('live', alice)).status === 200)
    for (const [ca, crl] of [['no certificate', ''], [root.cert, 'no list'], [`${root.cert}-----BEGIN CERTIFICATE-----\ncut`, ''], ['', '']] as const) {
      setLive(ca, crl)
      const issue = await until('an issue', async () => (await issues(program)).find(({ object }) => object === 'Secret default/live'))
      expect(issue.reason).toContain('last good')
      expect([(await get('live', alice)).status, (await get('live', null)).status]).toEqual([200, 400])
      setLive(root.cert)
      await until('no issue', async () => !(await issues(program)).some(({ object }) => object === 'Secret default/live'))
    }
  })
})

test('the metrics say why', async () => {
  await get('on', null)
  await get('on', foreign)
  await get('cn', mallory)
  for (const reason of ['client_certificate_missing', 'client_certificate_refused', 'client_certificate_subject']) {
    expect(await metric(program, 'lintel_own_answers_total', `reason="${reason}"`)).toBeGreaterThan(0)
  }
})
