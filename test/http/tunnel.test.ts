// Behind 101 a connection is a tunnel (RFC 9110 §7.8): octets both ways, and each way ends by itself.
import { describe, expect, test } from 'bun:test'
import { PIPELINE_BYTES } from '../../src/http/h1/limits.ts'
import type { Exchange, Span } from '../../src/http/message.ts'
import { ServerUnderTest } from './server.ts'
import { TIMEOUTS } from './sink.ts'
import { noFields } from '../../src/http/fields.ts'
import { answerHead, dial, elapse, keeping, spanOf, TICK_MS, TRANSPORTS } from './support.ts'
import { Asked } from './upstream.ts'

const kept = keeping()
const UPGRADE = 'GET /chat HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nA: 1\r\n\r\n'
const FORWARDED = 'HTTP/1.1 101 Switching Protocols\r\nA: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
const MIB = 1_048_576

describe.each(TRANSPORTS)('%s transport, the client\'s side:', (_, native) => {
  /** `switchOver` begins the tunnel; `heard` is what came through it. */
  const open = async (more: { wants?: () => boolean } = {}) => {
    const heard: { text: string; last: boolean } = { text: '', last: false }
    const exchanges: Exchange[] = []
    const body = (span: Span) => {
      heard.text += span.bytes.toString('latin1', span.from, span.to)
      heard.last ||= span.last
      return more.wants?.() ?? true
    }
    const server = kept(await ServerUnderTest.start(native, { begin: (exchange) => { exchanges.push(exchange) }, body }))
    const asking = kept(await dial(server.port))
    asking.send(UPGRADE)
    await server.when(() => exchanges.length === 1)
    const [exchange] = exchanges
    if (exchange === undefined) throw new Error('no request')
    const switchOver = (first = '') => exchange.tunnel(answerHead(SWITCHING), noFields, spanOf(first, false))
    return { server, asking, exchange, heard, switchOver, connection: await server.connection() }
  }

  test('the first octets come with the head, the others as they are', async () => {
    const { server, asking, exchange, heard, switchOver } = await open()
    switchOver('hi')
    expect(await asking.has('hi')).toBe(`${FORWARDED}hi`)
    asking.send('GET / HTTP/1.1\r\n\r\n')
    await server.when(() => heard.text !== '')
    exchange.write(spanOf('0\r\n\r\n', false))
    await asking.has('hi0\r\n\r\n')
    expect([heard, server.requests.length]).toEqual([{ text: 'GET / HTTP/1.1\r\n\r\n', last: false }, 1])
  })

  test('octets that the client sent too early', async () => {
    const { server, asking, heard, switchOver, connection } = await open()
    asking.send('early')
    await server.when(() => connection.read === UPGRADE.length + 5)
    switchOver()
    expect(heard).toEqual({ text: 'early', last: false })
  })

  test('more of them than are held', async () => {
    const { server, asking, heard, switchOver, connection } = await open()
    asking.send('x'.repeat(20 * PIPELINE_BYTES))
    await server.when(() => connection.paused)
    switchOver()
    expect(await server.when(() => heard.text.length === 20 * PIPELINE_BYTES)).toBe(true)
  })

  test('the client ends its way first', async () => {
    const { server, asking, exchange, heard, switchOver } = await open()
    switchOver()
    asking.send('bye')
    asking.end()
    expect(await server.when(() => heard.last)).toBe(true)
    expect([heard.text, server.gone]).toEqual(['bye', 0])
    exchange.write(spanOf('you too', true))
    expect(await asking.all()).toEndWith('you too')
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect([asking.wasReset, server.abandoned]).toEqual([false, []])
  })

  test('the upstream ends its way first', async () => {
    const { server, asking, exchange, heard, switchOver } = await open()
    switchOver()
    exchange.write(spanOf('bye', true))
    expect(await asking.all()).toEndWith('bye')
    asking.send('one more thing')
    asking.end()
    expect(await server.when(() => heard.last)).toBe(true)
    expect([heard.text, asking.wasReset]).toEqual(['one more thing', false])
    expect(await server.when(() => server.gone === 1)).toBe(true)
  })

  test('a client that half-closed before the tunnel began', async () => {
    const { server, asking, heard, switchOver, connection } = await open()
    asking.end()
    await server.when(() => connection.peerEnded)
    switchOver()
    expect(heard).toEqual({ text: '', last: true })
  })

  test('left by us: a FIN each way behind what was said, and the rest of what the client says is dropped', async () => {
    const { server, asking, exchange, heard, switchOver, connection } = await open()
    switchOver()
    asking.socket.pause()
    exchange.write(spanOf('x'.repeat(12 * MIB), false))
    connection.leave()
    asking.send('not to be heard')
    asking.socket.resume()
    expect(await asking.all()).toHaveLength(FORWARDED.length + 12 * MIB)
    asking.end()
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect([server.abandoned.map(({ code }) => code), heard.text, asking.wasReset]).toEqual([['shutdown'], '', false])
  })

  test('a client that resets', async () => {
    const { server, asking, switchOver } = await open()
    switchOver()
    await asking.has(FORWARDED)
    asking.reset()
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect(server.abandoned.map(({ code }) => code)).toEqual(['client_gone'])
  })

  test('a client that is faster than the upstream is stopped', async () => {
    let wants = false
    const { server, asking, exchange, heard, switchOver, connection } = await open({ wants: () => wants })
    switchOver()
    asking.send('x'.repeat(16 * MIB))
    await server.when(() => connection.paused)
    expect(heard.text.length).toBeLessThan(2 * MIB)
    wants = true
    exchange.resume()
    expect(await server.when(() => heard.text.length === 16 * MIB)).toBe(true)
  })
})

describe.each(TRANSPORTS)('%s transport, the upstream\'s side:', (_, native) => {
  const open = async (behindHead = '') => {
    const asked = kept(await Asked.start(native))
    const { sink, peer } = await asked.ask(UPGRADE)
    peer.send(SWITCHING + behindHead)
    expect(await sink.when(() => sink.tunnel)).toBe(true)
    return { ...asked, asked, connection: asked.connection, sink, peer }
  }

  test('the request asks for it, and the first octets come with the head', async () => {
    const { sink, peer } = await open('hi')
    expect(peer.text).toContain('Connection: upgrade\r\nUpgrade: websocket\r\n')
    expect([sink.text, sink.status, sink.fields, sink.ended]).toEqual(['hi', 101, [['A', '1']], false])
  })

  test('octets as they are, both ways', async () => {
    const { connection, sink, peer } = await open()
    connection.write(spanOf('GET / HTTP/1.1\r\n\r\n', false))
    await peer.has('GET / HTTP/1.1\r\n\r\n')
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    await sink.when(() => sink.text === 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    expect([sink.ended, connection.closed]).toEqual([false, false])
  })

  test('the client ends its way first', async () => {
    const { connection, asked, sink, peer } = await open()
    connection.write(spanOf('bye', true))
    expect(await peer.all()).toEndWith('bye')
    peer.send('you too')
    await sink.when(() => sink.text === 'you too')
    peer.end()
    expect(await sink.when(() => sink.ended)).toBe(true)
    expect(await connection.when(() => connection.closed)).toBe(true)
    expect([sink.error, sink.late, asked.owned.idles, asked.owned.gones]).toEqual([null, 0, 0, 1])
  })

  test('the upstream ends its way first', async () => {
    const { connection, asked, sink, peer } = await open()
    peer.send('bye')
    peer.end()
    expect(await sink.when(() => sink.ended)).toBe(true)
    expect([sink.text, connection.closed]).toEqual(['bye', false])
    connection.write(spanOf('one more thing', false))
    connection.write(spanOf('', true))
    expect(await peer.all()).toEndWith('one more thing')
    expect(await connection.when(() => connection.closed)).toBe(true)
    expect([sink.error, sink.late, asked.owned.gones, peer.wasReset]).toEqual([null, 0, 1, false])
  })

  test('what waits for a slow upstream is sent although both ways have ended', async () => {
    const { connection, sink, peer } = await open()
    const before = peer.size
    peer.socket.pause()
    connection.write(spanOf('x'.repeat(12 * MIB), true))
    expect(connection.blocked).toBe(true)
    peer.end()
    expect(await sink.when(() => sink.ended)).toBe(true)
    peer.socket.resume()
    await peer.all()
    expect([peer.size - before, peer.wasReset]).toEqual([12 * MIB, false])
    expect(await connection.when(() => connection.closed)).toBe(true)
  })

  test('an upstream that resets', async () => {
    const { sink, peer } = await open()
    peer.reset()
    expect(await sink.when(() => sink.error !== null)).toBe(true)
    expect([sink.error?.code, sink.error?.retry]).toEqual(['upstream_reset', 'never'])
  })

  test('a tunnel in which nothing moves', async () => {
    const { connection, asked, sink } = await open()
    elapse(asked.clock, TIMEOUTS.readMs - TICK_MS)
    connection.write(spanOf('x', false))
    elapse(asked.clock, TIMEOUTS.readMs - TICK_MS)
    expect(sink.error).toBeNull()
    elapse(asked.clock, 2 * TICK_MS)
    expect(sink.error?.code).toBe('timeout_tunnel')
  })

  test('an upstream that takes nothing has the send timeout, whatever more is written', async () => {
    const { connection, asked, sink, peer } = await open()
    peer.socket.pause()
    connection.write(spanOf('x'.repeat(12 * MIB), false))
    connection.write(spanOf('y', false))
    expect(connection.blocked).toBe(true)
    elapse(asked.clock, TIMEOUTS.sendMs - TICK_MS)
    expect(sink.error).toBeNull()
    elapse(asked.clock, 3 * TICK_MS)
    expect(sink.error?.code).toBe('timeout_send')
  })
})
