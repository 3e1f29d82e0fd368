// Ports: TLS by server name, one certificate after another, and leaving without losing a connection.
import { afterEach, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { ClientLimit } from '../../src/http/client-limit.ts'
import { requestNames } from '../../src/http/fields.ts'
import { Scratch } from '../../src/http/scratch.ts'
import { Listener } from '../../src/http/listener.ts'
import type { Exchange, Peer as Client, Responder } from '../../src/http/message.ts'
import type { TlsOptions } from '../../src/http/tls/contexts.ts'
import { certificate } from '../support/certificate.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { LIMITS, own } from './server.ts'
import { DATE, dial, keeping, listen, Peer, stillClock, TRANSPORTS } from './support.ts'

const kept = keeping()
const GET = 'GET /a HTTP/1.1\r\nHost: h.test\r\n\r\n'
const keypairs = { 'a.test': await certificate({ names: ['a.test'] }), 'b.test': await certificate({ names: ['b.test'] }) }

/** A port that nobody has: the listener takes a number, not 0, as the program does. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

const TLS: TlsOptions = {
  minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'], ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', honorCipherOrder: true, ecdhCurve: 'auto',
  handshakeTimeout: LIMITS.headMs, sessionSeconds: 60,
}

const open = async (native: boolean, answer: (exchange: Exchange) => void = (exchange) => exchange.answer(own('x'))) => {
  const seen: { clients: Client[]; names: string[]; failed: string[]; begun: number; opened: number; closed: number } = { clients: [], names: [], failed: [], begun: 0, opened: 0, closed: 0 }
  const responder = (exchange: Exchange): Responder => ({
    begin() { seen.begun++; seen.clients.push(exchange.client); answer(exchange) },
    body: () => true, drained: () => undefined, abandoned: () => undefined, refused: () => undefined,
  })
  const listener = new Listener({
    host: '127.0.0.1', held: false, door: { limit: () => ({ connections: 100, reason: 'connections' }), mayKeep: () => true, refused: () => undefined, evicted: () => undefined },
    clients: new ClientLimit({ counts: { enter: () => true, leave: () => undefined }, refused: () => undefined }),
    server: { clock: stillClock(), native, scratch: new Scratch(), date: () => DATE, names: () => requestNames(), limits: () => LIMITS, responder },
    terms(name) {
      seen.names.push(name)
      const id = name === 'b.test' ? name : 'a.test'
      return { id, keypairs: [keypairs[id]], options: TLS, asked: null }
    },
    opened: () => { seen.opened++ },
    closed: () => { seen.closed++ },
    handshakeFailed: (reason) => { seen.failed.push(reason) },
    proxyRules: () => null,
    proxyHeaderFailed: () => undefined,
  })
  const ports = { clear: await freePort(), tls: await freePort() }
  await listener.listen(ports.clear, 'clear')
  await listener.listen(ports.tls, 'tls')
  leaving.push(() => listener.drain({ timeoutMs: 1, leaving: 1, staying: 0 }))
  return { listener, ports, seen }
}
const leaving: (() => Promise<void>)[] = []
afterEach(async () => { await Promise.all(leaving.splice(0).map((leave) => leave())) })

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  test('each server name gets its certificate', async () => {
    const { ports, seen } = await open(native)
    for (const [servername, subject] of [['A.test', 'a.test'], ['b.test', 'b.test'], ['other.test', 'a.test']] as const) {
      const asking = await rawClient(ports.tls, { tls: { servername } })
      asking.send(GET)
      expect((await asking.response())?.body).toBe('x')
      expect(asking.socket).toHaveProperty('servername', servername)
      if ('getPeerCertificate' in asking.socket) expect(asking.socket.getPeerCertificate().subject.CN).toBe(subject)
      asking.destroy()
    }
    expect(seen.names).toEqual(['a.test', 'b.test', 'other.test'])
    expect(seen.clients.map(({ tls, address, localPort }) => [tls?.serverName, address, localPort])).toEqual(['a.test', 'b.test', 'other.test'].map((name) => [name, '127.0.0.1', ports.tls]))
  })

  test('a hello that arrives octet by octet', async () => {
    const { ports } = await open(native)
    const relay = createServer((socket) => {
      const through = new Peer(socket)
      dial(ports.tls).then(async (onward) => {
        through.socket.on('close', () => onward.close())
        onward.socket.on('data', (bytes: Buffer) => { through.send(bytes) })
        let sent = 0
        const send = () => { for (; sent < through.size; sent++) onward.send(through.bytes.subarray(sent, sent + 1)) }
        send()
        socket.on('data', send)
      }, () => socket.destroy())
    })
    const port = await listen(relay)
    const asking = await rawClient(port, { tls: { servername: 'b.test' } })
    kept({ close() { asking.destroy(); relay.close() } })
    asking.send(GET)
    expect((await asking.response())?.body).toBe('x')
  })

  test('what is no TLS is closed and does not disturb others', async () => {
    const { ports, seen } = await open(native)
    for (const garbage of [GET, '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00', '\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03']) {
      const peer = kept(await dial(ports.tls))
      peer.send(garbage.padEnd(60, '\0'))
      expect(await peer.when(() => peer.ended || peer.closed)).toBe(true)
    }
    const asking = await rawClient(ports.tls, { tls: { servername: 'a.test' } })
    asking.send(GET)
    expect((await asking.response())?.body).toBe('x')
    asking.destroy()
    await until('one connection', () => seen.closed === 1)
    expect(seen.opened).toBe(1)
    expect(seen.failed).toEqual(['refused', 'refused', 'refused'])
  })

  test('a port that is taken is an error', async () => {
    const { listener } = await open(native)
    const other = createServer()
    const port = await listen(other)
    kept({ close: () => other.close() })
    expect(listener.listen(port, 'clear')).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('in clear the client is noted without TLS', async () => {
    const { ports, seen } = await open(native)
    const asking = await rawClient(ports.clear)
    asking.send(GET)
    await asking.response()
    asking.destroy()
    expect(seen.clients).toMatchObject([{ address: '127.0.0.1', tls: null, localPort: ports.clear }])
  })
})

describe('drain', () => {
  const refuses = (port: number) => until('the port is closed', () => dial(port).then((peer) => { peer.close(); return false }, () => true))

  test('waits for a request that came after it began, though all others were gone by then', async () => {
    let answer: (() => void) | undefined
    const { listener, ports, seen } = await open(true, (exchange) => { answer = () => exchange.answer(own('x')) })
    const first = await dial(ports.clear)
    await until('accepted', () => seen.opened === 1)
    let drained = false
    const draining = listener.drain({ timeoutMs: 10_000, leaving: 1, staying: 0 }).then(() => { drained = true })
    first.close()
    await until('gone', () => seen.closed === 1)
    const asking = await rawClient(ports.clear)
    asking.send(GET)
    await until('asked', () => seen.begun === 1)
    await refuses(ports.clear)
    expect(drained).toBe(false)
    answer?.()
    const response = await asking.response()
    expect([response?.body, response?.fields.filter(([name]) => name === 'Connection')]).toEqual(['x', [['Connection', 'close']]])
    asking.destroy()
    await draining
  })

  test('cuts what is left when time is up', async () => {
    const { listener, ports, seen } = await open(true, () => undefined)
    const asking = await dial(ports.clear)
    asking.send(GET)
    await until('asked', () => seen.begun === 1)
    await listener.drain({ timeoutMs: 300, leaving: 1, staying: 0 })
    expect(await asking.when(() => asking.wasReset)).toBe(true)
    expect(seen).toMatchObject({ opened: 1, closed: 1 })
  })
})
