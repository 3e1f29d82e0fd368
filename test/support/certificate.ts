// Certificates made at run time, so that none in the project can expire: X.509 v3 written out as DER (RFC 5280), signed by
// node:crypto. Knows nothing of TLS connections.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { isIPv4 } from 'node:net'

export type CertificateOptions = {
  /** DNS names or IPv4 addresses; the first one is the common name too. */
  readonly names: readonly string[]
  /** RSA-2048 in place of P-256. */
  readonly rsa?: boolean
  readonly ca?: boolean
  /** Absent: self-signed. */
  readonly issuer?: TestCertificate
}
/** PEM. `names` as given. */
export type TestCertificate = { readonly cert: string; readonly key: string; readonly names: readonly string[] }

const OID = {
  ecdsaSha256: '2a8648ce3d040302',
  rsaSha256: '2a864886f70d01010b',
  commonName: '550403',
  altName: '551d11',
  constraints: '551d13',
}
const DAY_MS = 86_400_000

const made = new Map<string, TestCertificate>()

/** The same options give the same certificate within one process: key generation is what tests would wait for. */
export function certificate(options: CertificateOptions): TestCertificate {
  const id = JSON.stringify(options)
  const known = made.get(id)
  if (known) return known
  const fresh = create(options)
  made.set(id, fresh)
  return fresh
}

function create({ names, rsa = false, ca = false, issuer }: CertificateOptions): TestCertificate {
  const { publicKey, privateKey } = rsa
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const signer = issuer?.key ?? key
  const algorithm = signatureAlgorithm(issuer ? issuerIsRsa(issuer) : rsa)
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguishedName((issuer?.names ?? names)[0] ?? ''),
    sequence(utcTime(-DAY_MS), utcTime(365 * DAY_MS)),
    distinguishedName(names[0] ?? ''),
    subjectPublicKey(publicKey),
    der(
      0xa3,
      sequence(
        extension(OID.altName, altNames(names)),
        extension(OID.constraints, sequence(...(ca ? [der(0x01, Buffer.from([0xff]))] : []))),
      ),
    ),
  )
  const bytes = sequence(toSign, algorithm, bitString(sign('sha256', toSign, signer)))
  return { cert: pem(bytes), key, names }
}

/** Tag, length (short or long form), contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const hex = content.length.toString(16)
  const length = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

const sequence = (...contents: readonly Buffer[]) => der(0x30, ...contents)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const bitString = (content: Buffer) => der(0x03, Buffer.from([0]), content)
const distinguishedName = (name: string) => sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(name)))))
const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x04, value))

function altNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) => (isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)))),
  )
}

function signatureAlgorithm(rsa: boolean): Buffer {
  return rsa ? sequence(oid(OID.rsaSha256), der(0x05)) : sequence(oid(OID.ecdsaSha256))
}

function issuerIsRsa({ cert }: TestCertificate): boolean {
  return Buffer.from(cert.replace(/-----[^-]+-----|\s/g, ''), 'base64').includes(Buffer.from(OID.rsaSha256, 'hex'))
}

function utcTime(fromNowMs: number): Buffer {
  const digits = new Date(Date.now() + fromNowMs).toISOString().replace(/[-:T]|\.\d+/g, '')
  return der(0x17, Buffer.from(digits.slice(2)))
}

function subjectPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ type: 'spki', format: 'der' }))
}

function pem(bytes: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
}
