// Samples → medians, the ratio, and a Markdown table. Pure.

export type Sample = {
  readonly cpuUsPerRequest: number
  readonly requestsPerSecond: number
  /** Shares of the proxy's core, 0 to 1: used by the proxy, and by anything else. */
  readonly ownShare: number
  readonly otherShare: number
  /** Why the sample can't be used. */
  readonly trouble: string | undefined
}
export type Row = { readonly name: string; readonly samples: readonly Sample[] }

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2
}

/** Median of the ratios within each round: what disturbs a round disturbs both sides of it. NaN when a sample is invalid. */
export const ratio = (row: Row, base: Row): number => {
  if ([...row.samples, ...base.samples].some((sample) => sample.trouble !== undefined)) return NaN
  return median(row.samples.map((sample, round) => sample.cpuUsPerRequest / (base.samples[round]?.cpuUsPerRequest ?? NaN)))
}

/** For people: the ratio beside its bar. */
export const verdict = (found: { readonly ratio: number; readonly bar: number }): string =>
  Number.isNaN(found.ratio) ? 'not comparable' : `${found.ratio.toFixed(2)} (bar: ${found.bar}, ${found.ratio > found.bar ? 'BROKEN' : 'held'})`

const percent = (share: number) => `${Math.round(share * 100)} %`

const tableRow = (row: Row, base: Row): string => {
  const trouble = row.samples.find((sample) => sample.trouble !== undefined)?.trouble
  if (trouble !== undefined) return `| ${row.name} | invalid: ${trouble} | | | | | ${row.samples.length} |`
  const cpu = row.samples.map((sample) => sample.cpuUsPerRequest)
  const of = (field: 'requestsPerSecond' | 'ownShare' | 'otherShare') => median(row.samples.map((sample) => sample[field]))
  const compared = ratio(row, base)
  return `| ${row.name} | ${median(cpu).toFixed(1)} (${Math.min(...cpu).toFixed(1)}-${Math.max(...cpu).toFixed(1)}) | ${Number.isNaN(compared) ? '-' : compared.toFixed(2)} ` +
    `| ${Math.round(of('requestsPerSecond'))} | ${percent(of('ownShare'))} | ${percent(of('otherShare'))} | ${row.samples.length} |`
}

/** Others on the proxy's core cost it its caches: above this share the numbers say little. */
const quietShare = 0.15
const disturbed = (rows: readonly Row[]): string[] =>
  rows.some((row) => median(row.samples.map((sample) => sample.otherShare)) > quietShare)
    ? ['', `Other processes used more than ${percent(quietShare)} of core 0: repeat this on a quiet machine.`]
    : []

export const report = (rows: readonly Row[], base: Row): string => [
  '| proxy | CPU µs a request, median (min-max) | ratio | requests/s | core 0: proxy | core 0: others | rounds |',
  '|---|---|---|---|---|---|---|',
  ...rows.map((row) => tableRow(row, base)),
  ...disturbed(rows),
].join('\n')
