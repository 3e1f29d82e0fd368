// What the files of all bodies of a worker share: room on the disk, and the memory that octets pass through on their way to and from it.
// Knows no file but the one that it tries the folder by.
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

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

  /** In the folder for temporary files ($TMPDIR); where nothing can be written there, without any room. trouble: that, for people; null: all is well. */
  static open(): { readonly space: SpillSpace; readonly trouble: string | null } {
    const folder = tmpdir()
    try {
      const path = join(folder, `lintel-${randomUUID()}`)
      closeSync(openSync(path, 'wx', 0o600))
      unlinkSync(path)
      return { space: new SpillSpace({ folder }), trouble: null }
    } catch (error) {
      const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : error
      return { space: new SpillSpace({ folder, limit: 0 }), trouble: `folder ${folder}: can't be written (${String(code)}): ${WITHOUT}` }
    }
  }

  constructor({ folder = tmpdir(), limit = LIMIT_BYTES }: { readonly folder?: string; readonly limit?: number } = {}) {
    this.folder = folder
    this.#limit = limit
  }

  /** Something can be stored at all. */
  get isUsable() { return this.#limit > 0 }

  /** Asked before more is taken: the limit is passed by the last span of each body at most. */
  get full() { return this.#taken >= this.#limit }
  take(octets: number) { this.#taken += octets }
  give(octets: number) { this.#taken -= octets }

  /** BLOCK_BYTES of memory, for `release` afterwards. */
  block(): Buffer { return this.#blocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES) }
  release(block: Buffer) { if (this.#blocks.length < KEPT_BLOCKS) this.#blocks.push(block) }
}

const WITHOUT = 'bodies that memory does not hold are sent on as they come, and answers are read as fast as clients take them; mount an emptyDir there, or name a folder in TMPDIR'
