// What a piece of code costs, in ns of CPU of the process (with compiler and collector, without what others had of the core): rounds of calls,
// of which the median counts. Knows nothing of what it runs.
import { median } from '../numbers.ts'

export type Timing = { readonly name: string; readonly ns: number; readonly least: number; readonly most: number }
export type Piece = {
  readonly name: string
  /** n: of the call, for those who take turns. */
  readonly run: (n: number) => unknown
  /** In a round. Fewer for what takes long. */
  readonly calls?: number
}

const CALLS = 20_000
const WARM_UP_ROUNDS = 10

/** What calls gave goes here: a compiler may not leave out what nobody looks at. */
let sink: unknown

const round = ({ run, calls = CALLS }: Piece): number => {
  const before = process.cpuUsage()
  for (let n = 0; n < calls; n++) sink = run(n)
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1000 / calls
}

export const time = (piece: Piece, rounds: number): Timing => {
  for (let n = 0; n < Math.min(rounds, WARM_UP_ROUNDS); n++) round(piece)
  const found = Array.from({ length: rounds }, () => round(piece))
  if (sink === found) throw new Error('a piece gave its own timing')
  return { name: piece.name, ns: median(found), least: Math.min(...found), most: Math.max(...found) }
}
