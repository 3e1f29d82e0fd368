// How connections end well: GOAWAY both ways (RFC 9113 §6.8), PING, and what an owner is told when they end badly.
import { describe, expect, test } from 'bun:test'
import { FLAG, SETTING, TYPE } from '../../../src/http/h2/frames.ts'
import { MAX_31_BITS, STREAMS, STREAMS_BEFORE_SETTINGS } from '../../../src/http/h2/limits.ts'
import { client, Endpoint, server } from './endpoint.ts'
import { data, frame, GET, goaway, headers, hello, last, lone, OK, ping, POST, rst, settings } from './wire.ts'

const drainAck = ping('draining', FLAG.ACK)

describe('a server that drains', () => {
  test('says GOAWAY with the highest id, and a round trip later with the last stream', () => {
    const endpoint = server().feed(lone(1))
    endpoint.connection.drain()
    expect(endpoint.sent()).toEqual([`GOAWAY ${MAX_31_BITS} 0`, 'PING draining'])
    expect(endpoint.feed(lone(3)).told).toEqual(['1 head end', '3 head end'])
    expect(endpoint.feed(drainAck).sent()).toEqual(['GOAWAY 3 0'])
  })
  test('takes no stream after that, and drops what comes of one', () => {
    const endpoint = server().feed(lone(1))
    endpoint.connection.drain()
    endpoint.feed(drainAck, headers(3, POST), data(3, 'abc'), last(3, 'def'))
    expect(endpoint.told).toEqual(['1 head end'])
    endpoint.respond(1)
    expect(endpoint.told.at(-1)).toBe('idle')
    expect(endpoint.fault).toBeNull()
  })
  test('keeps the tables of HPACK right for streams it drops', () => {
    const endpoint = server()
    endpoint.connection.leave()
    const indexing = frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS | FLAG.END_STREAM, id: 1 }, [0x40, 1, 0x61, 1, 0x62])
    endpoint.feed(indexing, frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS | FLAG.END_STREAM, id: 3 }, [0xbe]))
    expect(endpoint.fault).toBeNull()
  })
  test('need not wait for the round trip', () => {
    const endpoint = server().feed(lone(1))
    endpoint.connection.leave()
    endpoint.connection.leave()
    expect(endpoint.sent()).toEqual(['GOAWAY 1 0'])
  })
})

describe('a client whose server goes away', () => {
  test('is told which requests may be sent again, and goes on with the others', () => {
    const endpoint = client()
    for (let n = 0; n < 3; n++) endpoint.request()
    endpoint.feed(goaway(3))
    expect(endpoint.told).toEqual(['5 reset 7 remote unprocessed', 'goaway 3 0'])
    expect(endpoint.connection.capacity).toBe(0)
    expect(endpoint.feed(lone(1, OK), lone(3, OK)).told.slice(2)).toEqual(['1 head end', '3 head end', 'idle'])
  })
  test('opens nothing after the first of two', () => {
    const endpoint = client()
    endpoint.request()
    endpoint.feed(goaway(MAX_31_BITS))
    expect([endpoint.told, endpoint.connection.capacity]).toEqual([[`goaway ${MAX_31_BITS} 0`], 0])
  })
  test('may send a refused request again', () => {
    const endpoint = client()
    endpoint.request()
    expect(endpoint.feed(rst(1, 7)).told).toEqual(['1 reset 7 remote unprocessed', 'idle'])
  })
})

describe('a client opens streams', () => {
  const opened = (endpoint: Endpoint): number => {
    let count = 0
    while (endpoint.connection.capacity > 0) { endpoint.request(); count++ }
    return count
  }
  test('as many as RFC 9113 recommends before SETTINGS have come', () => expect(opened(new Endpoint('client'))).toBe(STREAMS_BEFORE_SETTINGS))
  test('as many as the server takes', () => expect(opened(client({}, [SETTING.MAX_CONCURRENT_STREAMS, 3]))).toBe(3))
  test('as many as it holds windows for, when the server sets no limit', () => expect(opened(client())).toBe(STREAMS))
  test('again when one has ended', () => {
    const endpoint = client({}, [SETTING.MAX_CONCURRENT_STREAMS, 1])
    endpoint.request()
    expect(endpoint.connection.capacity).toBe(0)
    endpoint.feed(lone(1, OK))
    expect(endpoint.request().id).toBe(3)
  })
  test('none when the limit falls below what is open', () => {
    const endpoint = client()
    for (let n = 0; n < 5; n++) endpoint.request()
    endpoint.feed(settings([SETTING.MAX_CONCURRENT_STREAMS, 2]))
    expect(endpoint.connection.capacity).toBe(0)
  })
  test('with extended CONNECT once the server has said so', () => {
    expect(client().connection.takesConnect).toBe(false)
    expect(client({}, [SETTING.ENABLE_CONNECT_PROTOCOL, 1]).connection.takesConnect).toBe(true)
  })
  test('with the preface, and no wish for pushes', () => {
    const bytes = new Endpoint('client').bytes()
    expect(bytes.toString('latin1', 0, 24)).toBe('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
    expect(bytes.subarray(33, 39)).toEqual(Buffer.from([0, SETTING.ENABLE_PUSH, 0, 0, 0, 0]))
  })
})

describe('a connection that fails', () => {
  test('tells every owner once, says GOAWAY, and reads no more', () => {
    const endpoint = server().feed(lone(1), headers(3, POST), data(3, 'abc'))
    endpoint.feed(data(4, 'x'), lone(5))
    expect(endpoint.told.slice(-2)).toEqual(['1 reset 1', '3 reset 1'])
    expect(endpoint.fault?.reason).toBe('protocol_error')
    expect(endpoint.sent()).toEqual(['GOAWAY 3 1'])
    for (const id of [1, 3]) endpoint.respond(id)
    endpoint.connection.ping()
    endpoint.connection.drain()
    expect(endpoint.connection.pending).toBe(false)
  })
  test('by the loss of its socket, tells every owner', () => {
    const endpoint = client()
    endpoint.request()
    endpoint.request()
    endpoint.connection.lost()
    endpoint.connection.lost()
    expect(endpoint.told).toEqual(['1 reset 8 remote', '3 reset 8 remote'])
    expect(endpoint.connection.capacity).toBe(0)
  })
  test.each<[string, string, Buffer[]]>([
    ['no preface', 'protocol_error', [Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
    ['no SETTINGS', 'protocol_error', [hello().subarray(0, 24), ping()]],
    ['an acknowledgement instead of SETTINGS', 'protocol_error', [hello().subarray(0, 24), frame(TYPE.SETTINGS, { flags: FLAG.ACK })]],
    ['a frame beyond 16 KiB', 'frame_size_error', [hello(), Buffer.from([0, 64, 1, 0, 0, 0, 0, 0, 1])]],
    ['a push', 'protocol_error', [hello(), frame(TYPE.PUSH_PROMISE, { id: 1 }, [0, 0, 0, 2])]],
    ['a field section that is interrupted', 'protocol_error', [hello(), frame(TYPE.HEADERS, { id: 1 }), ping()]],
    ['one that is interrupted by DATA', 'protocol_error', [hello(), frame(TYPE.HEADERS, { id: 1 }), data(1, 'x')]],
    ['more padding than DATA', 'protocol_error', [hello(), headers(1, POST), frame(TYPE.DATA, { flags: FLAG.PADDED, id: 1 }, [4, 0, 0, 0])]],
    ['broken HPACK', 'compression_error', [hello(), frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS, id: 1 }, [0x80])]],
    ['DATA of a stream that has ended', 'stream_closed', [hello(), lone(1), rst(1, 8), data(1, 'x')]],
  ])('because of %s gives %s as its reason', (_, reason, frames) => {
    const endpoint = new Endpoint('server').feed(...frames)
    expect<string | undefined>(endpoint.fault?.reason).toBe(reason)
    expect(endpoint.sent().at(-1)).toStartWith('GOAWAY')
  })
})

test('PING is answered, and told when it comes back', () => {
  const endpoint = server().feed(ping('abcdefgh'))
  expect(endpoint.sent()).toEqual(['PING ack abcdefgh'])
  endpoint.connection.ping()
  const [sent] = endpoint.frames()
  endpoint.feed(frame(TYPE.PING, { flags: FLAG.ACK }, sent?.payload ?? ''))
  expect(endpoint.told).toEqual(['pong'])
})

test('an owner is woken once for all that it has to take', () => {
  const endpoint = server()
  const before = endpoint.woken
  endpoint.feed(ping(), lone(1), lone(3, GET), ping())
  endpoint.respond(1, [], { end: false })
  endpoint.write(1, Buffer.alloc(60_000), true) // more than a small buffer holds
  expect(endpoint.woken - before).toBe(1)
  endpoint.bytes()
  endpoint.respond(3)
  expect(endpoint.woken - before).toBe(2)
})
