// Attacks that cost the peer little and us much are cut, each under its own name; the same frames among real traffic are not.
import { describe, expect, test } from 'bun:test'
import { FLAG, SETTING, TYPE } from '../../../src/http/h2/frames.ts'
import type { Flood } from '../../../src/http/h2/fault.ts'
import { BLOCK_SHARE, EARLY_ENDS, NOISE, SECTION_BYTES, STREAMS } from '../../../src/http/h2/limits.ts'
import { client, type Endpoint, server } from './endpoint.ts'
import { block, continuation, data, frame, GET, goaway, headers, last, lone, padded, ping, POST, priority, rst, settings, settingsAck, windowUpdate } from './wire.ts'

const id = (n: number) => 2 * n + 1
const repeat = (times: number, frames: (n: number) => Buffer): Buffer[] => Array.from({ length: times }, (_, n) => frames(n))
/** What the peer gets through before it is cut: its n-th frame is the last. */
const cutAt = (endpoint: Endpoint, frames: (n: number) => Buffer): number => {
  for (let n = 0; n < 10_000; n++) {
    endpoint.feed(frames(n))
    if (endpoint.fault !== null) return n + 1
  }
  return Infinity
}

type Attack = { readonly opening?: Buffer; readonly frames: (n: number) => Buffer; readonly most: number }
const attacks: Record<Flood, Attack> = {
  rapid_reset: { frames: (n) => Buffer.concat([headers(id(n), GET), rst(id(n), 8)]), most: EARLY_ENDS + 1 },
  made_you_reset: { frames: (n) => Buffer.concat([headers(id(n), GET), windowUpdate(id(n), 0)]), most: EARLY_ENDS + 1 },
  malformed_flood: { frames: (n) => lone(id(n), [...GET, ['upgrade', 'h2c']]), most: EARLY_ENDS + 1 },
  stream_limit_flood: { frames: (n) => lone(id(n)), most: STREAMS + EARLY_ENDS + 1 },
  continuation_flood: { opening: frame(TYPE.HEADERS, { id: 1 }, block(GET)), frames: () => continuation(1, block([['a', '']])), most: 17 },
  header_flood: { opening: frame(TYPE.HEADERS, { id: 1 }, block(GET)), frames: () => continuation(1, Buffer.alloc(16_384, 0x82)), most: Math.ceil((BLOCK_SHARE * SECTION_BYTES) / 16_384) + 1 },
  padding_flood: { opening: headers(1, POST), frames: () => padded(1, 'x', 250), most: NOISE + 1 },
  empty_data_flood: { opening: headers(1, POST), frames: () => data(1, ''), most: NOISE + 1 },
  ping_flood: { frames: () => ping(), most: NOISE + 1 },
  settings_flood: { frames: () => settings([SETTING.MAX_FRAME_SIZE, 16_384]), most: NOISE / 2 + 1 },
  priority_flood: { frames: () => priority(1), most: NOISE + 1 },
  window_update_flood: { frames: () => windowUpdate(0, 1), most: NOISE + 1 },
  reset_flood: { opening: Buffer.concat([headers(1, GET), rst(1, 8)]), frames: () => rst(1, 8), most: NOISE + 1 },
  goaway_flood: { frames: () => goaway(0), most: NOISE + 1 },
  unknown_frame_flood: { frames: () => frame(0xbe, {}), most: NOISE + 1 },
}

describe('is cut', () => {
  test.each(Object.entries(attacks))('%s', (name, { opening, frames, most }) => {
    const endpoint = server()
    if (opening !== undefined) endpoint.feed(opening)
    const cut = cutAt(endpoint, frames)
    expect(cut).toBeLessThanOrEqual(most)
    expect([endpoint.fault?.reason, endpoint.fault?.code]).toEqual([name as Flood, 11])
    expect(endpoint.sent().at(-1)).toMatch(/^GOAWAY \d+ 11$/)
    expect(endpoint.feed(lone(id(9_999))).connection.pending).toBe(false)
  })

  test.each<[string, Flood, Buffer | null, (n: number) => Buffer, number]>([
    ['made-you-reset by DATA behind the end', 'made_you_reset', null, (n) => Buffer.concat([lone(id(n)), data(id(n), 'x')]), EARLY_ENDS + 1],
    ['made-you-reset by HEADERS behind the end', 'made_you_reset', null, (n) => Buffer.concat([lone(id(n)), lone(id(n))]), EARLY_ENDS + 1],
    ['made-you-reset by a window beyond 31 bits', 'made_you_reset', null, (n) => Buffer.concat([headers(id(n), GET), windowUpdate(id(n), 2 ** 31 - 1)]), EARLY_ENDS + 1],
    ['made-you-reset by a wrong content-length', 'made_you_reset', null, (n) => Buffer.concat([headers(id(n), [...POST, ['content-length', '1']]), last(id(n))]), EARLY_ENDS + 1],
    ['made-you-reset by PRIORITY on itself', 'made_you_reset', null, (n) => Buffer.concat([headers(id(n), GET), priority(id(n), id(n))]), EARLY_ENDS + 1],
    ['empty CONTINUATION', 'continuation_flood', frame(TYPE.HEADERS, { id: 1 }), () => continuation(1, Buffer.alloc(0)), 11],
    ['unasked acknowledgements of PING', 'ping_flood', null, () => ping('87654321', FLAG.ACK), NOISE + 1],
    ['unasked acknowledgements of SETTINGS', 'settings_flood', null, () => settingsAck, NOISE + 1],
    ['padding alone', 'padding_flood', headers(1, POST), () => padded(1, '', 0), NOISE + 1],
    ['WINDOW_UPDATE of a stream that has ended', 'window_update_flood', Buffer.concat([headers(1, GET), rst(1, 8)]), () => windowUpdate(1, 1), NOISE + 1],
  ])('%s', (_, name, opening, frames, most) => {
    const endpoint = server()
    if (opening !== null) endpoint.feed(opening)
    expect(cutAt(endpoint, frames)).toBeLessThanOrEqual(most)
    expect(endpoint.fault?.reason).toBe(name)
  })
})

test('good traffic of hours earns no more than a full budget', () => {
  const endpoint: Endpoint = server({ head: (stream) => endpoint.connection.respond(stream, { status: 200, fields: [] }, true) })
  for (let n = 0; n < 3_000; n++) endpoint.feed(lone(id(n)))
  endpoint.connection.tick()
  expect(cutAt(endpoint, () => ping())).toBe(NOISE + 1)
})

test('as many streams as announced may be open, and not one more', () => {
  const endpoint = server().feed(...repeat(STREAMS + 1, (n) => lone(id(n))))
  expect(endpoint.told.slice(-2)).toEqual([`${id(STREAMS - 1)} head end`, 'refused 7'])
  expect(endpoint.sent()).toEqual([`RST_STREAM ${id(STREAMS)} 7`])
})

describe('is not cut', () => {
  /** Answers each request at once. */
  const answering = () => {
    const endpoint: Endpoint = server({ head: (stream) => endpoint.connection.respond(stream, { status: 200, fields: [] }, true) })
    return endpoint
  }
  test('a client that resets every other stream, among streams that end well', () => {
    const endpoint = answering()
    expect(cutAt(endpoint, (n) => Buffer.concat([lone(id(2 * n)), headers(id(2 * n + 1), GET), rst(id(2 * n + 1), 8)]))).toBe(Infinity)
  })
  test('a client that resets twenty streams a second', () => {
    const endpoint = server()
    for (let n = 0; n < 2_000; n++) {
      if (n % 20 === 0) endpoint.connection.tick()
      endpoint.feed(headers(id(n), GET), rst(id(n), 8))
    }
    expect(endpoint.fault).toBeNull()
  })
  test('a server that refuses all that it is asked', () => {
    const endpoint = client()
    for (let n = 0; n < 1_000; n++) endpoint.feed(rst(endpoint.request().id, 7))
    expect(endpoint.fault).toBeNull()
  })
  test('a client that says PING two hundred times a second', () => {
    const endpoint = server()
    for (let n = 0; n < 10_000; n++) {
      if (n % 200 === 0) endpoint.connection.tick()
      endpoint.feed(ping())
    }
    expect(endpoint.fault).toBeNull()
  })
  test('a client that acknowledges every two KiB of a download', () => {
    const endpoint = server({}, [SETTING.INITIAL_WINDOW_SIZE, 1_000_000]).feed(lone(1))
    endpoint.respond(1, [], { end: false })
    for (let round = 0; round < 3_000; round++) {
      endpoint.write(1, Buffer.alloc(16_384))
      endpoint.bytes()
      endpoint.feed(...repeat(4, () => Buffer.concat([windowUpdate(1, 4_096), windowUpdate(0, 4_096)])))
    }
    expect(endpoint.fault).toBeNull()
  })
  test('an upload in frames of an octet, or with padding that is no more than the body', () => {
    const endpoint = server().feed(headers(1, POST))
    expect(cutAt(endpoint, (n) => (n % 2 === 0 ? data(1, 'x') : padded(1, 'y'.repeat(20), 10)))).toBe(Infinity)
  })
})

test('an HPACK bomb costs a bounded section, and is told as too large', () => {
  const endpoint = server()
  const entry = frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS | FLAG.END_STREAM, id: 1 }, block(GET), [0x40, 1, 0x61, 0x7f, 0xa1, 0x1e], 'b'.repeat(4_000))
  const bomb = frame(TYPE.HEADERS, { flags: FLAG.END_HEADERS | FLAG.END_STREAM, id: 3 }, block(GET), Buffer.alloc(16_000, 0xbe))
  endpoint.feed(entry, bomb)
  expect(endpoint.told).toEqual(['1 head end', '3 head too large end'])
  expect(endpoint.of(3).section.fields.length).toBeLessThan(10)
})
