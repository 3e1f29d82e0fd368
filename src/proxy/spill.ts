// Octets of one body that memory has no place for, in a file. One operation is on its way at a time, none of them in the event loop.
// Knows no requests and no answers.
import { randomUUID } from 'node:crypto'
import { close, constants, open, read, unlinkSync, write } from 'node:fs'
import { join } from 'node:path'
import { ProxyError } from '../http/message.ts'
import { BLOCK_BYTES, type SpillSpace } from './spill-space.ts'

/** Octets that may wait in memory for the file: beyond them nothing more is asked for. */
const QUEUED_BYTES = 8 * BLOCK_BYTES
const OWNER_ONLY = 0o600

/** Told in turns of their own, never during a call. Nothing is told after `close`. */
export interface SpillOwner {
  /** More is welcome again, or all is in the file. */
  written(): void
  /** What was asked for: bytes[0..octets), valid during the call. */
  read(bytes: Buffer, octets: number): void
  /** The file can't be used: there is no more room on the disk, or no descriptor. */
  failed(error: ProxyError): void
}

/** bytes[from..to) go to the file; behind them is room. */
type Block = { readonly bytes: Buffer; from: number; to: number }

export class Spill {
  /** Octets appended so far, those included that still wait. */
  size = 0
  readonly #space: SpillSpace
  readonly #owner: SpillOwner
  /** A descriptor and no FileHandle: Bun ends the thread where one of those is collected, and an upload is not worth that. */
  #file: number | null = null
  readonly #queue: Block[] = []
  /** The one of the queue that the disk is reading. */
  #writing: Block | null = null
  #written = 0
  /** Where to read; -1: nothing is wanted. */
  #readAt = -1
  #full = false
  #working = false
  #closed = false

  constructor(space: SpillSpace, owner: SpillOwner) {
    this.#space = space
    this.#owner = owner
  }

  /** All of it is in the file. */
  get settled() { return this.#written === this.size }

  /** Copies bytes[from..to). False: stop until `written`. */
  append(bytes: Buffer, from: number, to: number): boolean {
    this.size += to - from
    this.#space.take(to - from)
    for (let at = from; at < to;) at += this.#put(bytes, at, to)
    void this.#work()
    this.#full = this.#waiting > QUEUED_BYTES
    return !this.#full
  }
  #put(bytes: Buffer, from: number, to: number): number {
    let block = this.#queue.at(-1)
    if (block === undefined || block === this.#writing || block.to === BLOCK_BYTES) this.#queue.push(block = { bytes: this.#space.block(), from: 0, to: 0 })
    const octets = bytes.copy(block.bytes, block.to, from, to)
    block.to += octets
    return octets
  }
  get #waiting() { return this.size - this.#written }

  /** From there on, as much as comes at once, when it is in the file. Replaces what was asked for before. */
  read(at: number) {
    this.#readAt = at
    void this.#work()
  }
  stop() { this.#readAt = -1 }

  /** All of it was read: the file begins anew. */
  restart() {
    this.#space.give(this.size)
    this.size = this.#written = 0
  }

  close() {
    if (this.#closed) return
    this.#closed = true
    this.#space.give(this.size)
    if (!this.#working) this.#dispose()
  }

  async #work() {
    if (this.#working || this.#closed) return
    this.#working = true
    try {
      this.#file ??= await openNameless(this.#space.folder)
      while (!this.#closed && (this.#isReadable || this.#queue.length > 0)) await (this.#isReadable ? this.#read(this.#file) : this.#write(this.#file))
    } catch (error) {
      if (!this.#closed) this.#owner.failed(failure(error))
    }
    this.#working = false
    if (this.#closed) this.#dispose()
  }

  get #isReadable() { return this.#readAt >= 0 && this.#readAt < this.#written }

  async #read(file: number) {
    const at = this.#readAt
    const block = this.#space.block()
    const bytesRead = await done((told) => { read(file, block, 0, Math.min(BLOCK_BYTES, this.#written - at), at, told) })
    if (bytesRead === 0) throw new Error('the file is shorter than what was written')
    if (!this.#closed && this.#readAt === at) { // else something else was asked for meanwhile
      this.#readAt = -1
      this.#owner.read(block, bytesRead)
    }
    this.#space.release(block)
  }

  async #write(file: number) {
    const block = this.#writing = this.#queue[0]!
    const bytesWritten = await done((told) => { write(file, block.bytes, block.from, block.to - block.from, this.#written, told) })
    this.#writing = null
    if (this.#closed) return
    this.#written += bytesWritten
    block.from += bytesWritten
    if (block.from === block.to) this.#space.release(this.#queue.shift()!.bytes)
    if (!this.settled && !(this.#full && this.#waiting <= QUEUED_BYTES)) return
    this.#full = false
    this.#owner.written()
  }

  /** Not under an operation: its descriptor and its block could be another body's by then. */
  #dispose() {
    for (const { bytes } of this.#queue.splice(0)) this.#space.release(bytes)
    if (this.#file !== null) close(this.#file)
    this.#file = null
  }
}

/** A file without a name: when the program dies, however it does, nothing is left of it. Rejects without leaving a descriptor. */
const openNameless = async (folder: string): Promise<number> => {
  const path = join(folder, `lintel-${randomUUID()}`)
  const file = await done((told) => { open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY, told) })
  try {
    unlinkSync(path)
  } catch (error) {
    close(file)
    throw error
  }
  return file
}

/** What an operation of node:fs told its callback. */
const done = (operation: (told: (error: Error | null, result: number) => void) => void): Promise<number> => new Promise((resolve, reject) => {
  operation((error, result) => { if (error === null) resolve(result); else reject(error) })
})

const failure = (error: unknown) => {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return new ProxyError('internal', 'buffer_failed', { status: 500, message: `a body can not be stored${typeof code === 'string' ? ` (${code})` : ''}` })
}
