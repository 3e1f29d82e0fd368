// After its owner has let go of a stream it is told nothing, and a fault in one connection never leaves that connection: both once let a client
// end a worker. `Endpoint` writes down when an event comes for an owner that let go.
import { describe, expect, test } from 'bun:test'
import { FLAG, SETTING } from '../../../src/http/h2/frames.ts'
import { QUEUE_BYTES, INITIAL_WINDOW_BYTES } from '../../../src/http/h2/limits.ts'
import { OutputBuffers } from '../../../src/http/h2/output.ts'
import { client, Endpoint, server } from './endpoint.ts'
import { data, GET, headers, hello, last, lone, OK, padded, POST, rst, windowUpdate } from './wire.ts'

const trailers = headers(1, [['x', '1']], FLAG.END_STREAM)

describe('an upstream answers before the request has ended, and the exchange is let go', () => {
  const answered = () => {
    const endpoint = server().feed(headers(1, POST), data(1, 'abc'))
    endpoint.respond(1, [], { end: false })
    endpoint.write(1, 'early', true)
    endpoint.connection.ignore(endpoint.stream(1))
    return endpoint
  }
  test('the client is told to stop, without an error (§8.1)', () => {
    expect(answered().sent()).toEqual(['HEADERS 1', 'DATA 1 5 end', 'RST_STREAM 1 0'])
  })
  test.each<[string, Buffer]>([
    ['DATA', data(1, 'more')], ['the last DATA', last(1, 'more')], ['trailers', trailers], ['a reset', rst(1, 8)], ['WINDOW_UPDATE', windowUpdate(1, 5)], ['padding', padded(1, 'a', 9)],
  ])('%s that was on its way finds nobody, and harms nobody', (_, frames) => {
    const endpoint = answered().feed(frames, lone(3))
    expect(endpoint.told).toEqual(['1 head', '1 data 3', 'idle', '3 head end'])
    expect(endpoint.fault).toBeNull()
  })
})

describe('the exchange is let go before its answer has left', () => {
  const answered = () => {
    const endpoint = server({}, [SETTING.INITIAL_WINDOW_SIZE, 10]).feed(headers(1, POST))
    endpoint.respond(1, [], { end: false })
    endpoint.write(1, Buffer.alloc(20), true)
    endpoint.connection.ignore(endpoint.stream(1))
    return endpoint
  }
  test('the rest is sent, then the client is told to stop', () => {
    const endpoint = answered()
    endpoint.bytes()
    expect(endpoint.feed(windowUpdate(1, 100)).sent()).toEqual(['DATA 1 10 end', 'RST_STREAM 1 0'])
  })
  test.each<[string, Buffer]>([
    ['DATA', data(1, 'more')], ['the last DATA', last(1, 'more')], ['trailers', trailers], ['a reset', rst(1, 8)], ['a wrong frame', windowUpdate(1, 0)], ['a bad end', headers(1, [['x', '1']])],
  ])('%s is dropped', (_, frames) => {
    const endpoint = answered().feed(frames, lone(3))
    expect(endpoint.told.filter((text) => text !== 'idle')).toEqual(['1 head', '3 head end'])
    expect(endpoint.fault).toBeNull()
  })
  test('what it held and what comes is credited', () => {
    const endpoint = server({}, [SETTING.INITIAL_WINDOW_SIZE, 0])
    endpoint.consumes = false
    const frames = Array.from({ length: 3 }, () => data(1, Buffer.alloc(16_384)))
    endpoint.feed(headers(1, POST), ...frames)
    endpoint.connection.ignore(endpoint.stream(1))
    expect(endpoint.sent()).toEqual([`WINDOW_UPDATE 1 ${49_152 + INITIAL_WINDOW_BYTES}`])
    endpoint.feed(...frames, ...frames)
    expect(endpoint.sent()).toEqual([`WINDOW_UPDATE 1 ${32_768 + 2 * INITIAL_WINDOW_BYTES}`, 'WINDOW_UPDATE 1 32768', 'WINDOW_UPDATE 0 131072', 'WINDOW_UPDATE 1 32768'])
  })
})

describe('`drained` does not come', () => {
  const stopped = () => {
    const endpoint = server({}, [SETTING.INITIAL_WINDOW_SIZE, 0]).feed(lone(1))
    endpoint.respond(1, [], { end: false })
    expect(endpoint.write(1, Buffer.alloc(QUEUE_BYTES))).toBe(false)
    return endpoint
  }
  const open = [windowUpdate(0, 10 ** 6), windowUpdate(1, 10 ** 6)]
  test('after the exchange has ended its answer', () => {
    const endpoint = stopped()
    endpoint.write(1, '', true)
    expect(endpoint.feed(...open).told).toEqual(['1 head end', 'idle'])
  })
  test('after it has ended it with trailers', () => {
    const endpoint = stopped()
    endpoint.connection.trailers(endpoint.stream(1), [])
    expect(endpoint.feed(...open).told).toEqual(['1 head end', 'idle'])
  })
  test('after its owner has let go', () => {
    const endpoint = stopped()
    endpoint.connection.ignore(endpoint.stream(1))
    expect(endpoint.feed(...open).told).toEqual(['1 head end'])
  })
  test('after the stream was reset', () => {
    const endpoint = stopped()
    endpoint.connection.reset(endpoint.stream(1), 2)
    expect(endpoint.feed(...open).told).toEqual(['1 head end', 'idle'])
  })
})

describe('an owner lets go inside an event', () => {
  test.each<[string, (endpoint: Endpoint) => void]>([
    ['by reset', (endpoint) => endpoint.connection.reset(endpoint.stream(1), 8)],
    ['by ignore', (endpoint) => endpoint.connection.ignore(endpoint.stream(1))],
    ['by answering', (endpoint) => { endpoint.respond(1); endpoint.connection.ignore(endpoint.stream(1)) }],
  ])('%s', (_, letGo) => {
    const frames: Record<'head' | 'data' | 'trailers', Buffer[]> = { head: [headers(1, POST), last(1, 'x')], data: [headers(1, POST), data(1, 'x'), last(1, 'y')], trailers: [headers(1, POST), trailers] }
    for (const event of ['head', 'data', 'trailers'] as const) {
      const endpoint: Endpoint = server({ [event]: () => letGo(endpoint) })
      endpoint.feed(...frames[event], lone(3))
      expect(endpoint.told.filter((text) => text.startsWith('1')).length).toBe(event === 'head' ? 1 : 2)
      expect(endpoint.fault).toBeNull()
    }
  })
  test('a client that ignores an answer which has not begun hears nothing of it', () => {
    const endpoint = client()
    endpoint.connection.ignore(endpoint.request())
    endpoint.feed(headers(1, [[':status', '103']]), headers(1, OK), last(1, 'x'))
    expect(endpoint.told).toEqual(['idle'])
  })
})

test('the rest of a frame finds nobody when its owner let go in the middle of it', () => {
  const endpoint: Endpoint = server({ data: (stream) => endpoint.connection.reset(stream, 8) })
  const bytes = Buffer.concat([headers(1, [...POST, ['content-length', '4']]), data(1, 'abcdef')])
  endpoint.feed(bytes.subarray(0, -3)).feed(bytes.subarray(-3))
  expect(endpoint.sent()).toEqual(['RST_STREAM 1 8'])
})

test('what comes late for a stream that broke a rule is dropped', () => {
  const endpoint = server().feed(headers(1, POST), windowUpdate(1, 0), data(1, 'late'), trailers, rst(1, 8), lone(3))
  expect(endpoint.told).toEqual(['1 head', '1 reset 1', 'idle', '3 head end'])
  expect(endpoint.fault).toBeNull()
})

describe('an owner closes the connection inside an event', () => {
  test('nothing else of what came with it is read', () => {
    const endpoint: Endpoint = server({ head: () => endpoint.connection.lost() })
    expect(endpoint.feed(lone(1), lone(3)).told).toEqual(['1 head end', '1 reset 8 remote'])
    expect(endpoint.fault).toBeNull()
  })
  test('and throws: its error is told', () => {
    const endpoint: Endpoint = server({ head: () => { endpoint.connection.lost(); throw new Error('a defect') } })
    expect(endpoint.feed(lone(1)).fault?.cause).toEqual(new Error('a defect'))
    expect(endpoint.connection.pending).toBe(false)
  })
})

describe('an event that throws', () => {
  const broken = new Error('a defect')
  const thrower = () => { throw broken }
  test.each(['head', 'data', 'trailers', 'reset', 'drained', 'idle'] as const)('%s: fails its connection, and nothing is thrown', (event) => {
    const endpoint = server({ [event]: thrower }, [SETTING.INITIAL_WINDOW_SIZE, 0])
    endpoint.feed(headers(1, POST), lone(3), data(1, 'x'))
    if (event === 'drained') endpoint.write(1, Buffer.alloc(QUEUE_BYTES))
    endpoint.feed(windowUpdate(0, QUEUE_BYTES), windowUpdate(1, QUEUE_BYTES), trailers, rst(3, 8), rst(1, 8))
    expect([endpoint.fault?.reason, endpoint.fault?.cause]).toEqual(['internal_error', broken])
    expect(endpoint.sent().at(-1)).toMatch(/^GOAWAY \d 2$/)
  })
  test('does not keep other owners from being told', () => {
    const endpoint = server({ reset: thrower }).feed(lone(1), lone(3), lone(5))
    endpoint.feed(data(2, 'x'))
    expect(endpoint.told.slice(-3)).toEqual(['1 reset 1', '3 reset 1', '5 reset 1'])
    expect(endpoint.fault?.cause).toBe(broken)
  })
})

test('a buffer that was sent is used again by others, and nobody reads old octets from it', () => {
  const buffers = new OutputBuffers()
  const endpoints = Array.from({ length: 6 }, () => new Endpoint('server', {}, buffers).feed(hello([SETTING.INITIAL_WINDOW_SIZE, 100_000])))
  for (const endpoint of endpoints) endpoint.bytes() // fills each buffer with 0xff when it is sent
  for (let round = 0, id = 1; round < 20; round++, id += 2) {
    endpoints.forEach((endpoint, n) => { endpoint.feed(lone(id, GET)); endpoint.respond(id, [['x-n', String(n)]], { end: false }); endpoint.write(id, Buffer.alloc(3_000, n), true) })
    endpoints.forEach((endpoint, n) => {
      const frames = endpoint.frames()
      expect(Buffer.concat(frames.filter(({ type }) => type === 0).map(({ payload }) => payload))).toEqual(Buffer.alloc(3_000, n))
    })
  }
})
test('a connection that has sent all gives its buffer back, and keeps none', () => {
  const { connection } = new Endpoint('server')
  const first = connection.take()
  connection.sent(true)
  connection.ping()
  expect(connection.take()?.buffer === first?.buffer).toBe(true)
})
