// Bodies that are larger than any buffer: a client that takes nearly nothing of an answer, and uploads to origins that take all or little.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from '../bench/child.ts'
import { until } from '../support/until.ts'
import type { Extent, Figure, Finding } from './figure.ts'
import { HOST } from './host.ts'
import { MIB, settled, watched } from './resident.ts'
import { type Site, withSite } from './site.ts'

/** Between two looks at memory while octets move. */
const LOOK_MS = 50
/** The kernel's buffers of four sockets, and the transport's: what an origin gets rid of though nobody reads. Measured: up to 13 MiB. */
const IN_FLIGHT_BYTES = 64 * MIB

type Path = { readonly name: string; readonly about: string; readonly secure: boolean; readonly flag: string }
const paths: readonly Path[] = [
  { name: 'http1', about: 'HTTP/1.1', secure: false, flag: '--http1.1' },
  { name: 'http1-tls', about: 'HTTP/1.1 over TLS', secure: true, flag: '--http1.1' },
  { name: 'http2', about: 'HTTP/2', secure: false, flag: '--http2-prior-knowledge' },
  { name: 'http2-tls', about: 'HTTP/2 over TLS', secure: true, flag: '--http2' },
]

type Ask = { readonly path: Path; readonly target: string; readonly more?: readonly string[] }
const curl = ({ program }: Site, { path: { secure, flag }, target, more = [] }: Ask): string[] => {
  const scheme = secure ? 'https' : 'http'
  const port = secure ? program.https : program.http
  return ['curl', '-sS', '-k', '--fail', flag, '--resolve', `${HOST}:${port}:127.0.0.1`, '-o', '/dev/null', ...more, `${scheme}://${HOST}:${port}${target}`]
}
const ran = async (command: readonly string[]) => {
  const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' })
  const said = await new Response(child.stderr).text()
  if (await child.exited !== 0) throw new Error(`${command.join(' ')}: ${said.trim()}`)
}

// ---- answers

/** Many, as what the collector has not taken back yet is shared by them. */
const READERS = { full: 24, quick: 6 }

const slowReaders = (path: Path, extent: Extent): Promise<Finding[]> => withSite(async (site) => {
  const octets = extent === 'full' ? 1_024 * MIB : 64 * MIB
  const count = READERS[extent]
  await Promise.all(Array.from({ length: count }, () => ran(curl(site, { path, target: `/?octets=${MIB}` }))))
  const before = await settled(site.program.pid)
  const sentBefore = (await site.counts()).sent
  const readers = Array.from({ length: count }, () => startChild(curl(site, { path, target: `/?octets=${octets}`, more: ['--limit-rate', '1K'] })))
  const sent = await stopped(site, sentBefore)
  const each = (await settled(site.program.pid) - before) / count
  await Promise.all(readers.map((reader) => reader.stop()))
  return [
    { what: `${octets / MIB} MiB download to a reader of 1 KB/s, ${path.about}, each of ${count}`, octets: each, bound: extent === 'full' ? MIB : 4 * MIB },
    { what: 'of it, what the origin was rid of', octets: sent / count, bound: Math.min(IN_FLIGHT_BYTES, octets / 2) },
  ]
})

/** Octets that the origin has sent when it can send no more: the same number, looked at again and again. */
const stopped = async (site: Site, before: number): Promise<number> => {
  let last = -1
  let equal = 0
  return until('the origin is stopped by back-pressure', async () => {
    await Bun.sleep(LOOK_MS)
    const { sent } = await site.counts()
    equal = sent === last && sent > before ? equal + 1 : 0
    last = sent
    return equal >= STILL ? sent - before : 0
  }, 20_000)
}
/** Looks without a change: a second, ten times what any buffer takes to fill. */
const STILL = 20

// ---- uploads

/** What the collector lets pile up before it looks: each read makes a buffer. It does not follow the size of a body. */
const COLLECTOR_BYTES = 96 * MIB
const SIZES = { full: { fast: 3_072 * MIB, slow: 256 * MIB }, quick: { fast: 256 * MIB, slow: 128 * MIB } }
/** An upload of this part of it is what the whole is compared with, */
const SMALL_PART = 1 / 4
/** after so many of it: the room that the heap takes for its first few thousand reads is the program's, not an upload's. */
const WARM_UPS = 2

const uploads = (path: Path, speed: 'fast' | 'slow', extent: Extent): Promise<Finding[]> => withSite(async (site) => {
  const octets = SIZES[extent][speed]
  const folder = mkdtempSync(join(tmpdir(), 'lintel-upload-'))
  const rest = await settled(site.program.pid)
  const peak = async (size: number) => {
    const { taken } = await site.counts()
    const samples = await watched(site.program.pid, LOOK_MS, () => ran(curl(site, { path, target: `/${speed}`, more: ['-T', holeOf(folder, size)] })))
    if ((await site.counts()).taken - taken !== size) throw new Error('the origin has not read the whole body')
    return Math.max(...samples.map(({ bytes }) => bytes)) - rest
  }
  try {
    if (extent === 'full') for (let k = 0; k < WARM_UPS; k++) await peak(octets * SMALL_PART)
    const small = extent === 'quick' ? 0 : await peak(octets * SMALL_PART)
    const large = await peak(octets)
    const what = `${octets / MIB} MiB upload to a ${speed} origin, ${path.about}, at its peak`
    const aboveRest = { what: `${what}, above a program at rest`, octets: large, bound: COLLECTOR_BYTES }
    return extent === 'quick' ? [aboveRest] : [{ what: `${what}, above one of ${octets * SMALL_PART / MIB} MiB`, octets: large - small, bound: 2 * MIB }, aboveRest]
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A file of zeros that takes no room. */
const holeOf = (folder: string, octets: number): string => {
  const file = join(folder, 'hole')
  const fd = openSync(file, 'w')
  ftruncateSync(fd, octets)
  closeSync(fd)
  return file
}

export const downloadFigures: readonly Figure[] = paths.map((path) => ({ name: `download-${path.name}`, measure: (extent) => slowReaders(path, extent) }))
export const uploadFigures: readonly Figure[] = paths.flatMap((path) =>
  (['fast', 'slow'] as const).map((speed) => ({ name: `upload-${path.name}-${speed}`, measure: (extent: Extent) => uploads(path, speed, extent) })))
