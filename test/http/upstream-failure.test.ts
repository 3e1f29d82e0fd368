// What goes wrong with an upstream, what it is called, and whether the request may be sent again.
import { describe, expect, test } from 'bun:test'
import type { ProxyError } from '../../src/http/message.ts'
import { RecordingSink, TIMEOUTS } from './sink.ts'
import { elapse, keeping, RawUpstream, spanOf, TICK_MS, TRANSPORTS, upstreamConnection, upstreamRequest } from './support.ts'
import { Asked, GET } from './upstream.ts'

const kept = keeping()
const outcome = (error: ProxyError | null) => [error?.source, error?.code, error?.status, error?.retry]
const POST = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n'

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  const open = async () => kept(await Asked.start(native))
  const failed = async (sink: RecordingSink) => {
    await sink.when(() => sink.error !== null)
    expect([sink.ended, sink.late]).toEqual([false, 0])
    return outcome(sink.error)
  }

  test('nobody listens: nothing was sent, so it may be sent elsewhere', async () => {
    const upstream = await RawUpstream.start()
    upstream.close()
    const { connection, owned } = kept(upstreamConnection(upstream.port, native))
    const sink = new RecordingSink()
    connection.exchange(upstreamRequest(GET), sink, TIMEOUTS)
    expect(await failed(sink)).toEqual(['upstream', 'connect_failed', 502, 'always'])
    expect(owned).toMatchObject({ idles: 0, gones: 1 })
  })

  test('a connection that does not come to be in time', async () => {
    const asked = await open()
    const sink = new RecordingSink()
    asked.connection.exchange(upstreamRequest(GET), sink, TIMEOUTS)
    elapse(asked.clock, TIMEOUTS.connectMs + TICK_MS)
    expect(await failed(sink)).toEqual(['upstream', 'timeout_connect', 504, 'always'])
  })

  test('a client that reads again does not prolong the connecting', async () => {
    const asked = await open()
    const sink = new RecordingSink()
    asked.connection.exchange(upstreamRequest(GET), sink, TIMEOUTS)
    asked.connection.resume()
    elapse(asked.clock, TIMEOUTS.connectMs + TICK_MS)
    expect(outcome(sink.error)).toEqual(['upstream', 'timeout_connect', 504, 'always'])
  })

  describe.each([['FIN', 'end'], ['reset', 'reset']] as const)('%s', (__, how) => {
    test('before an answer on a fresh connection: it may have been acted on', async () => {
      const asked = await open()
      const { sink, peer } = await asked.ask()
      peer[how]()
      expect(await failed(sink)).toEqual(['upstream', 'upstream_reset', 502, 'never'])
    })
    test('before an answer on a reused connection: it was closed while idle', async () => {
      const asked = await open()
      const before = await asked.ask()
      before.peer.send('HTTP/1.1 204 N\r\n\r\n')
      await before.sink.when(() => before.sink.ended)
      const { sink, peer } = await asked.ask()
      peer[how]()
      expect(await failed(sink)).toEqual(['upstream', 'upstream_reset', 502, 'if-reused'])
    })
    test('inside the head of an answer, also on a reused connection', async () => {
      const asked = await open()
      const before = await asked.ask()
      before.peer.send('HTTP/1.1 204 N\r\n\r\n')
      await before.sink.when(() => before.sink.ended)
      const { sink, peer } = await asked.ask()
      peer.send('HTTP/1.1 103 E\r\n\r\nHTTP/1.1 20')
      await sink.when(() => sink.informs.length === 1)
      peer[how]()
      expect(await failed(sink)).toEqual(['upstream', 'upstream_reset', 502, 'never'])
    })
    test.each([
      ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'],
      ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel'],
      ['chunks without the last one', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n'],
      ['chunks without the last line', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n'],
    ])('inside a body with %s: never a clean end', async (___, text) => {
      const asked = await open()
      const { sink, peer } = await asked.ask()
      peer.send(text)
      await sink.when(() => sink.text === 'hel')
      peer[how]()
      expect(await failed(sink)).toEqual(['upstream', 'upstream_reset', 502, 'never'])
      expect([sink.text, asked.owned.idles, asked.owned.gones]).toEqual(['hel', 0, 1])
    })
  })

  test('a reset inside a body until close is no end', async () => {
    const asked = await open()
    const { sink, peer } = await asked.ask()
    peer.send('HTTP/1.1 200 OK\r\n\r\nhel')
    await sink.when(() => sink.text === 'hel')
    peer.reset()
    expect(await failed(sink)).toEqual(['upstream', 'upstream_reset', 502, 'never'])
  })

  test.each([
    ['another protocol', 'SSH-2.0-x\r\n\r\n'],
    ['two framings', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['broken chunks with the head', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(40_000)}`],
  ])('an answer that cannot be used: %s', async (__, text) => {
    const asked = await open()
    const { sink, peer } = await asked.ask()
    peer.send(text)
    expect(await failed(sink)).toEqual(['upstream', 'bad_answer', 502, 'never'])
    expect([sink.error?.message === '', asked.owned.idles, asked.owned.gones, sink.status]).toEqual([false, 0, 1, 0])
  })

  test('chunks that break later', async () => {
    const asked = await open()
    const { sink, peer } = await asked.ask()
    peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n')
    await sink.when(() => sink.text === 'x')
    peer.send('zz\r\n')
    expect(await failed(sink)).toEqual(['upstream', 'bad_answer', 502, 'never'])
  })

  describe('deadlines', () => {
    test('no answer in time', async () => {
      const asked = await open()
      const { sink } = await asked.ask()
      elapse(asked.clock, TIMEOUTS.readMs - TICK_MS)
      expect(sink.error).toBeNull()
      elapse(asked.clock, 2 * TICK_MS)
      expect(await failed(sink)).toEqual(['upstream', 'timeout_header', 504, 'never'])
    })
    test('a body that stalls, counted from its last octets', async () => {
      const asked = await open()
      const { sink, peer } = await asked.ask()
      elapse(asked.clock, TIMEOUTS.readMs - TICK_MS)
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
      await sink.when(() => sink.text === 'hel')
      elapse(asked.clock, TIMEOUTS.readMs - TICK_MS)
      expect(sink.error).toBeNull()
      elapse(asked.clock, 2 * TICK_MS)
      expect(await failed(sink)).toEqual(['upstream', 'timeout_body', 504, 'never'])
    })
    test('an upstream is not slow while the client is', async () => {
      const asked = await open()
      const { sink, peer } = await asked.ask()
      sink.wants = false
      peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
      await sink.when(() => sink.text === 'hel')
      elapse(asked.clock, 10 * TIMEOUTS.readMs)
      expect(sink.error).toBeNull()
      asked.connection.resume()
      elapse(asked.clock, TIMEOUTS.readMs + TICK_MS)
      expect(await failed(sink)).toEqual(['upstream', 'timeout_body', 504, 'never'])
    })
    test('an upstream that does not read the request', async () => {
      const asked = await open()
      const { sink, peer } = await asked.ask(POST, { first: spanOf('x', false) })
      peer.socket.pause()
      while (asked.connection.write(spanOf('x'.repeat(1_000_000), false)));
      elapse(asked.clock, TIMEOUTS.sendMs + TICK_MS)
      expect(await failed(sink)).toEqual(['upstream', 'timeout_send', 504, 'never'])
    })
    test('an idle connection is closed without a word', async () => {
      const asked = await open()
      const { sink, peer } = await asked.ask()
      peer.send('HTTP/1.1 204 N\r\n\r\n')
      await sink.when(() => sink.ended)
      asked.connection.rest(1_000)
      elapse(asked.clock, 1_000 - TICK_MS)
      expect(asked.owned.gones).toBe(0)
      elapse(asked.clock, 2 * TICK_MS)
      expect([asked.owned.gones, sink.error]).toEqual([1, null])
    })
  })
})
