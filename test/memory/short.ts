// Connections that bring one request and are closed: memory does not follow their number.
import { parseWrk } from '../bench/loads/wrk.ts'
import { type Extent, type Figure, type Finding, slope } from './figure.ts'
import { HOST } from './host.ts'
import { resident } from './resident.ts'
import { type Site, withSite } from './site.ts'

/** wrk counts by time, so connections are made in spells until there are enough. */
const SPELL_SECONDS = 1
const AT_ONCE = 32
/** The heap reaches its working size in the first part. */
const WARM_UP_SHARE = 0.3
const COUNT = { full: 1_000_000, quick: 30_000 }
/** Octets for each connection that RSS may rise by in the fit: the smallest object has 16, a connection that stays has 4,000. */
const FLAT = { full: 16, quick: 1_000 }

const spell = async ({ program }: Site, seconds: number): Promise<number> => {
  const child = Bun.spawn(['wrk', '-t1', `-c${AT_ONCE}`, `-d${seconds}s`, '-H', `Host: ${HOST}`, '-H', 'Connection: close', program.url], { stdout: 'pipe', stderr: 'inherit' })
  const { requests, trouble } = parseWrk(await new Response(child.stdout).text())
  if (trouble !== undefined) throw new Error(`wrk: ${trouble}`)
  return requests
}

const measure = (extent: Extent): Promise<Finding[]> => withSite(async (site) => {
  const points: { x: number; y: number }[] = []
  for (let made = 0; made < COUNT[extent];) {
    made += await spell(site, SPELL_SECONDS)
    points.push({ x: made, y: resident(site.program.pid) })
  }
  const made = points.at(-1)?.x ?? 0
  const warm = points.filter(({ x }) => x >= made * WARM_UP_SHARE)
  return [{ what: `${made} short connections, the slope of RSS for each`, octets: slope(warm), bound: FLAT[extent] }]
})

export const shortFigures: readonly Figure[] = [{ name: 'short-connections', measure }]
