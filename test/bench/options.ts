// The command line of the benchmark. Pure.
import { parseArgs } from 'node:util'
import { type Cell, cells } from './cells.ts'
import type { Rounds } from './contest.ts'
import { BASE, OURS, peerKinds } from './peers.ts'

export type Options = Rounds & {
  readonly cells: readonly Cell[]
  /** Whether they are all that there are. */
  readonly whole: boolean
  /** Names; what is compared with first, Lintel last. */
  readonly peers: readonly string[]
  /** A revision of Lintel to compare with, in place of nginx. */
  readonly against: string | undefined
  /** Fail where a bar is broken. */
  readonly gate: boolean
  /** Where samples go. */
  readonly json: string | undefined
}

export const USAGE = `usage: npm run bench -- [--only CELL,…] [--peers PEER,…] [--against REV] [--rounds N] [--quick] [--gate] [--json FILE]
cells: ${cells.map(({ name }) => name).join(', ')}
peers: ${Object.keys(peerKinds).join(', ')}; all of them where none is named, with --quick nginx and haproxy, with --against none
--against REV: Lintel as it stands and as it was in that revision, by turns
--quick: fewer and shorter rounds; --gate: fail where a bar is broken`

const LENGTHS = { whole: { rounds: 5, seconds: 2, warmUpSeconds: 3 }, quick: { rounds: 3, seconds: 1, warmUpSeconds: 1 } }

/** Throws an Error for people. */
export const parseOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' }, peers: { type: 'string' }, rounds: { type: 'string' }, json: { type: 'string' }, against: { type: 'string' },
      quick: { type: 'boolean', default: false }, gate: { type: 'boolean', default: false },
    },
  })
  const { against } = values
  const usual = against !== undefined ? [] : values.quick ? ['haproxy'] : Object.keys(peerKinds)
  const named = known(values.peers, { names: Object.keys(peerKinds), flag: '--peers', what: 'peer' }) ?? usual
  const only = known(values.only, { names: cells.map(({ name }) => name), flag: '--only', what: 'cell' })
  const others = named.filter((name) => name !== OURS && name !== BASE)
  return {
    ...(values.quick ? LENGTHS.quick : LENGTHS.whole),
    ...(values.rounds !== undefined && { rounds: count(values.rounds) }),
    cells: only === undefined ? cells : cells.filter(({ name }) => only.includes(name)),
    whole: only === undefined && against === undefined,
    peers: [...(against === undefined || named.includes(BASE) ? [BASE] : []), ...others, OURS],
    against, gate: values.gate, json: values.json,
  }
}

type Known = { readonly names: readonly string[]; readonly flag: string; readonly what: string }

const known = (text: string | undefined, { names, flag, what }: Known): string[] | undefined => {
  const wanted = text?.split(',')
  const unknown = wanted?.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`${flag}: there is no ${what} ${JSON.stringify(unknown)}`)
  return wanted
}

const count = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--rounds: expected a number from 1 on, not ${JSON.stringify(text)}`)
  return Number(text)
}
