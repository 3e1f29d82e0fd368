// RSA keys that are taken without asking the TLS library: each that is taken here it takes too, and each number that is wrong is found.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { describe, expect, test } from 'bun:test'
import { isRsaKeyOf } from '../../src/table/rsa-key.ts'

const pair = (bits: number, exponent = 65_537) => generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent })
const usual = pair(2048)
const { privateKey } = usual
const publicDer = (key = privateKey) => createPublicKey(key.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'der', type: 'pkcs1' })
const pem = (type: 'pkcs1' | 'pkcs8', key = privateKey) => key.export({ format: 'pem', type }).toString()

describe('taken', () => {
  test.each([2048, 3072, 4096])('of %i bits, PKCS#8 and PKCS#1, with lines before it and either end of line', (bits) => {
    const key = bits === 2048 ? privateKey : pair(bits).privateKey
    for (const type of ['pkcs1', 'pkcs8'] as const) for (const text of [pem(type, key), `# mine\n${pem(type, key)}\n`, pem(type, key).replaceAll('\n', '\r\n')]) {
      expect(isRsaKeyOf(publicDer(key), text)).toBe(true)
      expect(createPrivateKey(text).asymmetricKeyType).toBe('rsa')
    }
  })
})

describe('left to the library', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  test.each([
    ['that of another certificate', pem('pkcs8', pair(2048).privateKey)],
    ['none', ''],
    ['junk', 'junk'],
    ['another kind', ec.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['an encrypted one', privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'x' }).toString()],
    ['the second of two', pem('pkcs8', ec) + pem('pkcs8')],
    ['one with something behind it', `${pem('pkcs8')}more`],
    ['one in a single line', pem('pkcs8').replace(/(?<=\w)\n(?=[\w+/]+[\n=])/g, '')],
    ['one under the other name', pem('pkcs1').replaceAll('RSA PRIVATE', 'PRIVATE')],
  ])('%s', (_, text) => { expect(isRsaKeyOf(publicDer(), text)).toBe(false) })

  test.each([[1024, 65_537], [2048, 3]])('%i bits with the exponent %i', (bits, exponent) => {
    const { privateKey: key } = pair(bits, exponent)
    expect(isRsaKeyOf(publicDer(key), pem('pkcs8', key))).toBe(false)
  })
})

describe('a key that is not whole is not taken', () => {
  const jwk: JsonWebKey = privateKey.export({ format: 'jwk' })
  const numbers = (['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map((name) => Buffer.from(jwk[name] ?? '', 'base64url'))
  const header = (tag: number, length: number) => length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  const element = (tag: number, content: Buffer) => Buffer.concat([Buffer.from(header(tag, content.length)), content])
  const integer = (octets: Buffer) => element(2, octets[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets)
  const written = (elements: readonly Buffer[], more = Buffer.alloc(0)) => armoured(Buffer.concat([element(0x30, Buffer.concat([Buffer.of(2, 1, 0), ...elements])), more]))
  const armoured = (der: Buffer) => `-----BEGIN RSA PRIVATE KEY-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END RSA PRIVATE KEY-----\n`
  const whole = numbers.map(integer)

  test('as it is it would be', () => {
    expect(written(whole)).toBe(pem('pkcs1'))
    expect(isRsaKeyOf(publicDer(), written(whole))).toBe(true)
  })

  test.each(['n', 'e', 'd', 'p', 'q', 'd mod p-1', 'd mod q-1', '1/q mod p'].map((name, at) => [name, at] as const))('%s one more, one less, zero, missing', (_, at) => {
    const value = BigInt(`0x${numbers[at]!.toString('hex')}`)
    const hex = (number: bigint) => number.toString(16)
    const octets = (number: bigint) => Buffer.from(hex(number).padStart(hex(number).length + hex(number).length % 2, '0'), 'hex')
    for (const other of [value + 1n, value - 1n, value + 2n, 0n, 1n]) expect(isRsaKeyOf(publicDer(), written(whole.with(at, integer(octets(other)))))).toBe(false)
    expect(isRsaKeyOf(publicDer(), written(whole.toSpliced(at, 1)))).toBe(false)
    expect(isRsaKeyOf(publicDer(), written(whole.with(at, element(2, Buffer.concat([Buffer.of(0, 0), numbers[at]!])))))).toBe(false)
  })

  test('with p and q each of the other\'s side, or 1 and n, or with an exponent larger than it need be', () => {
    const [n, e, d, p, q] = numbers.map((octets) => BigInt(`0x${octets.toString('hex')}`)) as [bigint, bigint, bigint, bigint, bigint]
    const of = (...all: readonly bigint[]) => written(all.map((number) => integer(Buffer.from(number.toString(16).padStart(number.toString(16).length + number.toString(16).length % 2, '0'), 'hex'))))
    expect(isRsaKeyOf(publicDer(), of(n, e, d, q, p, d % (p - 1n), d % (q - 1n), 1n))).toBe(false)
    expect(isRsaKeyOf(publicDer(), of(n, e, d, 1n, n, 0n, d % (n - 1n), 0n))).toBe(false)
    expect(isRsaKeyOf(publicDer(), of(n, e, d + (p - 1n) * (q - 1n) * 2n, p, q, d % (p - 1n), d % (q - 1n), BigInt(`0x${numbers[7]!.toString('hex')}`)))).toBe(false)
  })

  test('cut anywhere, or with octets behind it: never taken, never thrown', () => {
    const der = Buffer.from(pem('pkcs1').replace(/-----[^-]+-----|\n/g, ''), 'base64')
    for (let length = 0; length < der.length; length++) expect(isRsaKeyOf(publicDer(), armoured(der.subarray(0, length)))).toBe(false)
    expect(isRsaKeyOf(publicDer(), written(whole, Buffer.of(5, 0)))).toBe(false)
    expect(isRsaKeyOf(publicDer(), written([...whole, Buffer.of(2, 1, 5)]))).toBe(false)
  })

  test('each octet changed: what is still taken the library takes too', () => {
    const der = Buffer.from(pem('pkcs1').replace(/-----[^-]+-----|\n/g, ''), 'base64')
    for (let at = 0; at < der.length; at++) {
      const changed = Buffer.from(der)
      changed[at]! ^= 1 << (at % 8)
      const text = armoured(changed)
      if (isRsaKeyOf(publicDer(), text)) expect(() => createPrivateKey(text)).not.toThrow()
      else expect(() => createPrivateKey(text)).toThrow()
    }
  })
})
