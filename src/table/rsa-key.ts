// RSA private keys as nearly all are written: whether one is whole, and of which public key. By the equations that BoringSSL checks too, for which it
// takes 115 µs, which is half a second for 5,000 keys; these take 15. Knows no certificates. What is written otherwise is for the library.

/** The only block of its text, in lines of 64. */
const PEM = /^[^-]*-----BEGIN (RSA )?PRIVATE KEY-----\r?\n((?:[A-Za-z0-9+/]{64}\r?\n)*[A-Za-z0-9+/]{1,64}={0,2}\r?\n)-----END \1?PRIVATE KEY-----\s*$/
const SEQUENCE = 0x30
const INTEGER = 0x02
const OCTET_STRING = 0x04
/** Version 0. */
const VERSION = Buffer.from('020100', 'hex')
/** PKCS#8: version 0, and rsaEncryption without parameters (RFC 5208 §5, RFC 8017 §A.1). */
const RSA_ENCRYPTION = Buffer.from('020100300d06092a864886f70d0101010500', 'hex')
const EXPONENT = 65_537n
/** Of a modulus. */
const MIN_BYTES = 256
const MAX_BYTES = 512
/** Of RSAPublicKey: its tag and length. */
const HEAD_BYTES = 4

/** Whether `key`, a PEM, is whole and belongs to the public key whose RSAPublicKey (DER) `publicKey` is. False: it does not, or is not of the usual form. */
export function isRsaKeyOf(publicKey: Buffer, key: string): boolean {
  const [, isPkcs1, base64 = ''] = PEM.exec(key) ?? []
  const der = Buffer.from(base64, 'base64')
  const at = isPkcs1 === undefined ? wrappedAt(der) : contentAt(der, 0, SEQUENCE)
  if (at < 0 || !hasAt(der, at, VERSION)) return false
  // Modulus and exponent come first, as they stand in the public key.
  return hasAt(der, at + VERSION.length, publicKey.subarray(HEAD_BYTES)) && isWhole(integersFrom(der, at + VERSION.length))
}

/** n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p (RFC 8017 §A.1.2): all of them, and nothing else. */
function isWhole(integers: readonly bigint[]): boolean {
  const [n = 0n, e = 0n, d = 0n, p = 0n, q = 0n, dp = 0n, dq = 0n, qInverse = 0n] = integers
  if (integers.length !== 8 || e !== EXPONENT || n < MIN_MODULUS || n >= MAX_MODULUS || p < MIN_PRIME || q < MIN_PRIME) return false
  const [p1, q1] = [p - 1n, q - 1n]
  return p * q === n && d < n && d % p1 === dp && d % q1 === dq && e * dp % p1 === 1n && e * dq % q1 === 1n && qInverse < p && qInverse * q % p === 1n
}
const [MIN_MODULUS, MAX_MODULUS] = [1n << BigInt(8 * MIN_BYTES - 1), 1n << BigInt(8 * MAX_BYTES)]
/** Some smaller than half of it, as few are: BoringSSL takes those too, and 1 is none. */
const MIN_PRIME = 1n << BigInt(4 * MIN_BYTES - 8)

/** Positive ones, one after another up to the end; none where there is anything else. */
function integersFrom(der: Buffer, from: number): readonly bigint[] {
  const hex = der.toString('hex')
  const integers: bigint[] = []
  for (let at = from; at < der.length;) {
    const content = elementAt(der, at, INTEGER)
    at = content + lengthAt(der, at)
    if (content < 0 || at > der.length || !isPositive(der, content)) return []
    integers.push(BigInt(`0x${hex.slice(2 * content, 2 * at)}`))
  }
  return integers
}
/** And has no more zeros in front than say so. */
function isPositive(der: Buffer, at: number): boolean {
  return der[at] === 0 ? der[at + 1]! >= 0x80 : der[at]! < 0x80
}

/** Where RSAPrivateKey begins within PKCS#8; -1: it is none of the usual form. */
function wrappedAt(der: Buffer): number {
  const at = contentAt(der, 0, SEQUENCE)
  if (at < 0 || !hasAt(der, at, RSA_ENCRYPTION)) return -1
  const octets = contentAt(der, at + RSA_ENCRYPTION.length, OCTET_STRING)
  return octets < 0 ? -1 : contentAt(der, octets, SEQUENCE)
}
function hasAt(der: Buffer, at: number, octets: Buffer): boolean {
  return der.subarray(at, at + octets.length).equals(octets)
}
/** Where the content of an element begins that reaches to the end; -1: it is no such element. */
function contentAt(der: Buffer, at: number, tag: number): number {
  const content = elementAt(der, at, tag)
  return content + lengthAt(der, at) === der.length ? content : -1
}
/** Where its content begins; -1: it is another element, or its length is not in the fewest octets, or in more than three. */
function elementAt(der: Buffer, at: number, tag: number): number {
  const short = der[at + 1] ?? 0xff
  if (der[at] !== tag) return -1
  if (short < 0x80) return at + 2
  if (short === 0x81) return der[at + 2]! >= 0x80 ? at + 3 : -1
  return short === 0x82 && der[at + 2]! > 0 ? at + 4 : -1
}
function lengthAt(der: Buffer, at: number): number {
  const short = der[at + 1] ?? 0
  if (short < 0x80) return short
  return short === 0x81 ? der[at + 2] ?? 0 : (der[at + 2] ?? 0) * 256 + (der[at + 3] ?? 0)
}
