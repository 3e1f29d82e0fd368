// Certificates of Secrets: whose a name gets, and how they change under open connections.
import { beforeAll, expect, test } from 'bun:test'
import { TLSSocket } from 'node:tls'
import { z } from 'zod'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { backend, ingress, secret, tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, applied, ask, echoed, issues, requestText, resources, route } from './scene.ts'

const keep = resources()
const withTls = (host: string, secretName: string) =>
  ingress({ metadata: { name: secretName }, tls: [{ hosts: [host], secretName }], rules: [{ host, paths: [{ backend: backend('app') }] }] })
const first = await certificate({ names: ['swap.example', 'first'] })
const second = await certificate({ names: ['swap.example', 'second'] })
const fallback = await certificate({ names: ['fallback.example'] })

let program: Program
beforeAll(async () => {
  program = await keep(start({ flags: ['--default-ssl-certificate=default/fallback'], manifests: [
    ...app('app', await keep(echoUpstream())),
    withTls('exact.wild.example', 'exact'), tlsSecret({ name: 'exact' }, await certificate({ names: ['exact.wild.example'] })),
    withTls('*.wild.example', 'wild'), tlsSecret({ name: 'wild' }, await certificate({ names: ['*.wild.example'] })),
    withTls('swap.example', 'swap'), withTls('late.example', 'late'), withTls('bad.example', 'bad'),
    route({ name: 'plain', to: 'app', host: 'plain.example' }),
    secret({ name: 'bad' }, { 'tls.crt': 'no certificate', 'tls.key': 'no key' }, 'kubernetes.io/tls'),
  ] }))
  await applied(program, () => {
    writeDefault(fallback)
    swap(first)
  })
})

const writeDefault = (pair: TestCertificate) => program.write('default.yaml', toYaml([tlsSecret({ name: 'fallback' }, pair)]))
const swap = (pair: TestCertificate) => program.write('swap.yaml', toYaml([tlsSecret({ name: 'swap' }, pair)]))

async function secured(servername?: string) {
  const client = await keep(rawClient(program.https, { tls: servername === undefined ? {} : { servername } }))
  if (!(client.socket instanceof TLSSocket)) throw new Error('not TLS')
  return { client, names: client.socket.getPeerCertificate().subjectaltname ?? '' }
}
const names = async (servername?: string) => (await secured(servername)).names
async function swapTo(pair: TestCertificate): Promise<void> {
  swap(pair)
  await until('the new certificate', async () => await names('swap.example') === pair.names.map((name) => `DNS:${name}`).join(', '))
}

test.each([
  ['exact.wild.example', 'DNS:exact.wild.example'],
  ['other.wild.example', 'DNS:*.wild.example'],
  ['a.b.wild.example', 'DNS:fallback.example'],
  ['plain.example', 'DNS:fallback.example'],
  ['unknown.example', 'DNS:fallback.example'],
  [undefined, 'DNS:fallback.example'],
])('the name %s gets %s', async (servername, expected) => { expect(await names(servername)).toBe(expected) })

test('a new Secret: the next handshake gets it, an open connection lives on', async () => {
  await swapTo(first)
  const open = await secured('swap.example')
  expect(open.names).toContain('DNS:first')
  const get = async () => {
    open.client.send(requestText({ host: 'swap.example' }))
    return echoed(await open.client.response()).served_by
  }
  expect(await get()).toBe('echo')
  await swapTo(second)
  expect(await get()).toBe('echo')
})

test.each([
  ['is no certificate', { cert: 'nonsense', key: second.key }, 'tls.crt is not a certificate'],
  ['has the key of another one', { cert: first.cert, key: second.key }, 'does not belong'],
])('a new Secret that %s: the former one is served on, and it is an issue', async (_, { cert, key }, reason) => {
  await swapTo(second)
  program.write('swap.yaml', toYaml([tlsSecret({ name: 'swap' }, { cert, key })]))
  const issue = await until('an issue', async () => (await issues(program)).find(({ object, reason: found }) => object === 'Secret default/swap' && found.includes(reason)))
  expect(issue.reason).toContain('last good')
  expect(await names('swap.example')).toBe('DNS:swap.example, DNS:second')
})

test('a certificate that has expired is served, as nginx does, and is an issue; its successor ends both', async () => {
  const expired = await certificate({ names: ['swap.example', 'expired'], lifeDays: -2 })
  await swapTo(expired)
  const notices = async () => (await issues(program)).filter(({ object, reason }) => object === 'Secret default/swap' && reason.startsWith('the certificate expired'))
  expect(await notices()).toMatchObject([{ field: 'data.tls.crt' }])
  expect((await ask(program.https, { host: 'swap.example', tls: { servername: 'swap.example' } })).status).toBe(200)
  await swapTo(first)
  expect(await notices()).toEqual([])
})

test('RSA beside ECDSA for one host: /table shows both, and one when the other is gone', async () => {
  const hosts = z.object({ hosts: z.array(z.object({ host: z.string(), certificate: z.string().nullable(), secondCertificate: z.string().optional() })) })
  const shown = async () => {
    const { host: _, ...certificates } = hosts.parse(await program.get('/table')).hosts.find(({ host }) => host === 'two.example') ?? { host: '' }
    return certificates
  }
  const both = toYaml([withTls('two.example', 'two-ec'), tlsSecret({ name: 'two-ec' }, await certificate({ names: ['two.example', 'ec'] })),
    withTls('two.example', 'two-rsa'), tlsSecret({ name: 'two-rsa' }, await certificate({ names: ['two.example', 'rsa'], kind: 'rsa' }))])
  const alone = toYaml([withTls('two.example', 'two-ec'), tlsSecret({ name: 'two-ec' }, await certificate({ names: ['two.example', 'ec'] }))])
  await applied(program, () => program.write('two.yaml', both))
  expect(await shown()).toEqual({ certificate: 'default/two-ec', secondCertificate: 'default/two-rsa' })
  await applied(program, () => program.write('two.yaml', alone))
  expect(await shown()).toEqual({ certificate: 'default/two-ec' })
  await applied(program, () => program.remove('two.yaml'))
})

test('a Secret that was never good: the default certificate, and an issue without any of its data', async () => {
  expect(await names('bad.example')).toBe('DNS:fallback.example')
  const found = (await issues(program)).filter(({ object }) => object === 'Secret default/bad')
  expect(found).toHaveLength(1)
  expect(JSON.stringify(found)).not.toContain('no key')
})

test('a Secret that is missing: the default certificate and an issue, until it comes', async () => {
  const late = await certificate({ names: ['late.example'] })
  const ofLate = async () => (await issues(program)).filter((issue) => JSON.stringify(issue).includes('default/late'))
  expect(await names('late.example')).toBe('DNS:fallback.example')
  expect(await ofLate()).toHaveLength(1)
  await applied(program, () => program.write('late.yaml', toYaml([tlsSecret({ name: 'late' }, late)])))
  expect(await names('late.example')).toBe('DNS:late.example')
  expect(await ofLate()).toEqual([])
})

test('a new default certificate', async () => {
  const newer = await certificate({ names: ['newer.example'] })
  await applied(program, () => writeDefault(newer))
  expect(await names('unknown.example')).toBe('DNS:newer.example')
})
