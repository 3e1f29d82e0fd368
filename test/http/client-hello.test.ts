// The server name is read from hellos as TLS clients send them, however they arrive; nothing that arrives can break the reader.
import { describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import fc from 'fast-check'
import { HELLO_BYTES, readHello } from '../../src/http/tls/client-hello.ts'
import { listen } from './support.ts'

const RECORD_HEADER = 5

/** The first flight of a client of node:tls. */
const hello = async (options: ConnectionOptions): Promise<Buffer> => {
  const first = Promise.withResolvers<Buffer>()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (bytes: Buffer) => { first.resolve(bytes); socket.destroy(); server.close() })
  })
  const port = await listen(server)
  connect({ port, host: '127.0.0.1', ...options }).on('error', () => undefined)
  return first.promise
}
/** The same handshake message in records of `size` octets. */
const resplit = (bytes: Buffer, size: number): Buffer => {
  const message = bytes.subarray(RECORD_HEADER)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part)
  }
  return Buffer.concat(records)
}

const named = await hello({ servername: 'Shop.Example.com', ALPNProtocols: ['h2', 'http/1.1'] })
const unnamed = await hello({})
const old = await hello({ servername: 'old.test', maxVersion: 'TLSv1.2' })

test.each([['TLS 1.3', named, 'shop.example.com'], ['TLS 1.2', old, 'old.test'], ['without SNI', unnamed, '']])('%s: cut at every octet', (_, bytes, serverName) => {
  for (let cut = 0; cut < bytes.length; cut++) expect(readHello(bytes.subarray(0, cut))).toBe('more')
  expect(readHello(bytes)).toEqual({ serverName })
  expect(readHello(Buffer.concat([bytes, Buffer.from([22, 3, 3, 0, 1, 0])]))).toEqual({ serverName })
})

test.each([1, 2, 3, 5, 50, 511])('in records of %d octets (RFC 8446 §5.1), cut at every octet', (size) => {
  const bytes = resplit(named, size)
  for (let cut = 0; cut < bytes.length; cut++) expect(readHello(bytes.subarray(0, cut))).toBe('more')
  expect(readHello(bytes)).toEqual({ serverName: 'shop.example.com' })
})

test('a trailing dot is not part of a name (RFC 6066 §3)', () => {
  const bytes = Buffer.from(named.toString('latin1').replace('Shop.Example.com', 'Shop.Example.co.'), 'latin1')
  expect(readHello(bytes)).toEqual({ serverName: 'shop.example.co' })
})
test('a name with octets that no host has is no name', () => {
  const bytes = Buffer.from(named.toString('latin1').replace('Shop.Example.com', 'Shop/Example\0com'), 'latin1')
  expect(readHello(bytes)).toEqual({ serverName: '' })
})

test.each([
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40])],
  ['another handshake message', Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0])],
  ['a record of another kind in the middle', Buffer.concat([resplit(named, 100).subarray(0, 105), Buffer.from([23, 3, 3, 0, 1, 0])])],
  ['an empty handshake record (RFC 8446 §5.1)', Buffer.from([22, 3, 1, 0, 0, 22, 3, 1, 0, 0])],
  ['an empty hello', Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0])],
])('%s has no name', (_, bytes) => { expect(readHello(bytes)).toEqual({ serverName: '' }) })

describe('bounded', () => {
  test('a hello that promises more than anyone sends', () => {
    const huge = Buffer.concat([Buffer.from([22, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff]), Buffer.alloc(HELLO_BYTES)])
    expect(readHello(huge.subarray(0, 100))).toBe('more')
    expect(readHello(huge.subarray(0, HELLO_BYTES))).toEqual({ serverName: '' })
  })
  test('one that promises it in small records', () => {
    const huge = resplit(Buffer.concat([Buffer.alloc(RECORD_HEADER), Buffer.from([1, 0xff, 0xff, 0xff]), Buffer.alloc(HELLO_BYTES)]), 100)
    expect(readHello(huge)).toEqual({ serverName: '' })
  })
  test('many records of one octet that come one by one cost little', () => {
    const trickle = resplit(Buffer.concat([Buffer.alloc(RECORD_HEADER), Buffer.from([1, 0, 0xff, 0xff]), Buffer.alloc(HELLO_BYTES)]), 1).subarray(0, HELLO_BYTES)
    const start = performance.now()
    for (let cut = 0; cut < trickle.length; cut += 8) readHello(trickle.subarray(0, cut))
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

test('a changed hello is read, or is no hello: it never throws', () => {
  const length = named.length - RECORD_HEADER
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }), fc.integer({ min: 5, max: length }), (changes, cut) => {
    const message = Buffer.from(named.subarray(RECORD_HEADER, RECORD_HEADER + cut))
    for (const [at, octet] of changes) message[at % cut] = octet
    message.writeUIntBE(cut - 4, 1, 3)
    const read = readHello(resplit(Buffer.concat([Buffer.alloc(RECORD_HEADER), message]), 16_000))
    expect(read).not.toBe('more')
  }), { seed: 20261125, numRuns: 20_000, interruptAfterTimeLimit: 1_500, markInterruptAsFailure: false })
})
