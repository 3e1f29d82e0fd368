// Rows and findings → Markdown. Pure.
import type { Row } from './contest.ts'
import { baseOf, type Finding, median, type Names, ratiosOf, troubleOf, valueOf } from './numbers.ts'

const round = (value: number) => Number.isNaN(value) ? '-' : value >= 100 ? `${Math.round(value)}` : value.toFixed(1)
const two = (value: number) => Number.isNaN(value) ? '-' : value.toFixed(2)
const percent = (share: number) => `${Math.round(share * 100)} %`
const mebibytes = (octets: number) => round(octets / 2 ** 20)

/** What samples may tell beside their value, in this order. */
const columns: readonly { readonly key: string; readonly title: string; readonly text: (value: number) => string }[] = [
  { key: 'rate', title: 'requests/s', text: (value) => `${Math.round(value)}` },
  { key: 'p50', title: 'p50 µs', text: round },
  { key: 'p99', title: 'p99 µs', text: round },
  { key: 'p999', title: 'p99.9 µs', text: round },
  { key: 'p50Ms', title: 'p50 ms', text: round },
  { key: 'cpu', title: 'CPU µs a request', text: round },
  { key: 'cpuMs', title: 'CPU ms', text: round },
  { key: 'own', title: 'core 0: proxy', text: percent },
  { key: 'others', title: 'core 0: others', text: percent },
  { key: 'rssBefore', title: 'RSS MiB before', text: mebibytes },
  { key: 'rss', title: 'RSS MiB after', text: mebibytes },
  { key: 'pss', title: 'PSS MiB after', text: mebibytes },
]

const spread = (values: readonly number[], text: (value: number) => string) => values.length === 0 ? '-' : `${text(median(values))} (${text(Math.min(...values))}-${text(Math.max(...values))})`
const detail = (row: Row, key: string) => median(row.samples.flatMap(({ details }) => details[key] ?? []))

const rowOf = (row: Row, { finding, names, shown }: { readonly finding: Finding; readonly names: Names; readonly shown: typeof columns }): string => {
  const trouble = troubleOf(row)
  if (trouble !== undefined) return `| ${[row.name, `invalid: ${trouble.replaceAll('|', '/')}`, '', ...shown.map(() => ''), row.samples.length].join(' | ')} |`
  const ratios = ratiosOf(row, baseOf(row, finding.rows, { cell: finding.cell, names }))
  return `| ${[row.name, spread(row.samples.map(({ value }) => value), round), spread(ratios, two), ...shown.map(({ key, text }) => text(detail(row, key))), row.samples.length].join(' | ')} |`
}

/** Others on the proxy's core cost it its caches: above this share the numbers say little. */
const QUIET = 0.15
export const disturbed = (rows: readonly Row[]): boolean => rows.some((row) => detail(row, 'others') > QUIET)

/** The measurements of one cell. */
export const tableOf = (finding: Finding, names: Names): string => {
  const shown = columns.filter(({ key }) => finding.rows.some((row) => row.samples.some(({ details }) => details[key] !== undefined)))
  const titles = ['proxy', `${finding.cell.unit}, median (min-max)`, `by ${finding.cell.compare === 'variants' ? 'its first' : names.base}`, ...shown.map(({ title }) => title), 'rounds']
  return [
    `| ${titles.join(' | ')} |`, `|${'---|'.repeat(titles.length)}`,
    ...finding.rows.map((row) => rowOf(row, { finding, names, shown })),
    ...(disturbed(finding.rows) ? ['', `Other processes used more than ${percent(QUIET)} of core 0: repeat this on a quiet machine.`] : []),
  ].join('\n')
}

/** One line for people: what was found, beside bar and goal. */
export const sentence = ({ cell, found, verdict, to }: Finding): string => {
  if (verdict === 'unranked') return `${two(to.base)} times what it was`
  if (verdict === 'invalid') return 'invalid: nothing can be said'
  return `${two(found)} (bar ${cell.bar}, goal ${cell.goal}): ${verdict === 'missed' ? 'MISSED' : verdict}`
}

/** All cells, a line each. `peers`: columns beside Lintel's. */
export const summary = (findings: readonly Finding[], peers: readonly string[]): string => {
  const ranked = findings.every(({ verdict }) => verdict !== 'unranked')
  const titles = ['cell', 'unit', ...peers, ...(ranked ? ['to nginx', 'to the best peer', 'held against', 'bar', 'goal', 'verdict'] : ['by what it was'])]
  const lines = findings.map((finding) => [finding.cell.name, finding.cell.unit, ...peers.map((peer) => valueFor(peer, finding)), ...(ranked ? judgement(finding) : [two(finding.to.base)])])
  return [`| ${titles.join(' | ')} |`, `|${'---|'.repeat(titles.length)}`, ...lines.map((line) => `| ${line.join(' | ')} |`)].join('\n')
}
const valueFor = (peer: string, { rows }: Finding): string => {
  const row = rows.findLast((each) => each.peer === peer)
  return row === undefined ? '' : troubleOf(row) === undefined ? round(valueOf(row)) : 'invalid'
}
const judgement = ({ cell, found, verdict, to }: Finding): string[] => {
  const held = cell.compare === 'value' ? round(found) : `${two(found)}${cell.compare === 'variants' ? ` × ${cell.variants?.[0]?.name}` : ' × nginx'}`
  return [two(to.base), two(to.best), Number.isNaN(found) ? '-' : held, bound(cell.bar), bound(cell.goal), verdict === 'missed' ? '**missed**' : verdict]
}
/** As a person would write it: 0.56, and not 0.5555555555555556. */
const bound = (value: number) => `${Math.round(value * 100) / 100}`
