// Certificates made at run time, read by an independent parser and used in a handshake.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import tls from 'node:tls'
import { expect, test } from 'bun:test'
import { FAKE, makeCertificate } from '../../src/certificate/self-signed.ts'
import { fakeCertificate } from '../../src/supervisor/fake-certificate.ts'

const DAY_MS = 24 * 3600 * 1000
const script = new URL('../../workers/certificate.ts', import.meta.url)

test('the default one is ingress-nginx\'s, made in a thread of its own', async () => {
  const { cert, key } = await fakeCertificate(script)
  const certificate = new X509Certificate(cert)
  expect(certificate.subject.split('\n').sort()).toEqual(['CN=Kubernetes Ingress Controller Fake Certificate', 'O=Acme Co'])
  expect(certificate.subjectAltName).toBe('DNS:ingress.local')
  expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(366 * DAY_MS)
  expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
  expect(certificate.verify(certificate.publicKey)).toBeTrue()
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBeTrue()
  expect(certificate.ca).toBeFalse()
})

test('a thread that can not make one is an error, not a wait', async () => {
  await expect(fakeCertificate(new URL('./missing.ts', import.meta.url))).rejects.toThrow()
})

test('a certificate of a CA serves TLS to a client that trusts the CA', async () => {
  const ca = await makeCertificate({ names: ['a CA'], kind: 'p256', ca: true })
  const { cert, key } = await makeCertificate({ names: ['tea.test', '127.0.0.1'], kind: 'p256', issuer: ca })
  const server = tls.createServer({ cert, key }, (socket) => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const client = tls.connect({ port, host: '127.0.0.1', ca: ca.cert, servername: 'tea.test' })
  const [data] = await once(client, 'data')
  expect(String(data)).toBe('hello')
  expect(client.authorized).toBeTrue()
  client.destroy()
  server.close()
})

test('no two have the same key or serial number', async () => {
  const [a, b] = await Promise.all([makeCertificate(FAKE), makeCertificate(FAKE)])
  expect(a.key).not.toBe(b.key)
  expect(new X509Certificate(a.cert).serialNumber).not.toBe(new X509Certificate(b.cert).serialNumber)
})
