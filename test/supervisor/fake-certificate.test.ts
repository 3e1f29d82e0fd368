// The certificate made at start, read by an independent parser and used in a handshake.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import tls from 'node:tls'
import { expect, test } from 'bun:test'
import { integer, oid, time } from '../../src/supervisor/der.ts'
import { fakeCertificate } from '../../src/supervisor/fake-certificate.ts'

const DAY_MS = 24 * 3600 * 1000

test('is ingress-nginx\'s', async () => {
  const now = new Date('2026-01-02T03:04:05Z')
  const { cert, key } = await fakeCertificate(now)
  const certificate = new X509Certificate(cert)
  expect(certificate.subject.split('\n').sort()).toEqual(['CN=Kubernetes Ingress Controller Fake Certificate', 'O=Acme Co'])
  expect(certificate.subjectAltName).toBe('DNS:ingress.local')
  expect(certificate.validFrom).toBe('Jan  2 03:04:05 2026 GMT')
  expect(new Date(certificate.validTo).getTime()).toBe(now.getTime() + 365 * DAY_MS)
  expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
  expect(certificate.verify(certificate.publicKey)).toBeTrue()
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBeTrue()
  expect(certificate.ca).toBeFalse()
})

test('serves TLS to a client that trusts it', async () => {
  const { cert, key } = await fakeCertificate()
  const server = tls.createServer({ cert, key }, socket => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const client = tls.connect({ port, host: '127.0.0.1', ca: cert, servername: 'ingress.local' })
  const [data] = await once(client, 'data')
  expect(String(data)).toBe('hello')
  expect(client.authorized).toBeTrue()
  client.destroy()
  server.close()
})

test('no two have the same key or serial number', async () => {
  const [a, b] = await Promise.all([fakeCertificate(), fakeCertificate()])
  expect(a.key).not.toBe(b.key)
  expect(new X509Certificate(a.cert).serialNumber).not.toBe(new X509Certificate(b.cert).serialNumber)
})

test('DER by hand', () => {
  expect(oid('1.2.840.113549.1.1.11').toString('hex')).toBe('06092a864886f70d01010b')
  expect(integer(Buffer.of(0x80)).toString('hex')).toBe('02020080')
  expect(time(new Date('2049-12-31T23:59:59Z')).toString('latin1').slice(2)).toBe('491231235959Z')
  expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1').slice(2)).toBe('20500101000000Z')
})
