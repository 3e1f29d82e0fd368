// What comes in great numbers and is soon over, connections of one request and requests with a small body: memory does not follow the number.
import { parseH2load } from '../bench/loads/h2load.ts'
import { parseWrk } from '../bench/loads/wrk.ts'
import { type Extent, type Figure, type Finding, slope } from './figure.ts'
import { HOST } from './host.ts'
import { resident } from './resident.ts'
import { type Site, withSite } from './site.ts'

type Report = { readonly requests: number; readonly trouble?: string | undefined }
type Kind = {
  readonly name: string
  readonly about: string
  readonly command: (site: Site, seconds: number) => readonly string[]
  readonly parse: (report: string) => Report
  readonly count: Readonly<Record<Extent, number>>
  /** Octets for each that RSS may rise by in the fit. */
  readonly flat: Readonly<Record<Extent, number>>
}

/** The tools count by time, so there are spells until there are enough. */
const SPELL_SECONDS = 1
const AT_ONCE = 32
/** The heap reaches its working size in the first part. */
const WARM_UP_SHARE = 0.3
/** This file is what the body of a request is. */
const BODY = import.meta.path

const kinds: readonly Kind[] = [
  {
    name: 'short-connections', about: 'short connections', parse: parseWrk,
    command: ({ program }, seconds) => ['wrk', '-t1', `-c${AT_ONCE}`, `-d${seconds}s`, '-H', `Host: ${HOST}`, '-H', 'Connection: close', program.url],
    count: { full: 1_000_000, quick: 30_000 },
    flat: { full: 16, quick: 1_000 }, // the smallest object has 16, a connection that stays has 4,000
  },
  {
    name: 'streams-with-bodies', about: 'HTTP/2 requests with a small body over TLS', parse: parseH2load,
    // Many streams on few connections: each is now without any, now with ten, and what serves them comes and goes.
    command: ({ program }, seconds) => [
      'h2load', '-t1', '-c16', '-m10', '-D', `${seconds}s`, '-d', BODY, '-H', ':method: PUT', `--connect-to=127.0.0.1:${program.https}`, `https://${HOST}/fast`,
    ],
    count: { full: 500_000, quick: 100_000 },
    flat: { full: 16, quick: 600 }, // a request that stays has 3,000
  },
]

const spell = async ({ command, parse }: Kind, site: Site): Promise<number> => {
  const words = command(site, SPELL_SECONDS)
  const child = Bun.spawn([...words], { stdout: 'pipe', stderr: 'inherit' })
  const { requests, trouble } = parse(await new Response(child.stdout).text())
  if (trouble !== undefined) throw new Error(`${words[0]}: ${trouble}`)
  return requests
}

const measure = (kind: Kind, extent: Extent): Promise<Finding[]> => withSite(async (site) => {
  const points: { x: number; y: number }[] = []
  for (let made = 0; made < kind.count[extent];) {
    made += await spell(kind, site)
    points.push({ x: made, y: resident(site.program.pid) })
  }
  const made = points.at(-1)?.x ?? 0
  const warm = points.filter(({ x }) => x >= made * WARM_UP_SHARE)
  return [{ what: `${made} ${kind.about}, the slope of RSS for each`, octets: slope(warm), bound: kind.flat[extent] }]
})

export const shortFigures: readonly Figure[] = kinds.map((kind) => ({ name: kind.name, measure: (extent) => measure(kind, extent) }))
