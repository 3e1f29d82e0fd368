// Flow control (RFC 9113 §5.2, §6.9): what we hold for a peer is bounded, what a peer gives is used, and no stream starves another.
import { describe, expect, test } from 'bun:test'
import { SETTING } from '../../../src/http/h2/frames.ts'
import { GROWTH_BYTES, INITIAL_WINDOW_BYTES, MAX_31_BITS, OUTPUT_BYTES, PARTIAL_BYTES, QUEUE_BYTES, STREAM_WINDOW_BYTES, STREAMS, UPDATE_BYTES } from '../../../src/http/h2/limits.ts'
import { Endpoint, server } from './endpoint.ts'
import { data, GET, headers, hello, last, lone, padded, POST, rst, settings, windowUpdate } from './wire.ts'

const FULL = Buffer.alloc(16_384)
/** Frames of so many octets: as many as a stream's window takes at first. */
const window = (id: number, octets = INITIAL_WINDOW_BYTES): Buffer[] =>
  Array.from({ length: Math.ceil(octets / FULL.length) }, (_, n) => data(id, FULL.subarray(0, octets - n * FULL.length)))
/** Half of it, upon which more is announced. */
const HALF = (INITIAL_WINDOW_BYTES + 1) / 2
const held = (endpoint: Endpoint) => [...endpoint.streams.values()].reduce((sum, stream) => sum + stream.held, 0)
const announced = (endpoint: Endpoint, id: number): number =>
  endpoint.sent().map((text) => text.split(' ')).filter(([type, of]) => type === 'WINDOW_UPDATE' && of === String(id)).reduce((sum, [, , octets]) => sum + Number(octets), 0)

/** A server whose owners keep what comes. */
const stalled = (): Endpoint => {
  const endpoint = server()
  endpoint.consumes = false
  return endpoint
}

describe('receiving', () => {
  test('holds at most a stream\'s window of one that is not read', () => {
    const endpoint = stalled().feed(headers(1, POST), ...window(1))
    expect([held(endpoint), announced(endpoint, 1), announced(endpoint, 0)]).toEqual([INITIAL_WINDOW_BYTES, 0, 0])
    endpoint.feed(data(1, 'x'))
    expect(endpoint.told.at(-2)).toBe('1 reset 3')
    expect(endpoint.fault).toBeNull()
  })
  test('takes no more of all together than the connection\'s window', () => {
    const endpoint = server().feed(headers(1, POST))
    endpoint.connection.reset(endpoint.stream(1), 2)
    const most = STREAMS * INITIAL_WINDOW_BYTES + GROWTH_BYTES + UPDATE_BYTES
    expect(announced(new Endpoint('server'), 0)).toBe(most - INITIAL_WINDOW_BYTES)
    endpoint.consumes = false
    const streams = Array.from({ length: STREAMS }, (_, n) => 3 + 2 * n)
    endpoint.feed(...streams.flatMap((id) => [headers(id, POST), ...window(id)]))
    expect([held(endpoint), announced(endpoint, 0), endpoint.fault]).toEqual([STREAMS * INITIAL_WINDOW_BYTES, 0, null])
  })
  test('opens the window as octets are passed on, not as they come, and by twice as many where a body moves', () => {
    const endpoint = stalled().feed(headers(1, POST), ...window(1))
    endpoint.connection.consume(endpoint.stream(1), HALF - 1)
    expect(endpoint.sent()).toEqual([])
    endpoint.connection.consume(endpoint.stream(1), 1)
    expect(endpoint.sent()).toEqual([`WINDOW_UPDATE 1 ${HALF + INITIAL_WINDOW_BYTES}`])
    endpoint.feed(...window(1, HALF + INITIAL_WINDOW_BYTES))
    expect([held(endpoint), endpoint.fault]).toEqual([2 * INITIAL_WINDOW_BYTES, null])
    endpoint.feed(data(1, 'x'))
    expect(endpoint.told.at(-2)).toBe('1 reset 3')
  })
  /** Uploads until windows don't grow any more. */
  const grown = (endpoint: Endpoint, id: number): number => {
    endpoint.consumes = true
    endpoint.feed(headers(id, POST))
    let size = INITIAL_WINDOW_BYTES
    for (let n = 0; n < 200; n++) size += announced(endpoint.feed(data(id, FULL)), id) - FULL.length
    endpoint.consumes = false
    return size
  }
  test('lets a window grow to its full size and no further, while others have not used up what there is to grow by', () => {
    const endpoint = server()
    const sizes = Array.from({ length: 8 }, (_, n) => grown(endpoint, 2 * n + 1))
    const reached = sizes.map((size) => size > STREAM_WINDOW_BYTES ? 'more' : size > STREAM_WINDOW_BYTES / 2 ? 'full' : size > INITIAL_WINDOW_BYTES / 2 ? 'first' : 'less')
    expect(reached).toEqual(['full', 'full', 'full', 'full', 'full', 'first', 'first', 'first'])
    endpoint.connection.reset(endpoint.stream(1), 2)
    expect(grown(endpoint, 17)).toBeGreaterThan(STREAM_WINDOW_BYTES / 2)
  })
  test('streams that are not read, as many as there may be, grown or not, leave the last one its window', () => {
    const endpoint = server()
    for (let n = 0; n < STREAMS - 1; n++) {
      const size = grown(endpoint, 2 * n + 1)
      endpoint.feed(...window(2 * n + 1, size))
    }
    expect(endpoint.fault).toBeNull()
    const most = (STREAMS - 1) * INITIAL_WINDOW_BYTES + GROWTH_BYTES
    expect(held(endpoint)).toBeWithin(most - STREAM_WINDOW_BYTES, most + 1)
    const id = 2 * STREAMS - 1
    endpoint.consumes = true
    endpoint.feed(headers(id, POST), ...window(id))
    expect([endpoint.fault, endpoint.of(id).body.reduce((sum, { length }) => sum + length, 0)]).toEqual([null, INITIAL_WINDOW_BYTES])
  })
  test('announces nothing for a stream that has ended', () => {
    const endpoint = stalled().feed(headers(1, POST), ...window(1, INITIAL_WINDOW_BYTES - 1), last(1, 'x'))
    endpoint.connection.consume(endpoint.stream(1), INITIAL_WINDOW_BYTES)
    expect(announced(endpoint, 1)).toBe(0)
  })
  test('can\'t be made to open more than was held', () => {
    const endpoint = stalled().feed(headers(1, POST), data(1, 'abc'))
    endpoint.connection.consume(endpoint.stream(1), 10 ** 9)
    expect(endpoint.sent()).toEqual([])
    expect(endpoint.stream(1).held).toBe(0)
  })
  test.each<[string, (endpoint: Endpoint) => void]>([
    ['the client resets', (endpoint) => endpoint.feed(rst(1, 8))],
    ['the server resets', (endpoint) => endpoint.connection.reset(endpoint.stream(1), 2)],
    ['the owner ignores', (endpoint) => endpoint.connection.ignore(endpoint.stream(1))],
    ['breaks a rule', (endpoint) => endpoint.feed(windowUpdate(1, 0))],
    ['has ended both ways', (endpoint) => { endpoint.feed(last(1)); endpoint.respond(1) }],
  ])('gets the connection\'s window back of a stream that %s', (_, ends) => {
    const endpoint = stalled()
    for (let round = 0, id = 1; round < 20; round++, id += 2) {
      endpoint.feed(headers(id, POST), ...window(id))
      if (id === 1) ends(endpoint)
      else endpoint.connection.reset(endpoint.stream(id), 2)
    }
    expect(endpoint.fault).toBeNull()
    expect(announced(endpoint, 0)).toBeWithin(20 * INITIAL_WINDOW_BYTES - UPDATE_BYTES, 20 * INITIAL_WINDOW_BYTES + 1)
  })
  test('counts padding, and gives it back at once', () => {
    const endpoint = stalled().feed(headers(1, POST), ...Array.from({ length: 300 }, () => padded(1, 'y'.repeat(100), 150)))
    expect(held(endpoint)).toBe(300 * 100)
    expect(announced(endpoint, 1)).toBeGreaterThanOrEqual(HALF)
  })
  test('gives back what comes for a stream that was reset', () => {
    const endpoint = server().feed(headers(1, POST))
    endpoint.connection.reset(endpoint.stream(1), 2)
    endpoint.feed(...Array.from({ length: 3 }, () => window(1, UPDATE_BYTES)).flat())
    expect(announced(endpoint, 0)).toBe(3 * UPDATE_BYTES)
  })
})

describe('sending', () => {
  const serving = (window: number, ...ids: number[]) => {
    const endpoint = server({}, [SETTING.INITIAL_WINDOW_SIZE, window]).feed(...ids.map((id) => lone(id)))
    for (const id of ids) endpoint.respond(id, [], { end: false })
    endpoint.bytes()
    return endpoint
  }

  test('stops at the window of the stream, and goes on', () => {
    const endpoint = serving(10, 1)
    endpoint.write(1, 'a'.repeat(25), true)
    expect(endpoint.sent()).toEqual(['DATA 1 10'])
    expect(endpoint.feed(windowUpdate(1, 7)).sent()).toEqual(['DATA 1 7'])
    expect(endpoint.feed(windowUpdate(1, 100)).sent()).toEqual(['DATA 1 8 end'])
  })
  test('stops at the window of the connection, and goes on', () => {
    const endpoint = serving(10 ** 6, 1)
    endpoint.write(1, Buffer.alloc(INITIAL_WINDOW_BYTES + 5), true)
    expect(endpoint.sent().at(-1)).toBe('DATA 1 16383')
    expect(endpoint.feed(windowUpdate(0, 5)).sent()).toEqual(['DATA 1 5 end'])
  })
  test('waits for more room than some octets, where windows are roomy, but no longer than a second (the silly window of RFC 813)', () => {
    const endpoint = serving(INITIAL_WINDOW_BYTES, 1)
    endpoint.write(1, Buffer.alloc(INITIAL_WINDOW_BYTES + 40_000))
    endpoint.bytes()
    expect(endpoint.feed(windowUpdate(1, PARTIAL_BYTES - 1)).sent()).toEqual([])
    expect(endpoint.feed(windowUpdate(0, 100_000), windowUpdate(1, 1)).sent()).toEqual([`DATA 1 ${PARTIAL_BYTES}`])
    expect(endpoint.feed(windowUpdate(1, 7)).sent()).toEqual([])
    endpoint.connection.tick()
    expect(endpoint.sent()).toEqual(['DATA 1 7'])
  })
  test('sends the end of a body without octets whatever the windows are', () => {
    const endpoint = serving(0, 1)
    endpoint.write(1, '', true)
    expect(endpoint.sent()).toEqual(['DATA 1 0 end'])
  })
  test('sends trailers behind what waited', () => {
    const endpoint = serving(3, 1)
    const fields: [string, string][] = [['grpc-status', '0']]
    endpoint.write(1, 'abcdef')
    endpoint.connection.trailers(endpoint.stream(1), fields)
    fields.length = 0
    expect(endpoint.sent()).toEqual(['DATA 1 3'])
    const frames = endpoint.feed(windowUpdate(1, 3)).frames()
    expect(frames.map(({ type, flags }) => [type, flags])).toEqual([[0, 0], [1, 5]])
    expect(frames[1]?.payload.toString('latin1')).toContain('grpc-status')
  })
  test('lives with a window below zero (§6.9.2)', () => {
    const endpoint = serving(10, 1)
    endpoint.write(1, 'a'.repeat(20), true)
    endpoint.bytes()
    expect(endpoint.feed(settings([SETTING.INITIAL_WINDOW_SIZE, 2]), windowUpdate(1, 8)).sent()).toEqual(['SETTINGS ack'])
    expect(endpoint.feed(windowUpdate(1, 1)).sent()).toEqual(['DATA 1 1'])
    expect(endpoint.feed(settings([SETTING.INITIAL_WINDOW_SIZE, 100])).sent()).toEqual(['SETTINGS ack', 'DATA 1 9 end'])
  })
  test('says stop when QUEUE_BYTES wait, and go on once', () => {
    const endpoint = serving(0, 1)
    expect(endpoint.write(1, Buffer.alloc(QUEUE_BYTES - 1))).toBe(true)
    expect(endpoint.write(1, 'x')).toBe(false)
    endpoint.feed(windowUpdate(1, QUEUE_BYTES / 2))
    expect(endpoint.told.at(-1)).toBe('1 head end')
    endpoint.feed(windowUpdate(0, 1000), windowUpdate(1, 1000))
    expect(endpoint.told.at(-1)).toBe('1 drained')
    endpoint.feed(windowUpdate(1, 1000))
    expect(endpoint.told.filter((text) => text === '1 drained').length).toBe(1)
  })
  test('gives each waiting stream a frame in its turn', () => {
    const endpoint = serving(10 ** 6, 1, 3, 5)
    endpoint.write(1, Buffer.alloc(INITIAL_WINDOW_BYTES))
    endpoint.bytes()
    for (const id of [1, 3, 5]) endpoint.write(id, Buffer.alloc(40_000), true)
    expect(endpoint.feed(windowUpdate(0, 1_000_000)).sent()).toEqual([
      'DATA 1 16384', 'DATA 3 16384', 'DATA 5 16384', 'DATA 1 16384', 'DATA 3 16384', 'DATA 5 16384', 'DATA 1 7232 end', 'DATA 3 7232 end', 'DATA 5 7232 end',
    ])
  })
  test('goes round from where a full window stopped it', () => {
    const endpoint = serving(10 ** 6, 1, 3)
    endpoint.write(1, Buffer.alloc(INITIAL_WINDOW_BYTES))
    endpoint.bytes()
    for (const id of [1, 3]) endpoint.write(id, Buffer.alloc(40_000), true)
    const order = Array.from({ length: 4 }, () => endpoint.feed(windowUpdate(0, 16_384)).sent()).flat()
    expect(order).toEqual(['DATA 1 16384', 'DATA 3 16384', 'DATA 1 16384', 'DATA 3 16384'])
  })
  test('is not kept from others by a stream without a window', () => {
    const endpoint = serving(5, 1, 3)
    endpoint.feed(windowUpdate(3, 100_000))
    endpoint.write(1, 'a'.repeat(50), true)
    endpoint.write(3, 'b'.repeat(50), true)
    expect(endpoint.sent()).toEqual(['DATA 1 5', 'DATA 3 50 end'])
  })
  test('keeps DATA in its stream while the socket is full', () => {
    const endpoint = serving(10 ** 6, 1)
    endpoint.connection.take()
    endpoint.connection.sent(false)
    endpoint.write(1, 'abc', true)
    endpoint.feed(lone(3))
    endpoint.respond(3)
    const { connection } = endpoint
    expect(endpoint.frames().map(({ id }) => id)).toEqual([3, 1]) // `bytes` tells it of room after its first take
    expect(connection.pending).toBe(false)
  })
  test('gathers no more than OUTPUT_BYTES of DATA', () => {
    const endpoint = serving(MAX_31_BITS, 1)
    endpoint.feed(windowUpdate(0, MAX_31_BITS - INITIAL_WINDOW_BYTES))
    expect(endpoint.write(1, Buffer.alloc(2 * OUTPUT_BYTES), true)).toBe(false)
    const first = endpoint.connection.take()
    expect(first?.length).toBeLessThan(OUTPUT_BYTES + 16_384 + 9)
    endpoint.connection.sent(true)
    expect(endpoint.connection.pending).toBe(true)
  })
  test.each<[string, Buffer]>([
    ['the connection', windowUpdate(0, MAX_31_BITS)],
    ['a stream, by SETTINGS', Buffer.concat([headers(1, GET), windowUpdate(1, 10), settings([SETTING.INITIAL_WINDOW_SIZE, MAX_31_BITS])])],
    ['any stream, by SETTINGS', settings([SETTING.INITIAL_WINDOW_SIZE, MAX_31_BITS + 1])],
  ])('refuses a window beyond 31 bits of %s', (_, frames) => {
    expect(server().feed(frames).fault?.reason).toBe('flow_control_error')
  })
  test('ends a stream whose window goes beyond 31 bits', () => {
    const endpoint = server().feed(headers(1, GET), windowUpdate(1, MAX_31_BITS))
    expect(endpoint.told).toEqual(['1 head', '1 reset 3', 'idle'])
  })
  test('never sees a socket that is full as one that is empty', () => {
    const endpoint = serving(10 ** 6, 1)
    endpoint.write(1, Buffer.alloc(50_000), true)
    endpoint.connection.take()
    endpoint.connection.sent(false)
    expect(endpoint.feed(hello().subarray(24)).sent()[0]).toBe('SETTINGS ack')
  })
})
