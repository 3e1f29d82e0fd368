// What is measured, how it is judged, and how it is shown. Pure.
import { KIB, MIB } from './resident.ts'

/** full: the numbers of the promise. quick: for each run of the tests, with an allowance for what a program does once. */
export type Extent = 'full' | 'quick'
export type Finding = {
  /** What was measured, with its numbers. */
  readonly what: string
  readonly octets: number
  readonly bound: number
}
export type Figure = { readonly name: string; measure(extent: Extent): Promise<Finding[]> }

export const holds = ({ octets, bound }: Finding): boolean => octets <= bound

/** 1.5 KiB, 12.0 MiB. */
export const sizeText = (octets: number): string => Math.abs(octets) < MIB ? `${(octets / KIB).toFixed(1)} KiB` : `${(octets / MIB).toFixed(1)} MiB`

export const report = (rows: readonly { readonly figure: string; readonly finding: Finding }[]): string => [
  '| figure | measured | bound | | command |',
  '|---|---|---|---|---|',
  ...rows.map(({ figure, finding }) =>
    `| ${finding.what} | ${sizeText(finding.octets)} | ${sizeText(finding.bound)} | ${holds(finding) ? 'held' : 'BROKEN'} | \`bun test/memory/run.ts ${figure}\` |`),
].join('\n')

/** Least squares: octets for each unit of x. */
export const slope = (points: readonly { readonly x: number; readonly y: number }[]): number => {
  const mean = (of: (point: { x: number; y: number }) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)]
  const spread = mean(({ x }) => (x - meanX) ** 2)
  return spread === 0 ? 0 : mean(({ x, y }) => (x - meanX) * (y - meanY)) / spread
}
