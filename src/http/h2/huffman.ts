// HPACK's Huffman code (RFC 7541 §5.2, appendix B), decoding only: to encode costs more time than the octets saved are worth (hotpath.md part 2 §4).

/** Bits of each octet's code, the end of string last. The code is canonical: lengths are enough. */
export const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]
const END_OF_STRING = 256
/** Longest padding at the end of a string: fewer than eight one bits. */
const PADDING_BITS = 7

/** The code as a binary tree: children[node] is [for 0, for 1], each an inner node's number, or ~symbol. Node 0 is the root. */
type Tree = [number, number][]
/** Not yet known. No child is the root. */
const ABSENT = 0

const tree = (): Tree => {
  const nodes: Tree = [[ABSENT, ABSENT]]
  const symbols = CODE_LENGTHS.map((length, symbol) => ({ length, symbol })).sort((a, b) => a.length - b.length || a.symbol - b.symbol)
  let code = 0
  let bits = 0
  for (const { length, symbol } of symbols) {
    code *= 2 ** (length - bits)
    bits = length
    plant(nodes, code.toString(2).padStart(length, '0'), ~symbol)
    code++
  }
  return nodes
}
const plant = (nodes: Tree, path: string, leaf: number) => {
  let node = nodes[0]!
  for (const [depth, digit] of [...path].entries()) {
    const side = digit === '0' ? 0 : 1
    if (depth === path.length - 1) node[side] = leaf
    else if (node[side] === ABSENT) node[side] = nodes.push([ABSENT, ABSENT]) - 1
    node = nodes[node[side]] ?? node
  }
}

/**
 * What an octet does in a state (a node of the tree): the next state in bits 0-7, how many symbols end in bits 8-9 (at most two, as the shortest
 * code has five bits; INVALID: the end of string), the symbols in bits 16-23 and 24-31.
 */
const step = (nodes: Tree, state: number, octet: number): number => {
  let node = state
  let count = 0
  let ended = 0
  for (let bit = 7; bit >= 0; bit--) {
    const to = nodes[node]![(octet >> bit) & 1]!
    if (to === ~END_OF_STRING) return INVALID << 8
    node = Math.max(to, 0)
    if (to < 0) ended |= ~to << (16 + 8 * count++)
  }
  return node | (count << 8) | ended
}
const INVALID = 3

const NODES = tree()
/** 256 states of 256 octets: eight bits at a time take half the time of four (79 ns against 144 for 50 octets). */
const STEPS = Int32Array.from({ length: NODES.length * 256 }, (_, i) => step(NODES, i >> 8, i & 255))
/** States in which a string may end: only ones since the last symbol (RFC 7541 §5.2). */
const FINAL = (() => {
  const states = new Set([0])
  for (let bit = 0, node = 0; bit < PADDING_BITS; bit++) states.add(node = NODES[node]![1])
  return states
})()

/** bytes[from..to) decoded, one character for each octet; null where it is not the code of a string. */
export const decodeHuffman = (bytes: Buffer, from: number, to: number): string | null => {
  const out = Buffer.allocUnsafe(Math.ceil(((to - from) * 8) / 5)) // no code is shorter than five bits
  let size = 0
  let state = 0
  for (let i = from; i < to; i++) {
    const next = STEPS[(state << 8) | bytes[i]!]!
    state = next & 255
    const count = (next >> 8) & 3
    if (count === 0) continue
    if (count === INVALID) return null
    out[size++] = next >> 16
    if (count === 2) out[size++] = next >>> 24
  }
  return FINAL.has(state) ? out.toString('latin1', 0, size) : null
}
