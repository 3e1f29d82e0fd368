// The command line of the benchmark. Pure.
import { parseArgs } from 'node:util'
import { type Cell, cells } from './cells.ts'
import { BASE, OURS, peerKinds } from './peers.ts'

export type Options = {
  readonly cells: readonly Cell[]
  /** Names; what is compared with first, Lintel last. */
  readonly peers: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Fail where a bar is broken. */
  readonly gate: boolean
  /** Where samples go. */
  readonly json: string | undefined
}

export const USAGE = `usage: npm run bench -- [--only CELL,…] [--peers PEER,…] [--rounds N] [--quick] [--gate] [--json FILE]
cells: ${cells.map(({ name }) => name).join(', ')}
peers beside ${BASE}: ${Object.keys(peerKinds).filter((name) => name !== BASE && name !== OURS).join(', ')}`

/** Throws an Error for people. */
export const parseOptions = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' }, peers: { type: 'string' }, rounds: { type: 'string' }, json: { type: 'string' },
      quick: { type: 'boolean', default: false }, gate: { type: 'boolean', default: false },
    },
  })
  const named = known(values.peers, Object.keys(peerKinds), 'peer').filter((name) => name !== BASE && name !== OURS)
  const only = known(values.only, cells.map(({ name }) => name), 'cell')
  const length = values.quick ? { rounds: 3, seconds: 1, warmUpSeconds: 2 } : { rounds: 7, seconds: 2, warmUpSeconds: 4 }
  return {
    ...length,
    ...(values.rounds !== undefined && { rounds: count(values.rounds) }),
    cells: only.length === 0 ? cells : cells.filter(({ name }) => only.includes(name)),
    peers: [BASE, ...named, OURS],
    gate: values.gate,
    json: values.json,
  }
}

const known = (text: string | undefined, names: readonly string[], what: string): string[] => {
  const wanted = text?.split(',') ?? []
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`--${what === 'cell' ? 'only' : 'peers'}: there is no ${what} ${JSON.stringify(unknown)}`)
  return wanted
}

const count = (text: string): number => {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`--rounds: expected a number from 1 on, not ${JSON.stringify(text)}`)
  return Number(text)
}
