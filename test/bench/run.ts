// `npm run bench`: Lintel beside nginx and others, cell by cell. Proxies on core 0, load and origin on core 1. The ratio within one run
// compares; absolute numbers do not.
import { cpus } from 'node:os'
import { compete, contestantsOf } from './contest.ts'
import type { Cell } from './cells.ts'
import { type Finding, judge } from './numbers.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { BASE, OURS, peerKinds } from './peers.ts'
import type { PeerKind } from './peers/peer.ts'
import { sentence, summary, tableOf } from './report.ts'
import { resultsOf, RESULTS } from './results.ts'
import { checkOut } from './revision.ts'
import { fail, needTools, provide } from './tools.ts'

const readOptions = (): Options => {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

/** Those that are there; of the others the reason is told. */
const available = (names: readonly string[]): Record<string, PeerKind> => {
  const found: Record<string, PeerKind> = {}
  for (const name of names) {
    const kind = peerKinds[name]
    const reason = kind?.tool === null || kind === undefined ? undefined : provide(kind.tool)
    if (reason !== undefined) console.error(`bench: ${name} is not available: ${reason}`)
    else if (kind !== undefined) found[name] = kind
  }
  return found
}

const measured = async (cell: Cell, peers: Readonly<Record<string, PeerKind>>, options: Options): Promise<Finding> => {
  const names = { ours: OURS, base: options.against === undefined ? BASE : revisionName(options.against) }
  const allowed = Object.fromEntries(Object.entries(peers).filter(([name]) => cell.only === undefined || cell.only.includes(name) || name.startsWith(OURS)))
  const rows = await compete(cell.measure, contestantsOf(allowed, cell.variants ?? [{ name: '' }], cell.site), options)
  const finding = judge(cell, rows, { names, ranked: options.against === undefined })
  console.log(`\n## ${cell.name}: ${cell.about}\n\n${tableOf(finding, names)}\n\n${OURS}: ${sentence(finding)}`)
  return finding
}
const revisionName = (revision: string) => `${OURS}@${revision}`

const main = async (options: Options): Promise<number> => {
  if (cpus().length < 2) fail('this needs two cores: one for the proxy, one for load and origin')
  needTools(['taskset', ...options.cells.flatMap(({ tools }) => tools)])
  const earlier = options.against === undefined ? undefined : checkOut(options.against)
  const peers = { ...(earlier && { [revisionName(earlier.name)]: earlier.kind }), ...available(options.peers) }
  const findings: Finding[] = []
  try {
    for (const cell of options.cells) findings.push(await measured(cell, peers, options))
  } finally {
    earlier?.remove()
  }
  console.log(`\n${summary(findings, Object.keys(peers))}`)
  if (options.json !== undefined) await Bun.write(options.json, `${JSON.stringify(findings, null, 2)}\n`)
  if (options.whole) await Bun.write(RESULTS, resultsOf(findings, { peers: Object.keys(peers), base: BASE, options }))
  if (findings.some(({ verdict, to }) => verdict === 'invalid' || verdict === 'unranked' && Number.isNaN(to.base))) return 1
  return options.gate && findings.some(({ verdict }) => verdict === 'missed') ? 1 : 0
}

// Leaving by exit ends the children too: their `exit` listeners send SIGTERM.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exit(await main(readOptions()))
