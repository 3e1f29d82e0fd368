// The one way to a socket, over TCP and TLS, with the bypass and without it: nothing is lost, doubled or out of order.
import { describe, expect, test } from 'bun:test'
import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { nativeWorks, Wire } from '../../src/http/wire.ts'
import type { Clock } from '../../src/http/clock.ts'
import { certificate } from '../support/certificate.ts'
import { changes, until } from '../support/until.ts'
import { elapse, keeping, listen, octets, Peer, stillClock, TICK_MS, TRANSPORTS } from './support.ts'

const kept = keeping()
const SEND_MS = 1_000
const MIB = 1_048_576

class TestWire extends Wire {
  protected override readonly sendMs = SEND_MS
  readonly told: string[] = []
  heard = ''
  readonly #changes = changes()
  readonly when = this.#changes.when

  constructor(socket: Socket, options: { clock: Clock; native: boolean }) {
    super(options)
    this.attach(socket)
    this.connected()
  }
  #tell(what: string) { this.told.push(what); this.#changes.notify() }
  protected override received(bytes: Buffer) { this.heard += bytes.toString('latin1'); this.#changes.notify() }
  protected override ended() { this.#tell('ended') }
  protected override drained() { this.#tell('drained') }
  protected override lost() { this.#tell('lost') }
  protected override shut() { this.#tell('shut') }
  override expired() { this.#tell('expired') }
  sendAll(bytes: Buffer): boolean { return this.send(bytes, 0, bytes.length) }
}

/** A Wire and its peer. */
const pair = async (security: 'TCP' | 'TLS', native: boolean) => {
  const clock = stillClock()
  const made = Promise.withResolvers<TestWire>()
  const accept = (socket: Socket) => made.resolve(new TestWire(socket, { clock, native }))
  const server = security === 'TCP' ? createTcpServer({ allowHalfOpen: true }, accept) : createTlsServer({ ...await certificate({ names: ['wire.test'] }), allowHalfOpen: true }, accept)
  const port = await listen(server)
  const options = { port, host: '127.0.0.1', allowHalfOpen: true }
  const peer = kept(new Peer(security === 'TCP' ? connectTcp(options) : connectTls({ ...options, rejectUnauthorized: false })))
  const wire = await made.promise
  kept({ close() { wire.destroy(); server.close() } })
  return { wire, peer, clock }
}

/** Pieces of many sizes; each octet tells its place. */
const pieces = (total: number): Buffer[] => {
  const all = Buffer.alloc(total)
  for (let at = 0; at < total; at += 4) all.writeUInt32LE(at, at)
  const sizes = [1, 300_000, 5, 16_384, 16_385, 1_000_000, 0, 65_536, 7, 40_000]
  const cut: Buffer[] = []
  for (let at = 0, index = 0; at < total; at += sizes[index++ % sizes.length]!) cut.push(all.subarray(at, at + sizes[index % sizes.length]!))
  return cut
}

test('this Bun has the bypass', async () => { expect(await nativeWorks()).toBe(true) })

describe.each(TRANSPORTS.flatMap(([name, native]) => (['TCP', 'TLS'] as const).map((security) => [name, security, native] as const)))('%s transport over %s:', (_, security, native) => {
  test('octets go out at once, and their buffer may be used again', async () => {
    const { wire, peer } = await pair(security, native)
    const bytes = octets('hello')
    wire.send(bytes, 1, 4)
    bytes.fill('x')
    wire.sendText('\xe9!')
    expect(await peer.has('!')).toBe('ell\xe9!')
    await until('nothing held', () => !wire.blocked)
  })

  test('a peer that does not read gets everything in order later', async () => {
    const { wire, peer } = await pair(security, native)
    peer.socket.pause()
    const sent = pieces(24 * MIB)
    const answers = sent.map((piece) => { const copy = Buffer.from(piece); const went = wire.sendAll(copy); copy.fill(0xee); return went })
    expect([answers.includes(false), wire.blocked, wire.told]).toEqual([true, true, []])
    peer.socket.resume()
    expect(await peer.when(() => peer.size >= 24 * MIB)).toBe(true)
    expect(peer.bytes.equals(Buffer.concat(sent))).toBe(true)
    expect(await wire.when(() => wire.told.length > 0)).toBe(true)
    expect([wire.told, wire.blocked]).toEqual([['drained'], false])
    wire.sendText('on')
    expect(await peer.when(() => peer.size === 24 * MIB + 2)).toBe(true)
  })

  test('FIN comes behind what is held', async () => {
    const { wire, peer } = await pair(security, native)
    peer.socket.pause()
    for (const piece of pieces(12 * MIB)) wire.sendAll(piece)
    wire.finish()
    peer.socket.resume()
    expect((await peer.all()).length).toBe(12 * MIB)
    expect([peer.wasReset, wire.closed, wire.told]).toEqual([false, false, []])
    peer.send('still heard')
    expect(await wire.when(() => wire.heard === 'still heard')).toBe(true)
    peer.end()
    expect(await wire.when(() => wire.closed)).toBe(true)
    expect(wire.told).toEqual(['ended', 'shut'])
  })

  test('what is held goes out although the peer has ended meanwhile', async () => {
    const { wire, peer } = await pair(security, native)
    peer.socket.pause()
    for (const piece of pieces(12 * MIB)) wire.sendAll(piece)
    wire.finish()
    peer.end()
    expect(await wire.when(() => wire.peerEnded)).toBe(true)
    expect(wire.closed).toBe(false)
    peer.socket.resume()
    expect((await peer.all()).length).toBe(12 * MIB)
    expect(await wire.when(() => wire.closed)).toBe(true)
  })

  test('a blocked write has a deadline', async () => {
    const { wire, peer, clock } = await pair(security, native)
    peer.socket.pause()
    while (wire.sendAll(Buffer.alloc(MIB)));
    elapse(clock, SEND_MS)
    expect(wire.told).toEqual([])
    elapse(clock, 2 * TICK_MS)
    expect(wire.told).toEqual(['expired'])
  })

  test('one that went out has none', async () => {
    const { wire, peer, clock } = await pair(security, native)
    peer.socket.pause()
    while (wire.sendAll(Buffer.alloc(MIB)));
    peer.socket.resume()
    await wire.when(() => wire.told.length > 0)
    elapse(clock, 10 * SEND_MS)
    expect(wire.told).toEqual(['drained'])
  })

  test('a paused one hears nothing until it resumes', async () => {
    const { wire, peer } = await pair(security, native)
    wire.pause()
    peer.send('x'.repeat(8 * MIB))
    expect(await peer.when(() => peer.socket.writableLength > 0)).toBe(true)
    expect(wire.heard.length).toBeLessThan(2 * MIB)
    wire.resume()
    expect(await wire.when(() => wire.heard.length === 8 * MIB)).toBe(true)
  })

  test('the peer\'s FIN, its reset, our own end: each is told once', async () => {
    const gone = await pair(security, native)
    gone.peer.end()
    await gone.wire.when(() => gone.wire.peerEnded)
    gone.peer.reset()
    expect(await gone.wire.when(() => gone.wire.closed)).toBe(true)
    expect(gone.wire.told).toEqual(['ended', 'shut', 'lost'])
    const ours = await pair(security, native)
    ours.wire.destroy()
    ours.wire.destroy()
    ours.wire.reset()
    expect(await ours.peer.when(() => ours.peer.closed || ours.peer.ended)).toBe(true)
    expect([ours.wire.told, ours.wire.sendText('nobody')]).toEqual([['shut'], true])
  })

  test('reset: the peer sees that this is not the end', async () => {
    const { wire, peer } = await pair(security, native)
    wire.sendText('part')
    await peer.has('part')
    wire.reset()
    expect(await peer.when(() => peer.wasReset)).toBe(true)
    expect(peer.ended).toBe(false)
  })
})

test('a slow reader that takes something each time is not given up (native)', async () => {
  const { wire, peer, clock } = await pair('TCP', true)
  peer.socket.pause()
  for (const piece of pieces(24 * MIB)) wire.sendAll(piece)
  let rounds = 0
  for (; wire.blocked; rounds++) {
    elapse(clock, SEND_MS - TICK_MS)
    const due = wire.dueTick
    peer.socket.resume()
    await until('the kernel takes more', () => wire.dueTick !== due)
    peer.socket.pause()
  }
  expect([rounds > 1, wire.told]).toEqual([true, ['drained']])
})
