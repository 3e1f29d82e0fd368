// Who is slow is waited for: a client or an upstream that does not read stops the one that sends, and memory stays bounded.
import { describe, expect, test } from 'bun:test'
import { PIPELINE_BYTES } from '../../src/http/h1/limits.ts'
import type { Exchange } from '../../src/http/message.ts'
import { own, ServerUnderTest, type Script } from './server.ts'
import { RecordingSink, TIMEOUTS } from './sink.ts'
import { noFields } from '../../src/http/fields.ts'
import { answerHead, dial, keeping, octets, RawUpstream, spanOf, TRANSPORTS, upstreamConnection, upstreamRequest } from './support.ts'

const kept = keeping()
const GET = 'GET / HTTP/1.1\r\nHost: h.test\r\n\r\n'
const MIB = 1_048_576
const PIECE_BYTES = 65_536
/** Every piece is another one: an order that is wrong is seen. */
const piece = (index: number): string => String.fromCharCode(33 + index % 90).repeat(PIECE_BYTES)
const isInOrder = (bytes: Buffer, count: number) => {
  if (bytes.length !== count * PIECE_BYTES) return `${bytes.length} octets`
  for (let index = 0; index < count; index++) {
    if (!bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES).equals(octets(piece(index)))) return `piece ${index} is not at its place`
  }
  return 'in order'
}

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  const open = async (script: Script) => {
    const server = kept(await ServerUnderTest.start(native, script))
    const asking = kept(await dial(server.port))
    return { server, asking, connection: await server.connection() }
  }
  const openUpstream = async () => {
    const upstream = kept(await RawUpstream.start())
    const opened = kept(upstreamConnection(upstream.port, native))
    return { ...opened, peer: async () => upstream.peer(), sink: new RecordingSink() }
  }

  test('an answer stops where the client does not read, and goes on when it does', async () => {
    const count = 512
    let written = 0
    let stops = 0
    const write = (exchange: Exchange) => {
      while (written < count) {
        const wants = exchange.write(spanOf(piece(written), ++written === count))
        if (!wants) { stops++; return }
      }
    }
    const complete = (exchange: Exchange) => { if (exchange.respond(answerHead(`HTTP/1.1 200 OK\r\nContent-Length: ${count * PIECE_BYTES}\r\n\r\n`), noFields, spanOf('', false))) write(exchange) }
    const { server, asking, connection } = await open({ complete, drained: (exchange) => write(exchange) })
    asking.socket.pause()
    asking.send(GET)
    await server.when(() => connection.blocked)
    expect(written).toBeLessThan(count / 2)
    asking.socket.resume()
    expect(await asking.when(() => asking.size > count * PIECE_BYTES)).toBe(true)
    const head = asking.text.indexOf('\r\n\r\n') + 4
    expect([isInOrder(asking.bytes.subarray(head), count), stops > 0, server.drained > 0, connection.blocked]).toEqual(['in order', true, true, false])
  })

  test('a client that sends faster than its body is taken is stopped', async () => {
    let exchange: Exchange | undefined
    const size = 16 * MIB
    const { server, asking, connection } = await open({ begin(given) { exchange = given; given.receive() }, body: () => false, complete: (given, { body }) => given.answer(own(`${body.length}!`)) })
    asking.send(`POST / HTTP/1.1\r\nHost: h.test\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`)
    await server.when(() => connection.paused)
    const first = connection.read
    expect(first).toBeLessThan(MIB)
    for (let rounds = 0; server.requests[0]?.complete !== true; rounds++) {
      const before = connection.read
      exchange?.resume()
      await server.when(() => connection.read > before)
      expect(connection.read - before).toBeLessThan(MIB)
    }
    await asking.has(`${size}!`)
  })

  test('pipelined requests wait outside while one is answered', async () => {
    let answer: (() => void) | undefined
    const { server, asking, connection } = await open({ complete(exchange) { answer = () => exchange.answer(own('x')) } })
    const count = 16 * MIB / GET.length
    asking.send(GET.repeat(count))
    await server.when(() => connection.paused)
    expect([connection.read > PIPELINE_BYTES, connection.read < 2 * MIB, server.requests.length]).toEqual([true, true, 1])
    const before = connection.read
    for (let answered = 0; connection.read === before; answered++) {
      answer?.()
      await server.when(() => server.requests.length === answered + 2, 1_000)
      expect(answered).toBeLessThan(count)
    }
  })

  test('answers to pipelined requests do not pile up for a client that does not read', async () => {
    const answer = own('x'.repeat(MIB))
    const { server, asking, connection } = await open({ complete: (exchange) => exchange.answer(answer) })
    asking.socket.pause()
    asking.send(GET.repeat(40))
    await server.when(() => connection.blocked)
    const early = server.requests.length
    expect(early).toBeLessThan(20)
    asking.socket.resume()
    expect(await asking.when(() => asking.size >= 40 * MIB)).toBe(true)
    expect(server.requests).toHaveLength(40)
  })

  test('a client that half-closes while its answer waits for it gets all of it', async () => {
    const { server, asking, connection } = await open({ complete: (exchange) => exchange.answer(own('x'.repeat(12 * MIB))) })
    asking.socket.pause()
    asking.send(GET)
    await server.when(() => connection.blocked)
    asking.end()
    await server.when(() => connection.peerEnded)
    asking.socket.resume()
    expect((await asking.all()).length).toBeGreaterThan(12 * MIB)
    expect(await server.when(() => server.gone === 1)).toBe(true)
  })

  test('a closed connection sends what it has first', async () => {
    const { server, asking, connection } = await open({ complete: (exchange) => exchange.answer(own('x'.repeat(12 * MIB))) })
    asking.socket.pause()
    asking.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    await server.when(() => connection.blocked)
    asking.socket.resume()
    const text = await asking.all()
    expect([text.length > 12 * MIB, asking.wasReset]).toEqual([true, false])
  })

  test('an upstream that answers faster than it is taken is stopped', async () => {
    const { connection, sink, peer } = await openUpstream()
    connection.exchange(upstreamRequest(GET), sink, TIMEOUTS)
    const upstream = await peer()
    sink.wants = false
    const count = 512
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${count * PIECE_BYTES}\r\n\r\n`)
    for (let index = 0; index < count; index++) upstream.send(piece(index))
    await sink.when(() => sink.status === 200)
    await sink.when(() => connection.paused)
    expect(sink.size).toBeLessThan(2 * MIB)
    while (!sink.ended) {
      const before = sink.size
      connection.resume()
      await sink.when(() => sink.size > before || sink.ended)
      expect(sink.size - before).toBeLessThan(2 * MIB)
    }
    expect(isInOrder(sink.bytes, count)).toBe('in order')
  })

  test('a request stops where the upstream does not read', async () => {
    const count = 512
    const { connection, sink, peer } = await openUpstream()
    const request = upstreamRequest(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${count * PIECE_BYTES}\r\n\r\n`)
    expect(connection.exchange(request, sink, TIMEOUTS)).toBe(false)
    const upstream = await peer()
    upstream.socket.pause()
    await sink.when(() => sink.drains === 1)
    let written = 0
    const write = () => { while (written < count && connection.write(spanOf(piece(written), ++written === count))); }
    sink.onDrained = write
    write()
    expect([connection.blocked, written < count / 2]).toEqual([true, true])
    upstream.socket.resume()
    expect(await upstream.when(() => upstream.size > count * PIECE_BYTES)).toBe(true)
    expect(isInOrder(upstream.bytes.subarray(upstream.text.indexOf('\r\n\r\n') + 4), count)).toBe('in order')
    upstream.send('HTTP/1.1 204 No Content\r\n\r\n')
    expect(await sink.when(() => sink.ended)).toBe(true)
  })
})
