// 421 Misdirected Request: a TLS connection carries requests for the hosts that its certificate covers, and for no host that has another one.
import { beforeAll, describe, expect, test } from 'bun:test'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient, type TlsOptions } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { h2Client, head, statusOf, textOf } from './http2-client.ts'
import { app, applied, ask, configure, CONFIGURED, metric, requestText, resources, route } from './scene.ts'

const keep = resources()
const withTls = (host: string, secretName: string) =>
  ingress({ metadata: { name: host.replace('*', 'any') }, tls: [{ hosts: [host], secretName }], rules: [{ host, paths: [{ backend: backend('app') }] }] })
const swap = (pair: TestCertificate) => program.write('swap.yaml', toYaml([tlsSecret({ name: 'swap' }, pair)]))

let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: ['--default-ssl-certificate=default/fallback', CONFIGURED], manifests: [
    ...app('app', await keep(echoUpstream())),
    withTls('one.example', 'one'), tlsSecret({ name: 'one' }, await certificate({ names: ['one.example'] })),
    withTls('two.example', 'two'), tlsSecret({ name: 'two' }, await certificate({ names: ['two.example', 'one.example'] })),
    withTls('*.wild.example', 'wild'), tlsSecret({ name: 'wild' }, await certificate({ names: ['*.wild.example'] })),
    withTls('exact.wild.example', 'exact'), tlsSecret({ name: 'exact' }, await certificate({ names: ['exact.wild.example'] })),
    withTls('a.shared.example', 'shared'), withTls('b.shared.example', 'shared'),
    tlsSecret({ name: 'shared' }, await certificate({ names: ['a.shared.example', 'b.shared.example'] })),
    tlsSecret({ name: 'fallback' }, await certificate({ names: ['fallback.example', 'two.example'] })),
    route({ name: 'plain', to: 'app', host: 'plain.example' }),
  ] }))
  await configure(program, LOGGED)
})
const LOGGED = { 'log-format-upstream': 'log $host $status $lintel_reason' }

/** serverName: `` for none. */
type Given = readonly [why: string, serverName: string, host: string, status: number]
const GIVEN: readonly Given[] = [
  ['the name itself', 'one.example', 'one.example', 200],
  ['the name itself, with a port and in capitals', 'one.example', 'ONE.example:8443', 200],
  ['a host with another certificate', 'one.example', 'two.example', 421],
  ['the same, with a port and in capitals', 'one.example', 'TWO.example:443', 421],
  ['a host with another certificate, where ours names it too', 'two.example', 'one.example', 200],
  ['a host of the same Secret', 'a.shared.example', 'b.shared.example', 200],
  ['hosts below one wildcard', 'x.wild.example', 'y.wild.example', 200],
  ['a host below our wildcard that has a certificate of its own', 'x.wild.example', 'exact.wild.example', 200],
  ['a host below a wildcard, by the certificate of one of them', 'exact.wild.example', 'y.wild.example', 421],
  ['a host without a certificate of its own', 'one.example', 'plain.example', 200],
  ['a host that nobody knows', 'one.example', 'nobody.example', 404],
  ['a name that nobody knows, as of a load balancer in front', 'nobody.example', 'one.example', 200],
  ['a client that names nobody', '', 'one.example', 200],
]
const served: Readonly<Record<string, (tls: TlsOptions, host: string) => Promise<{ status: number; body: string }>>> = {
  'HTTP/1.1': (tls, host) => ask(program.https, { host, tls }),
  'HTTP/2': async (tls, host) => {
    const client = await keep(h2Client(program.https, { tls }))
    const stream = await client.ask(head('/', { ':authority': host }))
    return { status: statusOf(stream), body: textOf(stream) }
  },
}
describe.each(Object.entries(served))('%s', (_, get) => {
  test.each(GIVEN)('%s: %s asks for %s: %d', async (_, serverName, host, expected) => {
    const { status, body } = await get(serverName === '' ? {} : { servername: serverName }, host)
    expect(status).toBe(expected)
    if (expected === 421) expect(body).toContain('421 Misdirected Request')
  })
})

test('it is logged and counted as misdirected, and the connection goes on', async () => {
  const before = await metric(program, 'lintel_own_answers_total', 'reason="misdirected"')
  const client = await keep(rawClient(program.https, { tls: { servername: 'one.example' } }))
  client.send(requestText({ host: 'two.example' }) + requestText({ host: 'one.example' }), ['GET', 'GET'])
  expect([(await client.response())?.status, (await client.response())?.status]).toEqual([421, 200])
  await until('it is counted', async () => await metric(program, 'lintel_own_answers_total', 'reason="misdirected"') === before + 1)
  expect(await program.when(() => program.stdout.includes('log two.example 421 misdirected'))).toBe(true)
})

test('in clear there is no certificate, and no 421', async () => {
  expect((await ask(program.http, { host: 'one.example' })).status).toBe(308)
})

test('what a proxy in front says of the host does not matter', async () => {
  await configure(program, { ...LOGGED, 'use-forwarded-headers': 'true' })
  const tls = { servername: 'one.example' }
  expect((await ask(program.https, { host: 'one.example', fields: [['X-Forwarded-Host', 'two.example']], tls })).status).toBe(200)
  expect((await ask(program.https, { host: 'two.example', fields: [['X-Forwarded-Host', 'one.example']], tls })).status).toBe(421)
})

test('a certificate that is renewed: what the new one covers counts, on open connections too', async () => {
  await applied(program, () => {
    program.write('swapped.yaml', toYaml([withTls('swap.example', 'swap')]))
    swap(FORMER)
  })
  const client = await keep(h2Client(program.https, { tls: { servername: 'swap.example' } }))
  const get = async (authority: string) => statusOf(await client.ask(head('/', { ':authority': authority })))
  expect([await get('swap.example'), await get('one.example')]).toEqual([200, 421])
  await applied(program, () => swap(LATTER))
  expect([await get('swap.example'), await get('one.example')]).toEqual([200, 200])
})
const FORMER = await certificate({ names: ['swap.example'] })
const LATTER = await certificate({ names: ['swap.example', 'one.example'] })
