// The certificate for names that have none of their own, made at start: ingress-nginx's "fake" one to the letter (ingress-nginx.md §4.5).
// Written out by hand: @peculiar/x509 would cost every start 80 ms and 20 MB for this one certificate.
import { type KeyObject, generateKeyPair, randomBytes, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Certificate } from '../model.ts'
import { bits, explicit, implicit, integer, nothing, octets, oid, sequence, set, time, truth, utf8 } from './der.ts'

const COMMON_NAME = 'Kubernetes Ingress Controller Fake Certificate'
const ORGANIZATION = 'Acme Co'
const DNS_NAME = 'ingress.local'
const LIFE_MS = 365 * 24 * 3600 * 1000
const KEY_BITS = 2048

const generate = promisify(generateKeyPair)

/** A fresh key (about 80 ms, off the main thread) and its self-signed certificate (RFC 5280 §4.1). */
export async function fakeCertificate(now = new Date()): Promise<Certificate> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: KEY_BITS })
  const signed = toBeSigned(publicKey, now)
  const certificate = sequence(signed, sha256WithRsa(), bits(sign('sha256', signed, privateKey)))
  return { cert: pem('CERTIFICATE', certificate), key: pem('PRIVATE KEY', privateKey.export({ type: 'pkcs8', format: 'der' })) }
}

function toBeSigned(publicKey: KeyObject, now: Date): Buffer {
  const name = sequence(attribute('2.5.4.10', ORGANIZATION), attribute('2.5.4.3', COMMON_NAME))
  const version3 = explicit(0, integer(Buffer.of(2)))
  const validity = sequence(time(now), time(new Date(now.getTime() + LIFE_MS)))
  const key = publicKey.export({ type: 'spki', format: 'der' })
  return sequence(version3, serialNumber(), sha256WithRsa(), name, validity, name, key, explicit(3, extensions()))
}

function extensions(): Buffer {
  const digitalSignatureAndKeyEncipherment = Buffer.from([0x03, 0x02, 0x05, 0xa0])
  return sequence(
    extension('2.5.29.15', digitalSignatureAndKeyEncipherment, 'critical'),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.19', sequence(), 'critical'),
    extension('2.5.29.17', sequence(implicit(2, Buffer.from(DNS_NAME)))),
  )
}

function extension(id: string, value: Buffer, critical?: 'critical'): Buffer {
  return critical === undefined ? sequence(oid(id), octets(value)) : sequence(oid(id), truth(), octets(value))
}

function attribute(type: string, value: string): Buffer {
  return set(sequence(oid(type), utf8(value)))
}

function sha256WithRsa(): Buffer {
  return sequence(oid('1.2.840.113549.1.1.11'), nothing())
}

/** Random, positive, without a leading zero: at most 20 octets (RFC 5280 §4.1.2.2). */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return integer(serial)
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
