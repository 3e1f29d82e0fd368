// The access log's way out: batches, and a reader that is slow, gone or stuck.
import { describe, expect, test } from 'bun:test'
import { Writable } from 'node:stream'
import { logBatcher, LogOutput } from '../../src/telemetry/log-writer.ts'

/** A reader that takes a write only when told to. */
function slowReader() {
  const written: string[] = []
  const takes: (() => void)[] = []
  const stream = new Writable({
    write(chunk, _encoding, taken) {
      written.push(String(chunk))
      takes.push(() => taken())
    },
  })
  return { stream, written, take: () => takes.shift()?.() }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('batches', () => {
  test('go when they are large', () => {
    const posted: string[] = []
    const { line } = logBatcher((lines) => posted.push(lines))
    line('x'.repeat(40_000))
    expect(posted).toEqual([])
    line('x'.repeat(40_000))
    expect(posted.map((lines) => lines.length)).toEqual([80_002])
  })

  test('go when they are old', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const { line } = logBatcher(resolve)
    line('one')
    line('two')
    expect(await promise).toBe('one\ntwo\n')
  })

  test('go when flushed, and never empty', () => {
    const posted: string[] = []
    const { line, flush } = logBatcher((lines) => posted.push(lines))
    line('one')
    flush()
    flush()
    expect(posted).toEqual(['one\n'])
  })
})

describe('output', () => {
  test('what waits for a reader leaves in one write', async () => {
    const { stream, written, take } = slowReader()
    const output = new LogOutput(stream)
    output.write('1\n')
    output.write('2\n')
    output.write('3\n')
    expect(written).toEqual(['1\n'])
    take()
    await settled()
    expect(written).toEqual(['1\n', '2\n3\n'])
  })

  test('drops whole batches above its bound and counts their lines, then goes on', async () => {
    const { stream, written, take } = slowReader()
    const output = new LogOutput(stream, 8)
    output.write('1\n2\n')
    output.write('3\n')
    output.write('4\n5\n6\n')
    expect(output.dropped).toBe(3)
    take()
    await settled()
    take()
    await settled()
    output.write('7\n')
    expect(written).toEqual(['1\n2\n', '3\n', '7\n'])
  })

  test('end waits for the last write', async () => {
    const { stream, take } = slowReader()
    const output = new LogOutput(stream)
    output.write('1\n')
    output.write('2\n')
    let ended = false
    const end = output.end().then(() => (ended = true))
    take()
    await settled()
    expect(ended).toBeFalse()
    take()
    await end
    expect(ended).toBeTrue()
  })

  test('end gives up on a reader that is stuck', async () => {
    const output = new LogOutput(slowReader().stream)
    output.write('1\n')
    await output.end()
  })

  test('a reader that is gone costs the lines alone', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, taken) => taken(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) })
    const output = new LogOutput(stream)
    output.write('1\n')
    await settled()
    output.write('2\n3\n')
    await output.end()
    expect(output.dropped).toBe(2)
  })
})
