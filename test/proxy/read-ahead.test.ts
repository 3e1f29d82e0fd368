// What a client gets of an answer that was read ahead of it: every octet once, in order, with the end and its trailers behind the last, whatever
// fits memory, whatever goes through the file, and whenever the client stops and goes on.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Span } from '../../src/http/message.ts'
import { ReadAhead, type AheadReader } from '../../src/proxy/read-ahead.ts'
import { SpillSpace } from '../../src/proxy/spill-space.ts'
import { spills } from '../features/spills.ts'
import { until } from '../support/until.ts'

/** Takes so many parts, then wants to be asked again. */
class Client implements AheadReader {
  readonly parts: Buffer[] = []
  ends = 0
  rooms = 0
  errors: string[] = []
  #patience = 0
  readonly #of: number

  constructor(patience: number) { this.#of = patience }
  goOn() { this.#patience = this.#of }
  deliver(span: Span): boolean {
    expect(this.ends).toBe(0)
    this.parts.push(Buffer.from(span.bytes.subarray(span.from, span.to)))
    if (span.last) this.ends++
    return --this.#patience > 0
  }
  roomy() { this.rooms++ }
  lost({ code }: { readonly code: string }) { this.errors.push(code) }
}

const answer = fc.record({
  sizes: fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 12 }),
  limits: fc.record({ memoryBytes: fc.constantFrom(0, 1000, 100_000), fileBytes: fc.constantFrom(0, 50_000, 1 << 30) }),
  patience: fc.integer({ min: 1, max: 5 }),
  /** The client goes on while the upstream still sends, behind these parts. */
  resumes: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
})

test('every octet once, in order, and one end', async () => {
  const space = new SpillSpace({ limit: 400_000 })
  await fc.assert(fc.asyncProperty(answer, async ({ sizes, limits, patience, resumes }) => {
    const client = new Client(patience)
    const ahead = new ReadAhead(client, { limits, space })
    const sent: Buffer[] = []
    const goOn = () => { client.goOn(); ahead.resume() }
    for (const [i, size] of sizes.entries()) {
      const bytes = Buffer.alloc(size, `${i}-`)
      const span = new Span().set(bytes, 0, size)
      span.last = i === sizes.length - 1
      sent.push(Buffer.from(bytes))
      if (ahead.idle && !span.last) { client.parts.push(Buffer.from(bytes)); ahead.block(); continue } // it passes by
      const rooms = client.rooms
      const wants = ahead.append(span)
      bytes.fill(0) // its owner reuses it
      if (resumes[i] === true && !span.last) goOn()
      // An upstream that was stopped waits for room, which a client that reads makes.
      if (!wants && !span.last) await until('there is room', () => { if (client.rooms === rooms) goOn(); return client.rooms > rooms })
    }
    await until('it has the end', () => { if (client.ends === 0) goOn(); return client.ends === 1 })
    expect(Buffer.concat(client.parts).equals(Buffer.concat(sent))).toBe(true)
    expect(client.errors).toEqual([])
    ahead.close()
    expect(space.full).toBe(false)
  }), { numRuns: 150 })
  await until('no file is open', () => spills(process).length === 0)
})
