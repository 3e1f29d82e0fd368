// The file of a body: what was appended is what is read, at any place and as often as wanted, while more comes; nothing stays when it is closed.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Exchange, ProxyError } from '../../src/http/message.ts'
import { StoredBody } from '../../src/proxy/stored-body.ts'
import { Spill, type SpillOwner } from '../../src/proxy/spill.ts'
import { SpillSpace } from '../../src/proxy/spill-space.ts'
import { spills } from '../features/spills.ts'
import { until } from '../support/until.ts'
import { requestHead, spanOf } from '../http/support.ts'

/** Octets that say where they stand. */
const octetsAt = (from: number, octets: number) => Buffer.from(Array.from({ length: octets }, (_, i) => (from + i) * 31 % 251))

class Owner implements SpillOwner {
  readonly parts: Buffer[] = []
  error: ProxyError | null = null
  wants = true
  written() { this.wants = true }
  read(bytes: Buffer, octets: number) { this.parts.push(Buffer.from(bytes.subarray(0, octets))) }
  failed(error: ProxyError) { this.error = error }
}

/** A client that says nothing more. */
const still: Exchange = {
  client: { address: '', port: 0, localAddress: '', localPort: 0, tls: null, told: null }, request: requestHead('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n'), first: spanOf(''), bodyLimit: 0, octetsIn: 0,
  receive: () => undefined, pause: () => undefined, resume: () => undefined, inform: () => undefined,
  respond: () => true, write: () => true, tunnel: () => true, answer: () => undefined, abort: () => undefined,
}

const inFolder = async (use: (folder: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), 'spill-test-'))
  try {
    await use(folder)
    // One that was closed while it opened its file has a name for a moment yet.
    await until('its descriptor is closed and its file gone', () => spills(process).length === 0 && readdirSync(folder).length === 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('reads what was appended, wherever it is read from, with more coming meanwhile', () => inFolder(async (folder) => {
  const step = fc.oneof(fc.record({ append: fc.integer({ min: 1, max: 300_000 }) }), fc.record({ readAt: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) }))
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
    const owner = new Owner()
    const space = new SpillSpace({ folder, limit: 1 })
    const spill = new Spill(space, owner)
    for (const one of steps) {
      if ('append' in one) {
        if (!owner.wants) await until('it wants more', () => owner.wants)
        const bytes = octetsAt(spill.size, one.append)
        owner.wants = spill.append(bytes, 0, bytes.length)
        bytes.fill(0) // its owner reuses it
      } else if (spill.size > 0) {
        const at = Math.floor(one.readAt * spill.size)
        const before = owner.parts.length
        spill.read(at)
        await until('it was read', () => owner.parts.length > before)
        const part = owner.parts.at(-1)!
        expect(part.equals(octetsAt(at, part.length))).toBe(true)
      }
    }
    expect([owner.error, space.full]).toEqual([null, spill.size > 0])
    spill.close()
    expect(space.full).toBe(false)
  }), { numRuns: 40 })
}))

test('a later read replaces the one on its way', () => inFolder(async (folder) => {
  const owner = new Owner()
  const spill = new Spill(new SpillSpace({ folder }), owner)
  spill.append(octetsAt(0, 1000), 0, 1000)
  spill.read(0)
  spill.read(500)
  await until('it was read', () => owner.parts.length > 0)
  expect(owner.parts).toEqual([octetsAt(500, 500)])
  spill.close()
}))

test('closed at once, or while it works: nothing is told any more', () => inFolder(async (folder) => {
  const space = new SpillSpace({ folder })
  const owners = Array.from({ length: 50 }, () => new Owner())
  const all = owners.map((owner) => new Spill(space, owner))
  for (const [i, spill] of all.entries()) {
    spill.append(octetsAt(0, 100_000), 0, 100_000)
    spill.read(0)
    if (i % 2 === 0) spill.close()
  }
  await until('one was read', () => owners.some(({ parts }) => parts.length > 0))
  for (const spill of all) spill.close()
  const told = owners.map(({ parts }) => parts.length)
  await until('all are closed', () => spills(process).length === 0)
  expect(owners.map(({ parts }) => parts.length)).toEqual(told)
  expect(told.filter((_, i) => i % 2 === 0)).toEqual(Array.from({ length: 25 }, () => 0))
}))

test('when all files together are full, a body is refused, and those before it stay', () => inFolder(async (folder) => {
  const space = new SpillSpace({ folder, limit: 150_000 })
  const outcomes: string[] = []
  const store = () => {
    const body = new StoredBody(still, { memoryBytes: 10, space, whole: () => outcomes.push('whole'), failed: ({ code, status }) => outcomes.push(`${code} ${status}`) })
    body.append(spanOf('x'.repeat(100_000), true))
    return body
  }
  const first = [store(), store()]
  await until('both are in their files', () => outcomes.length === 2)
  const third = store()
  expect(outcomes).toEqual(['whole', 'whole', 'limit_buffer 503'])
  third.close()
  for (const body of first) body.close()
  const fourth = store()
  await until('there is room again', () => outcomes.length === 4)
  expect(outcomes.at(-1)).toBe('whole')
  fourth.close()
}))

test('a folder that goes away while the file is opened: told as a failure, and no descriptor is left', () => inFolder(async (folder) => {
  const gone = join(folder, 'gone')
  const owner = new Owner()
  const spill = new Spill(new SpillSpace({ folder: gone, limit: 1 }), owner)
  spill.append(octetsAt(0, 10), 0, 10)
  await until('it is told', () => owner.error !== null)
  expect(owner.error?.code).toBe('buffer_failed')
  spill.close()
}))
