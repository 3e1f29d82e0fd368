// What the files of all bodies of a worker share: room on the disk, and the memory that octets pass through on their way to and from it.
// Knows no file.
import { tmpdir } from 'node:os'

/** Octets that all files of a worker may hold: what a node can mostly spare for a container that asks for nothing. */
const LIMIT_BYTES = 1 << 30
/** Large enough that an operation of the disk costs little an octet. */
export const BLOCK_BYTES = 128 << 10
/** Free blocks kept: without them a large body leaves as much garbage as it has octets, which the heap grows by before it is collected. */
const KEPT_BLOCKS = 16

export class SpillSpace {
  readonly folder: string
  readonly #limit: number
  readonly #blocks: Buffer[] = []
  #taken = 0

  constructor({ folder = tmpdir(), limit = LIMIT_BYTES }: { readonly folder?: string; readonly limit?: number } = {}) {
    this.folder = folder
    this.#limit = limit
  }

  /** Asked before more is taken: the limit is passed by the last span of each body at most. */
  get full() { return this.#taken >= this.#limit }
  take(octets: number) { this.#taken += octets }
  give(octets: number) { this.#taken -= octets }

  /** BLOCK_BYTES of memory, for `release` afterwards. */
  block(): Buffer { return this.#blocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES) }
  release(block: Buffer) { if (this.#blocks.length < KEPT_BLOCKS) this.#blocks.push(block) }
}
