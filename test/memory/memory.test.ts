// Memory in small: fewer connections and shorter bodies than `run.ts`, bounds in proportion with an allowance, and proof that the measure sees what it should.
import { describe, expect, test } from 'bun:test'
import { downloadFigures, uploadFigures } from './bodies.ts'
import { type Figure, holds, report, slope } from './figure.ts'
import { idleFigures } from './idle.ts'
import { KIB, MIB, resident } from './resident.ts'
import { shortFigures } from './short.ts'

test('resident memory grows by what is written to', async () => {
  // In a process of its own: the collector of this one gives memory of other tests back meanwhile.
  const child = Bun.spawn([process.execPath, '-e', HOLDER], { stdin: 'pipe', stdout: 'pipe' })
  const said = child.stdout.getReader()
  await said.read()
  const before = resident(child.pid)
  await child.stdin.write('go')
  await child.stdin.flush()
  await said.read()
  const grown = resident(child.pid) - before
  child.kill()
  expect(grown).toBeGreaterThan(24 * MIB)
  expect(grown).toBeLessThan(64 * MIB)
})
/** Says that it runs; asked anything, takes 32 MiB, and says so. */
const HOLDER = `process.stdin.on('data', () => { globalThis.held = Buffer.alloc(${32 * MIB}, 1); console.log('held') }); console.log('ready')`

test('the slope of what is flat, of what grows, and of one point', () => {
  const points = (y: (x: number) => number) => [1, 2, 3, 4].map((x) => ({ x, y: y(x) }))
  expect(slope(points(() => 7))).toBe(0)
  expect(slope(points((x) => 5 + 3 * x))).toBeCloseTo(3)
  expect(slope([{ x: 1, y: 9 }])).toBe(0)
})

test('a bound is held up to its last octet, and a broken one is shown', () => {
  expect([10, 11].map((octets) => holds({ what: '', octets, bound: 10 }))).toEqual([true, false])
  expect(report([{ figure: 'a', finding: { what: 'a thing', octets: 2 * MIB, bound: 3 * KIB } }])).toEndWith('| a thing | 2.0 MiB | 3.0 KiB | BROKEN | `bun test/memory/run.ts a` |')
})

const figures = new Map<string, Figure>([...idleFigures, ...downloadFigures, ...uploadFigures, ...shortFigures].map((figure) => [figure.name, figure]))
const IN_SMALL = ['idle-http1', 'idle-http2-tls', 'idle-tunnel', 'download-http1', 'download-http2-tls', 'upload-http1-fast', 'upload-http2-tls-slow', 'short-connections', 'streams-with-bodies']
/** Each has a program of its own. */
const PATIENCE_MS = 60_000

describe('within the bounds', () => {
  test.concurrent.each(IN_SMALL)('%s', async (name) => {
    const found = await figures.get(name)?.measure('quick') ?? []
    expect(found).not.toEqual([])
    for (const finding of found) console.log(`${finding.what}: ${Math.round(finding.octets / KIB)} of ${Math.round(finding.bound / KIB)} KiB`)
    expect(found.filter((finding) => !holds(finding))).toEqual([])
  }, PATIENCE_MS)
})
