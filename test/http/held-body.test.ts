// What is held of a body comes out as it went in, and costs no more than its octets, however small the pieces were.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { HeldBody } from '../../src/http/held-body.ts'
import { Span } from '../../src/http/message.ts'

const SMALL_PARTS = 65_535
const JOINED_BYTES = 16_384
const pushed = (held: HeldBody, bytes: Buffer, last = false) => {
  const padded = Buffer.concat([Buffer.of(0), bytes, Buffer.of(0)])
  const span = new Span().set(padded, 1, padded.length - 1)
  span.last = last
  held.push(span)
  padded.fill(0xff) // whoever still reads it shall see that
}
const taken = (held: HeldBody) => {
  const parts: { bytes: Buffer; last: boolean }[] = []
  for (const span = new Span(); held.shift(span);) parts.push({ bytes: Buffer.from(span.bytes.subarray(span.from, span.to)), last: span.last })
  return parts
}

test('any pieces, taken at any time, are the same octets in order, the end at the end', () => {
  const piece = fc.oneof(fc.nat(5), fc.nat(20_000), fc.constant('take' as const))
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    const held = new HeldBody()
    const [into, out]: [Buffer[], { bytes: Buffer; last: boolean }[]] = [[], []]
    for (const [n, size] of pieces.entries()) {
      if (size === 'take') out.push(...taken(held))
      else into.push(Buffer.alloc(size, n + 1))
      if (size !== 'take') pushed(held, into.at(-1) ?? Buffer.alloc(0))
    }
    pushed(held, Buffer.alloc(0), true)
    out.push(...taken(held))
    expect(Buffer.concat(out.map(({ bytes }) => bytes)).equals(Buffer.concat(into))).toBe(true)
    expect(out.map(({ last }) => last)).toEqual([...out.slice(1).map(() => false), true])
    expect(held.clear()).toBe(0)
  }))
})

test('a window of single octets is held in a few parts', () => {
  const held = new HeldBody()
  for (let n = 0; n < SMALL_PARTS; n++) pushed(held, Buffer.of(n & 255))
  expect(taken(held).map(({ bytes }) => bytes.length)).toEqual([JOINED_BYTES, JOINED_BYTES, JOINED_BYTES, SMALL_PARTS - 3 * JOINED_BYTES])
})

test('says how much it lets go of', () => {
  const held = new HeldBody()
  for (const size of [1, 100, 30_000, 2]) pushed(held, Buffer.alloc(size))
  expect([held.clear(), taken(held)]).toEqual([30_103, []])
})
