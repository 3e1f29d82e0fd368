// Which certificate a host is served with, and what its owner is told when it is not the one that he named.
import { expect, test } from 'bun:test'
import type { Ingress, KubeObject } from '../../src/kube/objects.ts'
import { builder } from '../../src/table/build.ts'
import { certificate, type TestCertificate } from '../support/certificate.ts'
import { fakeCertificate, ingress, objectsOf, options, secret, service } from './objects.ts'

const pem = ({ cert, key }: TestCertificate) => ({ 'tls.crt': cert, 'tls.key': key })
const own = await certificate({ names: ['a.test'] })
const other = await certificate({ names: ['b.test'] })
const wild = await certificate({ names: ['*.w.test'] })
const ca = await certificate({ names: ['ca.test'], ca: true })
const issued = await certificate({ names: ['a.test'], issuer: ca })

const withTls = (host: string, secretName: string, hosts: readonly string[] = [host]): Ingress =>
  ({ ...ingress(`of-${host.replace('*', 'any')}`, host), tls: [{ hosts, secretName }] })

const build = (...objects: readonly KubeObject[]) => builder(options()).full(objectsOf([service('web'), ...objects]))
const served = (host: string, ...objects: readonly KubeObject[]) => {
  const { table, issues } = build(...objects)
  const name = table.hosts.get(host)?.certificate ?? null
  return { name, certificate: name === null ? undefined : table.certificates.get(name), reasons: issues.map((issue) => issue.reason) }
}

test('a Secret that covers the host is served', () => {
  const { name, certificate: found, reasons } = served('a.test', withTls('a.test', 'own'), secret('own', pem(own)))
  expect(name).toBe('default/own')
  expect(found).toEqual({ cert: own.cert, key: own.key })
  expect(reasons).toEqual([])
})

test('a chain is kept whole, the leaf first', () => {
  const chain = { 'tls.crt': issued.cert + ca.cert, 'tls.key': issued.key }
  const { certificate: found } = served('a.test', withTls('a.test', 'chain'), secret('chain', chain))
  expect(found).toEqual({ cert: issued.cert + ca.cert, key: issued.key })
})

test('a wildcard certificate covers one label, and the wildcard host itself', () => {
  const objects = [secret('wild', pem(wild)), withTls('a.w.test', 'wild'), withTls('*.w.test', 'wild'), withTls('a.b.w.test', 'wild')]
  expect(served('a.w.test', ...objects).name).toBe('default/wild')
  expect(served('*.w.test', ...objects).name).toBe('default/wild')
  const deep = served('a.b.w.test', ...objects)
  expect(deep.certificate).toEqual(fakeCertificate)
  expect(deep.reasons).toEqual([
    'the certificate in Secret default/wild does not cover the name: host a.b.w.test gets the default certificate; renew it with that name',
  ])
})

test('a block that does not name the host serves it all the same when its certificate covers it', () => {
  expect(served('a.w.test', withTls('a.w.test', 'wild', []), secret('wild', pem(wild))).name).toBe('default/wild')
  expect(served('a.w.test', withTls('a.w.test', 'wild', ['x.test']), secret('wild', pem(wild))).name).toBe('default/wild')
})

test('a host without TLS of its own has the certificate and the redirect of its wildcard, until that goes', () => {
  const built = builder(options())
  const wildcard = withTls('*.w.test', 'wild')
  const rest = [service('web'), secret('wild', pem(wild)), ingress('plain', 'a.w.test')]
  const { table } = built.full(objectsOf([wildcard, ...rest]))
  expect(table.hosts.get('a.w.test')?.certificate).toBe('default/wild')
  expect(table.hosts.get('a.w.test')?.routes[0]?.policies.httpsRedirect).toBeDefined()
  expect(built.full(objectsOf(rest)).table.hosts.get('a.w.test')?.certificate).toBe(null)
})

const OTHER_KEY = 'tls.key does not belong to the first certificate of tls.crt'
const NO_CERTIFICATE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const bad: [what: string, data: Record<string, string>, reason: string][] = [
  ['nothing', { unrelated: 'x' }, 'contains no keypair or CA certificate'],
  ['no certificate', { 'tls.key': own.key }, 'has no tls.crt'],
  ['junk', { 'tls.crt': 'junk', 'tls.key': own.key }, 'tls.crt is not a certificate in PEM'],
  ['a broken key', { 'tls.crt': own.cert, 'tls.key': 'junk' }, 'tls.key is not an unencrypted private key in PEM'],
  ['a key of another certificate', { 'tls.crt': own.cert, 'tls.key': other.key }, OTHER_KEY],
  ['the chain before the leaf', { 'tls.crt': ca.cert + issued.cert, 'tls.key': issued.key }, OTHER_KEY],
  ['a broken chain', { 'tls.crt': own.cert + NO_CERTIFICATE, 'tls.key': own.key }, 'the chain in tls.crt can not be loaded'],
]
test.each(bad)('%s: the default certificate, and an issue of the Secret', (_, data, reason) => {
  const { issues, table } = build(withTls('a.test', 'own'), secret('own', data))
  expect(table.certificates).toEqual(new Map([['', fakeCertificate]]))
  expect(issues).toContainEqual({ object: 'Secret default/own', field: 'data', reason: `${reason}: it is not served until it is mended` })
})

test('a bad new version leaves the last good one in service; a deleted Secret does not', () => {
  const built = builder(options())
  const fixed = [service('web'), withTls('a.test', 'own')]
  const step = (...secrets: readonly KubeObject[]) => built.full(objectsOf([...fixed, ...secrets]))
  const junk = () => secret('own', { 'tls.crt': 'junk', 'tls.key': 'junk' })
  const good = step(secret('own', pem(own))).table
  const { table, issues } = step(junk())
  expect(table === good).toBe(true)
  const reason = 'tls.crt is not a certificate in PEM: its last good version is served until it is mended'
  expect(issues).toEqual([{ object: 'Secret default/own', field: 'data', reason }])
  expect(step(junk()).table === good).toBe(true)
  expect(step().table.hosts.get('a.test')?.certificate).toBe('')
  expect(step(junk()).table.hosts.get('a.test')?.certificate).toBe('')
})

test('a renewed certificate changes no host', () => {
  const built = builder(options())
  const fixed = [service('web'), withTls('a.test', 'own')]
  const before = built.full(objectsOf([...fixed, secret('own', pem(own))])).table
  const after = built.full(objectsOf([...fixed, secret('own', pem(issued))])).table
  expect(after.certificates.get('default/own')).toEqual({ cert: issued.cert, key: issued.key })
  expect(after.hosts === before.hosts).toBe(true)
  expect(after.version).toBe(before.version + 1)
})

test('--default-ssl-certificate serves hosts without a Secret of their own', () => {
  const { table, issues } = builder(options({ defaultSslCertificate: 'default/own' })).full(objectsOf([secret('own', pem(own))]))
  expect(table.certificates.get('')).toEqual({ cert: own.cert, key: own.key })
  expect(issues).toEqual([])
})

test('an end that comes near is told, by time alone', () => {
  let now = Date.now()
  const built = builder(options({ now: () => now }))
  const objects = objectsOf([service('web'), withTls('a.test', 'own'), secret('own', pem(own))])
  const { table, issues } = built.full(objects)
  expect(issues).toEqual([])
  now += 356 * 86_400_000
  const near = built.full(objects).issues
  expect(near.map(({ object, reason }) => [object, reason.split(' 2')[0]])).toEqual([['Secret default/own', 'the certificate expires']])
  now += 10 * 86_400_000
  const expired = built.full(objects)
  expect(expired.issues[0]?.reason).toStartWith('the certificate expired')
  expect(expired.table).toBe(table)
})
