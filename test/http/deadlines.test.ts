// What a client's connection does when time passes: the clock stands still until a test moves it.
import { describe, expect, test } from 'bun:test'
import { LINGER_MS } from '../../src/http/h1/limits.ts'
import type { Exchange } from '../../src/http/message.ts'
import { LIMITS, own, ServerUnderTest, type Script } from './server.ts'
import { noFields } from '../../src/http/fields.ts'
import { answerHead, dial, elapse, keeping, spanOf, TICK_MS, TRANSPORTS } from './support.ts'

const kept = keeping()
const GET = 'GET / HTTP/1.1\r\nHost: h.test\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: h.test\r\nContent-Length: 3\r\n\r\n'
const CHUNK = 1_000_000
/** More than the kernel takes for a client that does not read. */
const LARGE = spanOf('x'.repeat(CHUNK), false)

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  const open = async (script: Script = {}) => {
    const server = kept(await ServerUnderTest.start(native, script))
    const asking = kept(await dial(server.port))
    return { server, asking, connection: await server.connection() }
  }
  /** Nothing happens before `ms`, and something within a tick behind it. */
  const passes = async ({ server }: { server: ServerUnderTest }, ms: number) => {
    elapse(server.clock, ms - TICK_MS)
    expect([server.refused.length, server.abandoned.length, server.gone]).toEqual([0, 0, 0])
    elapse(server.clock, 2 * TICK_MS)
  }

  test('a head that takes too long: 408', async () => {
    const opened = await open()
    opened.asking.send('GET / HTTP/1.1\r\n')
    await opened.server.when(() => opened.connection.read > 0)
    await passes(opened, LIMITS.headMs)
    expect(await opened.asking.all()).toMatch(/^HTTP\/1.1 408 Request Time-out\r\n[^]*the request head took too long\n$/)
    expect(opened.server.refused.map(({ code }) => code)).toEqual(['timeout_header'])
  })

  test('octets of a head do not prolong it (slowloris)', async () => {
    const opened = await open()
    const { server, asking, connection } = opened
    asking.send(GET)
    await asking.has('GET / ')
    for (let sent = 0; sent < 4; sent++) {
      asking.send('GET '.charAt(sent))
      await server.when(() => connection.read === GET.length + sent + 1)
      if (sent < 3) elapse(server.clock, LIMITS.headMs / 4)
    }
    elapse(server.clock, LIMITS.headMs / 4 + TICK_MS)
    expect(await asking.all()).toContain('HTTP/1.1 408 ')
  })

  test('a connection that never asks is closed without a word', async () => {
    const opened = await open()
    await passes(opened, LIMITS.headMs)
    expect([await opened.asking.all(), opened.server.refused.length]).toEqual(['', 0])
  })

  test('an idle connection is closed without a word', async () => {
    const opened = await open()
    opened.asking.send(GET)
    const answer = await opened.asking.has('GET / ')
    await passes(opened, LIMITS.keepAliveMs)
    expect([await opened.asking.all(), opened.server.refused.length]).toEqual([answer, 0])
  })

  test('a request is not idle, however long its answer takes', async () => {
    let answer: (() => void) | undefined
    const { server, asking } = await open({ complete(exchange) { answer = () => exchange.answer(own('late')) } })
    asking.send(GET)
    await server.when(() => answer !== undefined)
    elapse(server.clock, 10 * LIMITS.keepAliveMs)
    answer?.()
    await asking.has('late')
  })

  test('a body that stalls: 408, counted from the last octets', async () => {
    const opened = await open()
    const { server, asking } = opened
    asking.send(POST)
    await server.when(() => server.requests.length === 1)
    elapse(server.clock, LIMITS.bodyMs - TICK_MS)
    asking.send('a')
    await server.when(() => server.requests[0]?.body === 'a')
    await passes(opened, LIMITS.bodyMs)
    expect(await asking.all()).toEndWith('408 Request Time-out: the request body stalled\n')
    expect(server.abandoned.map(({ code }) => code)).toEqual(['timeout_body'])
  })

  test('a body that the proxy itself holds up does not stall', async () => {
    let exchange: Exchange | undefined
    const { server, asking } = await open({ begin(given) { exchange = given; given.receive() }, body: () => false, complete: (given) => given.answer(own('done')) })
    asking.send(POST)
    await server.when(() => server.requests.length === 1)
    asking.send('a')
    await server.when(() => server.requests[0]?.body === 'a')
    elapse(server.clock, 10 * LIMITS.bodyMs)
    exchange?.resume()
    asking.send('bc')
    await asking.has('done')
  })

  test('a closed connection whose client stays is gone after a while', async () => {
    const { server, asking } = await open()
    asking.send('GARBAGE\r\n\r\n')
    await asking.all()
    expect(server.gone).toBe(0)
    elapse(server.clock, LINGER_MS + TICK_MS)
    expect(server.gone).toBe(1)
  })

  test('an idle connection is closed soon when the server drains, and a fresh one too', async () => {
    const { server, asking, connection } = await open()
    connection.drain()
    elapse(server.clock, 1_000 + TICK_MS)
    expect(await asking.all()).toBe('')
  })

  test('a client that does not read is given up', async () => {
    let wants = true
    const fill = (exchange: Exchange) => {
      wants = exchange.respond(answerHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), noFields, LARGE)
      while (wants) wants = exchange.write(LARGE)
    }
    const opened = await open({ complete: fill })
    opened.asking.socket.pause()
    opened.asking.send(GET)
    await opened.server.when(() => !wants)
    await passes(opened, 60_000)
    expect(opened.server.abandoned.map(({ code }) => code)).toEqual(['timeout_send'])
    expect(opened.server.gone).toBe(1)
  })

  test('one that pipelines and does not read is given up too', async () => {
    const opened = await open({ complete: (exchange) => exchange.answer(own('x'.repeat(CHUNK))) })
    const { server, asking, connection } = opened
    asking.socket.pause()
    asking.send(GET.repeat(50))
    await server.when(() => connection.blocked)
    expect(server.requests.length).toBeLessThan(20)
    elapse(server.clock, 60_000 + TICK_MS)
    expect(server.gone).toBe(1)
  })
})
