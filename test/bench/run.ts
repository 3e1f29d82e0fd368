// `npm run bench`: CPU per request of Lintel beside nginx, for each kind of traffic. Proxies on core 0, load and origin on core 1. The
// ratio within one run compares; absolute numbers do not.
import { cpus } from 'node:os'
import { measureCell } from './measure.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { BASE, OURS, peerKinds } from './peers.ts'
import { ratio, report, type Row, verdict } from './report.ts'
import { fail, needTools } from './tools.ts'

const readOptions = (): Options => {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

const toolsFor = ({ cells, peers }: Options): Set<string> => {
  const tools = ['taskset', ...cells.map(({ load }) => load.tool), ...peers.map((name) => peerKinds[name]?.tool ?? 'taskset')]
  if (cells.some(({ origin }) => origin === 'grpc')) tools.push('nghttpd')
  return new Set(tools)
}

const rowOf = (rows: readonly Row[], name: string): Row => rows.find((row) => row.name === name) ?? { name, samples: [] }

const main = async (options: Options): Promise<number> => {
  if (cpus().length < 2) fail('this needs two cores: one for the proxy, one for load and origin')
  needTools(toolsFor(options))
  const found: { cell: string; bar: number; ratio: number; rows: Row[] }[] = []
  for (const cell of options.cells) {
    const rows = await measureCell(cell, options.peers, options)
    const base = rowOf(rows, BASE)
    const entry = { cell: cell.name, bar: cell.bar, ratio: ratio(rowOf(rows, OURS), base), rows }
    found.push(entry)
    console.log(`\n## ${cell.name}: ${cell.about}\n\n${report(rows, base)}\n\n${OURS} / ${BASE}: ${verdict(entry)}`)
  }
  if (options.json !== undefined) await Bun.write(options.json, `${JSON.stringify(found, null, 2)}\n`)
  if (found.some((entry) => Number.isNaN(entry.ratio))) return 1
  return options.gate && found.some((entry) => entry.ratio > entry.bar) ? 1 : 0
}

// Leaving by exit ends the children too: their `exit` listeners send SIGTERM.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exit(await main(readOptions()))
