// Rows → medians, ratios, and whether a cell's bar is held. Pure.
import type { Cell } from './cells.ts'
import type { Row } from './contest.ts'

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2
}

/** Nearest rank. */
export const percentile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN

/** Why a row says nothing; undefined where it does. */
export const troubleOf = ({ samples }: Pick<Row, 'samples'>): string | undefined =>
  samples.length === 0 ? 'not measured' : samples.find(({ trouble }) => trouble !== undefined)?.trouble

/** Of a row that says something; else NaN. */
export const valueOf = (row: Row): number => troubleOf(row) === undefined ? median(row.samples.map(({ value }) => value)) : NaN

/** By round: what disturbs a round disturbs both sides of it. Empty where a sample is invalid. */
export const ratiosOf = (row: Row, base: Row | undefined): number[] =>
  base === undefined || troubleOf(row) !== undefined || troubleOf(base) !== undefined ? []
    : row.samples.slice(0, base.samples.length).map(({ value }, round) => value / (base.samples[round]?.value ?? NaN))

/** The median of them; NaN where there are none. */
export const ratio = (row: Row, base: Row | undefined): number => median(ratiosOf(row, base))

/** What a cell says about Lintel. */
export type Finding = {
  readonly cell: Cell
  readonly rows: readonly Row[]
  /** Held against the cell's bar and goal; NaN where it says nothing. */
  readonly found: number
  readonly verdict: 'goal' | 'bar' | 'missed' | 'invalid' | 'unranked'
  readonly to: { readonly base: number; readonly best: number }
}

export type Names = { readonly ours: string; readonly base: string }

/** What a row of the cell is compared with. */
export const baseOf = (row: Row, rows: readonly Row[], { cell, names }: { readonly cell: Pick<Cell, 'compare' | 'variants'>; readonly names: Names }): Row | undefined =>
  cell.compare === 'variants' ? rows.find(({ peer, variant }) => peer === row.peer && variant === cell.variants?.[0]?.name)
    : rows.find(({ peer, variant }) => peer === names.base && variant === row.variant)

/** `names.base` other than nginx: a revision, which has no bar. */
export const judge = (cell: Cell, rows: readonly Row[], { names, ranked }: { readonly names: Names; readonly ranked: boolean }): Finding => {
  const variant = cell.variants?.at(-1)?.name ?? ''
  const own = rows.find((row) => row.peer === names.ours && row.variant === variant) ?? { name: names.ours, peer: names.ours, variant, samples: [] }
  const base = ratio(own, rows.find((row) => row.peer === names.base && row.variant === variant))
  const others = rows.filter((row) => row.peer !== names.ours && row.variant === variant && troubleOf(row) === undefined)
  const best = others.toSorted((a, b) => valueOf(a) - valueOf(b))[0]
  const found = cell.compare === 'value' ? valueOf(own) : cell.compare === 'peers' ? base : ratio(own, baseOf(own, rows, { cell, names }))
  return { cell, rows, found, to: { base, best: ratio(own, best) }, verdict: !ranked ? 'unranked' : verdictOf(found, cell) }
}

const verdictOf = (found: number, { bar, goal }: Pick<Cell, 'bar' | 'goal'>): Finding['verdict'] =>
  Number.isNaN(found) ? 'invalid' : found <= goal ? 'goal' : found <= bar ? 'bar' : 'missed'
