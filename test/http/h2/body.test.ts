// Bodies: content-length against DATA (RFC 9113 §8.1.1), answers that have none, padding, and what comes before an answer.
import { describe, expect, test } from 'bun:test'
import { FLAG } from '../../../src/http/h2/frames.ts'
import { Trailers } from '../../../src/http/h1/chunks.ts'
import { Span } from '../../../src/http/message.ts'
import { client, server } from './endpoint.ts'
import { data, headers, last, lone, OK, padded, type Pairs, POST } from './wire.ts'

const sized = (length: number, fields: Pairs = POST): Pairs => [...fields, ['content-length', String(length)]]
const TRAILERS = headers(1, [['x', '1']], FLAG.END_STREAM)

describe('the body of a request', () => {
  test('comes as it is sent', () => {
    const endpoint = server().feed(headers(1, sized(6)), data(1, 'abc'), last(1, 'def'))
    expect(endpoint.told).toEqual(['1 head', '1 data 3', '1 data 3 end'])
    expect(endpoint.of(1).text).toBe('abcdef')
  })
  test.each<[string, Buffer[]]>([
    ['is longer', [data(1, 'abcdefg')]],
    ['is longer by one octet, in the last frame', [data(1, 'abcdef'), last(1, 'g')]],
    ['is shorter', [last(1, 'abc')]],
    ['is empty', [last(1)]],
    ['is shorter, with trailers', [data(1, 'abc'), TRAILERS]],
  ])('ends its stream when it %s than content-length', (_, frames) => {
    const endpoint = server().feed(headers(1, sized(6)), ...frames)
    expect(endpoint.told.slice(-2)).toEqual(['1 reset 1', 'idle'])
    expect(endpoint.sent()).toContain('RST_STREAM 1 1')
    expect(endpoint.fault).toBeNull()
  })
  test('is missing where content-length says one', () => expect(server().feed(lone(1, sized(6))).told).toEqual(['idle', 'refused 1']))
  test('may be empty', () => expect(server().feed(lone(1, sized(0))).told).toEqual(['1 head end']))
  test('comes without its padding', () => {
    const endpoint = server().feed(headers(1, sized(6)), padded(1, 'abc', 20), padded(1, 'def', 0), padded(1, '', 255), last(1))
    expect(endpoint.of(1).text).toBe('abcdef')
  })
})

describe('the body of an answer', () => {
  const answer = (method: string, ...frames: Buffer[]) => {
    const endpoint = client()
    endpoint.request(method)
    return endpoint.feed(...frames)
  }
  test.each<[string, string, Buffer[]]>([
    ['GET', 'is longer than content-length', [headers(1, sized(2, OK)), data(1, 'abc')]],
    ['GET', 'is shorter than content-length', [headers(1, sized(4, OK)), last(1, 'abc')]],
    ['GET', 'is missing where content-length says one', [lone(1, sized(4, OK))]],
    ['HEAD', 'is there, answering HEAD', [headers(1, sized(3, OK)), last(1, 'abc')]],
    ['GET', 'is there, with 204', [headers(1, [[':status', '204']]), last(1, 'abc')]],
    ['GET', 'is there, with 304', [headers(1, [[':status', '304']]), last(1, 'abc')]],
  ])('of %s ends its stream when it %s', (method, _, frames) => {
    const endpoint = answer(method, ...frames)
    expect(endpoint.told.slice(-2)).toEqual(['1 reset 1', 'idle'])
    expect(endpoint.fault).toBeNull()
  })
  test.each<[string, string, Buffer[]]>([
    ['HEAD', 'HEAD', [lone(1, sized(1000, OK))]],
    ['HEAD, with an empty frame', 'HEAD', [headers(1, sized(1000, OK)), last(1)]],
    ['304', 'GET', [lone(1, [[':status', '304'], ['content-length', '1000']])]],
    ['204', 'GET', [headers(1, [[':status', '204']]), last(1)]],
  ])('may be none, whatever content-length says: %s', (_, method, frames) => {
    expect(answer(method, ...frames).told.at(-1)).toBe('idle')
    expect(answer(method, ...frames).told.join()).not.toContain('reset')
  })
  test('follows any number of 1xx', () => {
    const endpoint = answer('GET', headers(1, [[':status', '100']]), headers(1, [[':status', '103'], ['link', '</a>']]), headers(1, OK), last(1, 'abc'))
    expect(endpoint.told).toEqual(['1 head', '1 head', '1 head', '1 data 3 end', 'idle'])
    expect(endpoint.of(1).sections.map(({ status }) => status)).toEqual([100, 103, 200])
  })
  test('cannot come with 1xx', () => {
    expect(answer('GET', lone(1, [[':status', '103']])).told).toEqual(['1 reset 1', 'idle'])
    expect(answer('GET', headers(1, [[':status', '103']]), data(1, 'abc')).told).toEqual(['1 head', '1 reset 1', 'idle'])
  })
  test('comes before the request has ended', () => {
    const endpoint = client()
    const stream = endpoint.request('POST', false)
    endpoint.feed(headers(1, OK), last(1, 'abc'))
    expect(endpoint.told).toEqual(['1 head', '1 data 3 end'])
    endpoint.write(stream.id, 'rest', true)
    expect(endpoint.sent().at(-1)).toBe('DATA 1 4 end')
    expect(endpoint.told.at(-1)).toBe('idle')
  })
})

describe('an answer is sent', () => {
  test('with 1xx, head, body and trailers in order', () => {
    const endpoint = server().feed(lone(1))
    endpoint.connection.inform(endpoint.stream(1), { status: 103, fields: [] })
    endpoint.respond(1, [], { end: false })
    endpoint.write(1, 'abc')
    endpoint.connection.trailers(endpoint.stream(1), [['grpc-status', '0']])
    expect(endpoint.sent()).toEqual(['HEADERS 1', 'HEADERS 1', 'DATA 1 3', 'HEADERS 1 end'])
    expect(endpoint.told.at(-1)).toBe('idle')
  })
  test('with the trailers that a span announces, which ends the body but not the stream', () => {
    const endpoint = server().feed(lone(1))
    endpoint.respond(1, [], { end: false })
    const span = new Span().set(Buffer.from('abc'), 0, 3)
    span.trailers = new Trailers()
    endpoint.connection.data(endpoint.stream(1), span)
    endpoint.connection.trailers(endpoint.stream(1), [['x', '1']])
    expect(endpoint.sent()).toEqual(['HEADERS 1', 'DATA 1 3', 'HEADERS 1 end'])
  })
  test('in frames of at most 16 KiB', () => {
    const endpoint = server().feed(lone(1))
    endpoint.respond(1, [], { end: false })
    endpoint.write(1, 'a'.repeat(40_000), true)
    expect(endpoint.sent()).toEqual(['HEADERS 1', 'DATA 1 16384', 'DATA 1 16384', 'DATA 1 7232 end'])
  })
  test('with a head that needs CONTINUATION', () => {
    const endpoint = server().feed(lone(1))
    endpoint.respond(1, Array.from({ length: 5 }, (_, n): [string, string] => [`x-${n}`, 'y'.repeat(8000)]))
    expect(endpoint.frames().map(({ type, flags, payload }) => [type, flags, payload.length])).toEqual([[1, FLAG.END_STREAM, 16_384], [9, 0, 16_384], [9, FLAG.END_HEADERS, expect.any(Number)]])
  })
  test('not at all once the stream is over', () => {
    const endpoint = server().feed(lone(1))
    endpoint.respond(1)
    endpoint.bytes()
    endpoint.respond(1)
    expect(endpoint.write(1, 'abc', true)).toBe(true)
    endpoint.connection.trailers(endpoint.stream(1), [])
    endpoint.connection.reset(endpoint.stream(1), 2)
    expect(endpoint.connection.pending).toBe(false)
  })
})
