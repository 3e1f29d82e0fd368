// Bodies of requests on a client's connection: cut anywhere, refused in time, and never a reset over an answer (RFC 9112 §6, §7, §9.6).
import { describe, expect, test } from 'bun:test'
import type { Exchange } from '../../src/http/message.ts'
import { LINGER_BYTES, LINGER_MS } from '../../src/http/h1/limits.ts'
import { echoOf, own, ServerUnderTest, type Received, type Script } from './server.ts'
import { noFields } from '../../src/http/fields.ts'
import { answerHead, dial, elapse, keeping, spanOf, TICK_MS, TRANSPORTS } from './support.ts'

const kept = keeping()
const post = (fields: string, body: string) => `POST /p HTTP/1.1\r\nHost: h.test\r\n${fields}\r\n${body}`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const EXPECT = 'Expect: 100-continue\r\n'
/** The limit is known when the head is. */
const limited = (octets: number): Script => ({
  begin(exchange) { exchange.bodyLimit = octets; exchange.receive() },
  complete: (exchange, request) => exchange.answer(echoOf(request)),
})

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  const serve = async (script: Script = {}) => kept(await ServerUnderTest.start(native, script))

  test.each([
    ['a length', post('Content-Length: 5\r\n', 'hello'), 'hello'],
    ['chunks', post(CHUNKED, '2\r\nhe\r\n3;x="y"\r\nllo\r\n0\r\nT: 1\r\n\r\n'), 'hello'],
    ['no octets', post('Content-Length: 0\r\n', ''), ''],
  ])('%s, cut at every octet, with the next request right behind', async (__, text, body) => {
    const server = await serve()
    const asking = kept(await dial(server.port))
    const connection = await server.connection()
    let sent = 0
    for (let cut = 1; cut < text.length; cut++) {
      for (const piece of [text.slice(0, cut), `${text.slice(cut)}GET /next HTTP/1.1\r\nHost: h.test\r\n\r\n`]) {
        asking.send(piece)
        sent += piece.length
        await server.when(() => connection.read === sent)
      }
      await asking.has('GET /next ')
      expect(server.requests.splice(0)).toMatchObject([{ body, complete: true, trailers: text.includes('T: 1') ? [['T', '1']] : [] }, { target: '/next' }])
    }
    expect([server.refused, server.connections.length]).toEqual([[], 1])
  })

  describe('100-continue (RFC 9110 §10.1.1)', () => {
    test('is sent when the body is wanted', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post(`${EXPECT}Content-Length: 2\r\n`, ''))
      expect(await asking.has('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      asking.send('hi')
      expect(await asking.has('POST /p hi')).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/)
    })
    test('is not sent when the request is refused, and the connection ends', async () => {
      const server = await serve({ begin: (exchange) => exchange.answer(own('no', 403)) })
      const asking = kept(await dial(server.port))
      asking.send(post(`${EXPECT}Content-Length: 2\r\n`, ''))
      const text = await asking.all()
      expect(text).toStartWith('HTTP/1.1 403 Forbidden\r\n')
      expect(text).toContain('Connection: close\r\n')
    })
    test('is not sent when the body comes with the head', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post(`${EXPECT}Content-Length: 2\r\n`, 'h'))
      asking.send('i')
      expect(await asking.has('POST /p hi')).toStartWith('HTTP/1.1 200 OK\r\n')
    })
    test('is not sent to HTTP/1.0', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      const connection = await server.connection()
      const head = post(`${EXPECT}Content-Length: 2\r\n`, '').replace('1.1', '1.0')
      asking.send(head)
      await server.when(() => connection.read === head.length)
      asking.send('hi')
      expect(await asking.all()).toStartWith('HTTP/1.1 200 OK\r\n')
    })
  })

  test('an answer before the body has come reaches a client that goes on sending', async () => {
    const server = await serve({ begin: (exchange) => exchange.answer(own('enough', 403)) })
    const asking = kept(await dial(server.port))
    asking.send(post('Content-Length: 10000000\r\n', 'x'.repeat(1_000)))
    await asking.has('enough')
    asking.send('x'.repeat(LINGER_BYTES / 2))
    const connection = await server.connection()
    expect(await server.when(() => connection.read > LINGER_BYTES / 2)).toBe(true)
    asking.end()
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect([await asking.all(), asking.wasReset, server.requests.length]).toEqual([expect.stringContaining('enough'), false, 1])
  })

  test('a client that sends on and on behind its answer is not read any more, and cut off in time', async () => {
    const server = await serve({ begin: (exchange) => exchange.answer(own('enough', 403)) })
    const asking = kept(await dial(server.port))
    asking.send(post('Content-Length: 10000000\r\n', ''))
    await asking.has('enough')
    asking.send('x'.repeat(LINGER_BYTES + 1))
    const connection = await server.connection()
    expect(await server.when(() => connection.paused)).toBe(true)
    expect(server.gone).toBe(0)
    elapse(server.clock, LINGER_MS + TICK_MS)
    expect(await server.when(() => server.gone === 1)).toBe(true)
  })

  test('the answer of one who lost interest in the middle of the body', async () => {
    let exchange: Exchange | undefined
    const begin = (given: Exchange) => { exchange = given; given.receive() }
    const server = await serve({ begin, body() { exchange?.answer(own('stop', 403)); return false } })
    const asking = kept(await dial(server.port))
    asking.send(post('Content-Length: 1000\r\n', ''))
    await server.when(() => server.requests.length === 1)
    asking.send('x')
    await asking.has('stop')
    asking.send('xx')
    const connection = await server.connection()
    expect(await server.when(() => connection.read === post('Content-Length: 1000\r\n', '').length + 3)).toBe(true)
  })

  test('a body that nobody wants yet waits outside', async () => {
    let wanted: (() => void) | undefined
    const server = await serve({ begin(exchange) { wanted = () => exchange.receive() }, complete: (exchange, request) => exchange.answer(own(String(request.body.length))) })
    const asking = kept(await dial(server.port))
    asking.send(post('Content-Length: 6000000\r\n', 'x'.repeat(6_000_000)))
    const connection = await server.connection()
    await server.when(() => connection.pauses > 0)
    expect([connection.read < 2_000_000, connection.paused, server.requests[0]?.complete]).toEqual([true, true, false])
    wanted?.()
    await asking.has('6000000')
  })

  describe('the limit of a body', () => {
    test.each([['a length', 'Content-Length: 6\r\n', 'hel', 'lo!'], ['chunks', CHUNKED, '3\r\nhel\r\n', '3\r\nlo!\r\n0\r\n\r\n']])('%s: 413 as soon as it is passed', async (__, fields, first, rest) => {
      const server = await serve(limited(5))
      const asking = kept(await dial(server.port))
      asking.send(post(fields, ''))
      await server.when(() => server.requests.length === 1)
      asking.send(first)
      await server.when(() => server.requests[0]?.body === 'hel')
      asking.send(rest)
      const text = await asking.all()
      expect(text).toStartWith('HTTP/1.1 413 Request Entity Too Large\r\n')
      expect(text).toEndWith('413 Request Entity Too Large: the body exceeds 5 octets\n')
      expect([server.abandoned.map(({ code }) => code), server.requests[0]?.body]).toEqual([['limit_body'], 'hel'])
    })
    test('as many octets as are allowed', async () => {
      const server = await serve(limited(5))
      const asking = kept(await dial(server.port))
      asking.send(post('Content-Length: 5\r\n', ''))
      await server.when(() => server.requests.length === 1)
      asking.send('hello')
      await asking.has('POST /p hello')
    })
  })

  describe('broken', () => {
    test('chunks that came with the head: refused before anyone begins', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post(CHUNKED, 'zz\r\n'))
      expect(await asking.all()).toEndWith('400 Bad Request: broken chunked coding\n')
      asking.end()
      await server.when(() => server.gone === 1)
      expect([server.requests.length, server.refused.length, server.abandoned.length]).toEqual([0, 1, 0])
    })
    test('a refused client that then resets is not told of twice', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post(CHUNKED, 'zz\r\n'))
      await asking.all()
      asking.reset()
      await server.when(() => server.gone === 1)
      expect([server.refused.length, server.abandoned.length]).toEqual([1, 0])
    })
    test('chunks behind it: 400 and close, and nothing behind the fault is served', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post(CHUNKED, '2\r\nhe\r\n'))
      await server.when(() => server.requests[0]?.body === 'he')
      asking.send('zz\r\nGET /never HTTP/1.1\r\nHost: h.test\r\n\r\n')
      const text = await asking.all()
      expect(text).toStartWith('HTTP/1.1 400 Bad Request\r\n')
      expect(text).toContain('Connection: close\r\n')
      expect([server.requests, server.abandoned.map(({ code }) => code)]).toEqual([[expect.objectContaining({ body: 'he', complete: false })], ['bad_request']])
    })
    test('a body that ends too soon: 400', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post('Content-Length: 5\r\n', 'hel'))
      asking.end()
      expect(await asking.all()).toEndWith('the connection ended inside a body\n')
      expect(server.requests[0]?.complete).toBe(false)
    })
    test('a body that breaks behind the begin of its answer: a reset', async () => {
      const begin = (exchange: Exchange) => {
        exchange.receive()
        exchange.respond(answerHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), noFields, spanOf('early', false))
      }
      const server = await serve({ begin, complete: () => undefined })
      const asking = kept(await dial(server.port))
      asking.send(post(CHUNKED, ''))
      await asking.has('early\r\n')
      asking.send('zz\r\n')
      expect(await asking.when(() => asking.wasReset)).toBe(true)
      expect(server.abandoned.map(({ code }) => code)).toEqual(['bad_request'])
    })
    test('a client that resets inside a body', async () => {
      const server = await serve()
      const asking = kept(await dial(server.port))
      asking.send(post('Content-Length: 5\r\n', 'hel'))
      await server.when(() => server.requests.length === 1)
      asking.reset()
      await server.when(() => server.gone === 1)
      expect(server.abandoned.map(({ code }) => code)).toEqual(['client_gone'])
    })
  })

  test('an answer that streams while the body is still coming', async () => {
    let exchange: Exchange | undefined
    const body = (span: { size: number }) => { exchange?.write(spanOf(`${span.size};`, false)); return true }
    const begin = (given: Exchange) => {
      exchange = given
      given.receive()
      given.respond(answerHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), noFields, spanOf('', false))
    }
    const server = await serve({ begin, body, complete: (given, request: Received) => { given.write(spanOf(request.body)) } })
    const asking = kept(await dial(server.port))
    asking.send(post('Content-Length: 4\r\n', ''))
    await asking.has('\r\n\r\n')
    asking.send('ab')
    await asking.has('2\r\n2;\r\n')
    asking.send('cd')
    await asking.has('2\r\n2;\r\n2\r\n2;\r\n4\r\nabcd\r\n0\r\n\r\n')
    asking.send('GET /next HTTP/1.1\r\nHost: h.test\r\n\r\n')
    expect(await server.when(() => server.requests[1]?.target === '/next')).toBe(true)
  })
})
