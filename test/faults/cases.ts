// Where a conversation is broken and how: every octet of both directions, or a seeded sample. Pure.
import { random } from '../differential/mutate.ts'
import { type Fault, FAULTS } from '../support/faults/cable.ts'
import type { Script } from '../support/faults/speaker.ts'
import type { Conversation } from './conversations.ts'
import type { Suite } from './suites.ts'

export type Case = { readonly conversation: Conversation; readonly fault: Fault }
/** Octets of the conversation when nothing breaks. */
export type Extent = { readonly to: number; readonly from: number }

/** More octets than that in a direction are not tried one by one: the first, the last, and as many drawn between them. */
const EACH_OCTET = 600
const EDGE = 200

/** `http1-client/chunked/reset/to/57`: what repeats it. */
export const nameOf = ({ name }: Suite, { conversation, fault: { kind, flow, at } }: Case): string => `${name}/${conversation.name}/${kind}/${flow}/${at}`

/** All cases of a conversation. */
export const allCases = (conversation: Conversation, extent: Extent, seed: number): Case[] => {
  const places = [...positions(extent.to, seed).map((at) => ({ flow: 'to', at }) as const), ...positions(extent.from, seed).slice(1).map((at) => ({ flow: 'from', at }) as const)]
  return FAULTS.flatMap((kind) => places.map((place): Case => ({ conversation, fault: { kind, ...place } })))
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n)
const positions = (total: number, seed: number): number[] => {
  if (total <= EACH_OCTET) return range(0, total + 1)
  const draw = random(seed)
  return [...range(0, EDGE), ...range(0, EDGE).map(() => EDGE + draw(total - 2 * EDGE)), ...range(total - EDGE, total + 1)]
}

/** As long as every other address. */
const TYPICAL = { host: 'lane-00.example', path: '/000000' }

/** Behind each line of the script: where one phase ends and the next begins. */
const edgesOf = (script: Script): Set<number> => {
  const edges = new Set([0])
  let at = 0
  for (const { say } of script) if (say !== 'end') edges.add(at += Buffer.from(say).length)
  return edges
}

/** `count` of the cases, those between phases first. */
export const sampleOf = (suite: Suite, cases: readonly Case[], { count, seed }: { count: number; seed: number }): Case[] => {
  const draw = random(seed)
  const shuffled = cases.map((each) => ({ each, key: draw(2 ** 30) })).toSorted((a, b) => a.key - b.key).map(({ each }) => each)
  const scripted = ({ conversation }: Case) => suite.side === 'client' ? conversation.client(TYPICAL) : conversation.origin
  const edge = (each: Case) => each.fault.flow === 'to' && edgesOf(scripted(each)).has(each.fault.at)
  return [...shuffled.filter(edge), ...shuffled.filter((each) => !edge(each))].slice(0, count)
}
