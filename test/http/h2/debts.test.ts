// What a client must bring in so many ticks (slowloris; RFC 9113 §6.5.3), counted without a clock.
import { describe, expect, test } from 'bun:test'
import { H2Connection } from '../../../src/http/h2/connection.ts'
import type { ConnectionFault } from '../../../src/http/h2/fault.ts'
import { PREFACE, TYPE } from '../../../src/http/h2/frames.ts'
import { OutputBuffers } from '../../../src/http/h2/output.ts'
import { block, continuation, data, frame, GET, headers, hello, last, lone, ping, POST, settingsAck } from './wire.ts'

const TICKS = 3
const HEAD = block(GET)
const begun = frame(TYPE.HEADERS, { id: 1 }, HEAD.subarray(0, 3))
const nothing = () => undefined

/** A server's connection; `ticks` counts how many it takes. */
const open = (headTicks?: number) => {
  let fault: ConnectionFault | null = null
  const connection = new H2Connection<object>('server', {
    head: (stream) => { stream.owner = {} }, data: nothing, trailers: nothing, reset: nothing, drained: nothing,
    refused: nothing, goaway: nothing, idle: nothing, pong: nothing, wake: nothing,
    failed: (failed) => { fault = failed },
  }, { buffers: new OutputBuffers(), ...headTicks !== undefined && { headTicks } })
  connection.start()
  const feed = (...frames: readonly Buffer[]) => connection.receive(Buffer.concat(frames))
  const tick = (count: number, before: (n: number) => void = nothing): string => {
    for (let n = 0; n < count; n++) {
      before(n)
      connection.tick()
      if (fault !== null) return `${fault.reason} ${n + 1}`
    }
    return 'goes on'
  }
  return { connection, feed, tick }
}
const settled = (...frames: readonly Buffer[]) => {
  const opened = open(TICKS)
  opened.feed(hello(), settingsAck, ...frames)
  return opened
}

describe('is cut', () => {
  test.each<[string, () => ReturnType<typeof open>, string]>([
    ['a client that says nothing', () => open(TICKS), 'timeout_header 3'],
    ['half a preface', () => { const opened = open(TICKS); opened.feed(PREFACE.subarray(0, 10)); return opened }, 'timeout_header 3'],
    ['a preface without SETTINGS', () => { const opened = open(TICKS); opened.feed(PREFACE); return opened }, 'timeout_header 3'],
    ['SETTINGS of ours that are not acknowledged', () => { const opened = open(TICKS); opened.feed(hello()); return opened }, 'settings_timeout 3'],
    ['half the head of a frame', () => settled(ping().subarray(0, 4)), 'timeout_header 4'],
    ['half a frame', () => settled(ping().subarray(0, 12)), 'timeout_header 4'],
    ['half a field section', () => settled(begun), 'timeout_header 4'],
    ['half a field section behind a stream that waits', () => settled(headers(1, POST), frame(TYPE.HEADERS, { id: 3 }, HEAD.subarray(0, 3))), 'timeout_header 4'],
    ['half a section of trailers', () => settled(headers(1, POST), frame(TYPE.HEADERS, { id: 1, flags: 1 }, HEAD.subarray(0, 3))), 'timeout_header 4'],
  ])('%s', (_, make, expected) => { expect(make().tick(TICKS + 2)).toBe(expected) })

  test('a field section that goes on by an octet a tick', () => {
    const { feed, tick } = settled(begun)
    expect(tick(20, (n) => feed(continuation(1, HEAD.subarray(3 + n, 4 + n))))).toBe('timeout_header 4')
  })
})

describe('is not cut', () => {
  test('a client that has nothing to say', () => expect(settled().tick(100)).toBe('goes on'))
  test('one with streams that wait', () => expect(settled(lone(1), headers(3, POST)).tick(100)).toBe('goes on'))
  test('one that stops inside DATA: the stream has a deadline of its own', () => {
    expect(settled(headers(1, POST), data(1, 'abc').subarray(0, -1)).tick(100)).toBe('goes on')
  })
  test('one whose every frame is cut by a tick, but comes', () => {
    const { feed, tick } = settled()
    const frames = Buffer.concat(Array.from({ length: 40 }, () => ping()))
    feed(frames.subarray(0, 5))
    expect(tick(30, (n) => feed(frames.subarray(5 + 17 * n, 5 + 17 * (n + 1))))).toBe('goes on')
  })
  test('one whose every section is cut by a tick, but comes', () => {
    const { feed, tick } = settled()
    const part = (n: number) => [frame(TYPE.HEADERS, { id: 2 * n + 1, flags: 1 }, HEAD.subarray(0, 3))]
    const rest = (n: number) => n === 0 ? [] : [continuation(2 * n - 1, HEAD.subarray(3), 4)]
    expect(tick(30, (n) => feed(...rest(n), ...part(n)))).toBe('goes on')
  })
  test('one that was late with each of many bodies', () => {
    const { feed, tick } = settled(headers(1, POST))
    expect(tick(30, () => feed(data(1, 'a')))).toBe('goes on')
    feed(last(1, 'b'))
    expect(tick(30)).toBe('goes on')
  })
  test('anyone, where no time was given', () => {
    const { feed, tick } = open()
    feed(PREFACE)
    expect(tick(100)).toBe('goes on')
  })
})

test('a socket that is full: what it holds of our SETTINGS can\'t be acknowledged', () => {
  const { connection, feed, tick } = open(TICKS)
  feed(hello())
  connection.take()
  connection.sent(false)
  expect(tick(100)).toBe('goes on')
  connection.sent(true)
  expect(tick(TICKS)).toBe('settings_timeout 3')
})
