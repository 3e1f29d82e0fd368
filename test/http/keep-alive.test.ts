// How a client's connection goes on and how it ends (RFC 9112 §9), through real sockets and both transports of Wire.
import { describe, expect, test } from 'bun:test'
import type { Exchange } from '../../src/http/message.ts'
import { rawClient } from '../support/raw-client.ts'
import { ServerUnderTest, own } from './server.ts'
import { noFields } from '../../src/http/fields.ts'
import { answerHead, dial, elapse, keeping, spanOf, TRANSPORTS } from './support.ts'

const kept = keeping()
const HOST = 'Host: h.test\r\n'
const get = (target: string, fields = '', version = '1.1') => `GET ${target} HTTP/${version}\r\n${HOST}${fields}\r\n`
const valuesOf = (response: { fields: readonly (readonly [string, string])[] } | undefined, name: string) => response?.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
const client = async (port: number) => {
  const opened = await rawClient(port)
  return kept({ ...opened, close: opened.destroy })
}
/** Answers in its own time: the test calls what was put aside. */
const putAside = () => {
  const waiting: (() => void)[] = []
  const complete = (exchange: Exchange, { target }: { target: string }) => { waiting.push(() => exchange.answer(own(target))) }
  return { waiting, script: { complete } }
}

describe.each(TRANSPORTS)('%s transport:', (_, native) => {
  const serve = async (...[script, limits]: Parameters<typeof ServerUnderTest.start> extends [boolean, ...infer More] ? More : never) => kept(await ServerUnderTest.start(native, script, limits))

  test('one connection carries one request after another', async () => {
    const server = await serve()
    const asking = await client(server.port)
    for (const target of ['/a', '/b', '/c']) {
      asking.send(get(target))
      const response = await asking.response()
      expect(response).toMatchObject({ status: 200, body: `GET ${target} ` })
      expect(valuesOf(response, 'connection')).toEqual([])
    }
    expect(server.connections).toHaveLength(1)
  })

  test('Connection: close is answered and done', async () => {
    const server = await serve()
    const asking = await client(server.port)
    asking.send(get('/a', 'Connection: close\r\n') + get('/never'))
    expect(valuesOf(await asking.response(), 'connection')).toEqual(['close'])
    expect(await asking.closed()).toBe(true)
    expect(server.requests).toHaveLength(1)
  })

  test('HTTP/1.0 closes, unless it asks for keep-alive', async () => {
    const server = await serve()
    const asking = await client(server.port)
    asking.send(get('/a', 'Connection: keep-alive\r\n', '1.0'))
    expect(valuesOf(await asking.response(), 'connection')).toEqual(['keep-alive'])
    asking.send(get('/b', '', '1.0'))
    expect(valuesOf(await asking.response(), 'connection')).toEqual(['close'])
    expect(await asking.closed()).toBe(true)
  })

  test('the last request that a connection may carry is answered with close', async () => {
    const server = await serve({}, { requestsPerConnection: 2 })
    const asking = await client(server.port)
    asking.send(get('/a') + get('/b') + get('/c'))
    expect(valuesOf(await asking.response(), 'connection')).toEqual([])
    expect(valuesOf(await asking.response(), 'connection')).toEqual(['close'])
    expect(await asking.closed()).toBe(true)
    expect(server.requests).toHaveLength(2)
  })

  test('HEAD: the head of the answer, and the next answer right behind it', async () => {
    const server = await serve()
    const asking = await client(server.port)
    asking.send(`HEAD /a HTTP/1.1\r\n${HOST}\r\n${get('/b')}`, ['HEAD', 'GET'])
    const response = await asking.response()
    expect([response?.body, valuesOf(response, 'content-length')]).toEqual(['', ['8']])
    expect((await asking.response())?.body).toBe('GET /b ')
  })

  test('two requests in one packet, answered in order although the second could be answered first', async () => {
    const { waiting, script } = putAside()
    const server = await serve(script)
    const asking = await client(server.port)
    asking.send(get('/a') + get('/b'))
    await server.when(() => waiting.length === 1)
    expect(server.requests).toHaveLength(1)
    waiting.shift()?.()
    await server.when(() => waiting.length === 1)
    waiting.shift()?.()
    expect([(await asking.response())?.body, (await asking.response())?.body]).toEqual(['/a', '/b'])
  })

  test.each([[1_000, 'later'], [20_000, 'at once']])('%d pipelined requests, answered %s, come back in order', async (count, how) => {
    const complete = (exchange: Exchange, { target }: { target: string }) => how === 'at once' ? exchange.answer(own(`${target};`)) : setImmediate(() => exchange.answer(own(`${target};`)))
    const server = await serve({ complete })
    const asking = kept(await dial(server.port))
    asking.send(Array.from({ length: count }, (__, index) => get(`/${index}`)).join(''))
    await asking.when(() => server.requests.length === count)
    await asking.has(`/${count - 1};`)
    const order = [...asking.text.matchAll(/\/(\d+);/g)].map(([, index]) => Number(index))
    expect(order).toEqual(Array.from({ length: count }, (__, index) => index))
  })

  test('a half-closed client gets its answer, and then the end', async () => {
    const { waiting, script } = putAside()
    const server = await serve(script)
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    asking.end()
    const connection = await server.connection()
    await server.when(() => waiting.length === 1)
    await server.when(() => connection.peerEnded)
    waiting.shift()?.()
    expect(await asking.all()).toEndWith('/a')
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect(server.abandoned).toEqual([])
  })

  test('a client that ended its side and hears nothing for 5 s has left', async () => {
    const { waiting, script } = putAside()
    const server = await serve(script)
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    asking.end()
    const connection = await server.connection()
    await server.when(() => waiting.length === 1)
    await server.when(() => connection.peerEnded)
    elapse(server.clock, 4_900)
    expect(server.abandoned).toEqual([])
    elapse(server.clock, 300)
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect(server.abandoned.map(({ code, status }) => [code, status])).toEqual([['client_gone', 499]])
  })

  test('an answer that keeps coming reaches a half-closed client however long it takes', async () => {
    let exchange: Exchange | undefined
    const server = await serve({ begin(given) { exchange = given; given.respond(answerHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), noFields, spanOf('0', false)) } })
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    asking.end()
    const connection = await server.connection()
    await server.when(() => connection.peerEnded)
    for (let i = 1; i <= 4; i++) {
      elapse(server.clock, 3_000)
      exchange?.write(spanOf(String(i), i === 4))
    }
    expect(await asking.all()).toEndWith('4\r\n0\r\n\r\n')
    expect(server.abandoned).toEqual([])
  })

  test('a client that half-closes behind pipelined requests gets all answers', async () => {
    const { waiting, script } = putAside()
    const server = await serve(script)
    const asking = kept(await dial(server.port))
    asking.send(get('/a') + get('/b') + get('/c'))
    asking.end()
    const connection = await server.connection()
    await server.when(() => waiting.length === 1)
    await server.when(() => connection.peerEnded)
    for (let answered = 0; answered < 3; answered++) {
      await server.when(() => waiting.length === 1)
      waiting.shift()?.()
    }
    expect((await asking.all()).match(/\/[abc]/g)).toEqual(['/a', '/b', '/c'])
  })

  test('a client that leaves while nobody works for it ends the connection', async () => {
    const server = await serve()
    const asking = kept(await dial(server.port))
    asking.end()
    expect(await asking.all()).toBe('')
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect([server.abandoned, server.refused]).toEqual([[], []])
  })

  test('a connection that ends inside a head is refused', async () => {
    const server = await serve()
    const asking = kept(await dial(server.port))
    asking.send('GET / HTTP/1.1\r\nHost')
    asking.end()
    expect(await asking.all()).toStartWith('HTTP/1.1 400 Bad Request\r\n')
    expect(server.refused.map(({ status, message }) => [status, message])).toEqual([[400, 'the connection ended inside a head']])
  })

  test('a client that resets while its answer is made is told of once', async () => {
    const { waiting, script } = putAside()
    const server = await serve(script)
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    await server.when(() => waiting.length === 1)
    asking.reset()
    expect(await server.when(() => server.gone === 1)).toBe(true)
    expect(server.abandoned.map(({ code }) => code)).toEqual(['client_gone'])
  })

  test('a head that cannot be read is refused, and nothing behind it is served', async () => {
    const server = await serve()
    const asking = kept(await dial(server.port))
    asking.send(`${get('/a')}GET /b HTTP/1.1\r\nBroken\r\n\r\n${get('/c')}`)
    const text = await asking.all()
    expect(text.match(/^HTTP\/1.1 \d+|HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
    expect(text).toContain('Connection: close\r\n')
    expect(text).toEndWith('400 Bad Request: a field line is not `name: value`\n')
    expect([server.requests.length, server.refused.length]).toEqual([1, 1])
  })

  test('requests in pieces of one octet', async () => {
    const server = await serve()
    const asking = kept(await dial(server.port))
    const connection = await server.connection()
    const text = `${get('/a')}\r\n${get('/b')}`
    for (const [index, octet] of [...text].entries()) {
      asking.send(octet)
      await server.when(() => connection.read === index + 1)
    }
    await asking.has('GET /b ')
    expect(server.requests.map(({ target }) => target)).toEqual(['/a', '/b'])
  })

  describe('drain', () => {
    test('the answer under way and the next one say close', async () => {
      const { waiting, script } = putAside()
      const server = await serve(script)
      const asking = await client(server.port)
      asking.send(get('/a'))
      await server.when(() => waiting.length === 1)
      server.connections[0]?.drain()
      waiting.shift()?.()
      expect(valuesOf(await asking.response(), 'connection')).toEqual(['close'])
      expect(await asking.closed()).toBe(true)
    })
    test('a request that was on its way is served', async () => {
      const server = await serve()
      const asking = await client(server.port)
      asking.send(get('/a'))
      await asking.response()
      server.connections[0]?.drain()
      asking.send(get('/b'))
      const response = await asking.response()
      expect([response?.body, valuesOf(response, 'connection')]).toEqual(['GET /b ', ['close']])
    })
  })

  test('an answer of unknown length: chunked for HTTP/1.1, until close for HTTP/1.0', async () => {
    const complete = (exchange: Exchange) => {
      exchange.respond(answerHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), noFields, spanOf('one', false))
      exchange.write(spanOf('', false))
      exchange.write(spanOf('three'))
    }
    const server = await serve({ complete })
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    expect(await asking.has('0\r\n\r\n')).toEndWith('Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n')
    const old = kept(await dial(server.port))
    old.send(get('/a', 'Connection: keep-alive\r\n', '1.0'))
    expect(await old.all()).toEndWith('Connection: close\r\n\r\nonethree')
  })

  test('an answer that ends at once needs no chunks', async () => {
    const complete = (exchange: Exchange) => { exchange.respond(answerHead('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: x\r\n\r\n'), noFields, spanOf('all')) }
    const server = await serve({ complete })
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    expect(await asking.has('all')).toBe('HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 3\r\n\r\nall')
  })

  test('1xx goes to HTTP/1.1 alone, and only before the answer', async () => {
    const complete = (exchange: Exchange) => {
      exchange.inform(answerHead('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\n'))
      exchange.answer(own('x'))
      exchange.inform(answerHead('HTTP/1.1 103 Late Hints\r\n\r\n'))
    }
    const server = await serve({ complete })
    const asking = kept(await dial(server.port))
    asking.send(get('/a'))
    expect((await asking.has('x')).split('\r\n\r\n')[0]).toBe('HTTP/1.1 103 Early Hints\r\nLink: </a>')
    expect(asking.text).not.toContain('Late')
    const old = kept(await dial(server.port))
    old.send(get('/a', '', '1.0'))
    expect(await old.all()).toStartWith('HTTP/1.1 200 OK\r\n')
  })

  test('an answer that cannot be completed is a reset', async () => {
    const complete = (exchange: Exchange) => {
      exchange.respond(answerHead('HTTP/1.1 200 OK\r\n\r\n'), noFields, spanOf('part', false))
      setImmediate(() => exchange.abort())
    }
    const server = await serve({ complete })
    const asking = kept(await dial(server.port))
    asking.send(get('/a', '', '1.0'))
    expect(await asking.when(() => asking.wasReset)).toBe(true)
    expect([asking.ended, server.gone, server.abandoned]).toEqual([false, 1, []])
  })
})
