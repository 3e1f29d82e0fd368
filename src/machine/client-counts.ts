// How many connections each client has, in all workers of the process together and without a lock: each worker counts in a part of its own,
// which all read, and which goes when its worker goes, however that ended. Knows no connection.

/**
 * A client has one cell in each row; the least of its cells is what it has, or more where in every row somebody else is in the same cell (a
 * count-min sketch). With 32,768 connections, each of another client, one client in forty is counted for one too many.
 */
const ROWS = 4
const ROW_BITS = 16
const CELLS = 2 ** ROW_BITS
const CELL_MASK = CELLS - 1

/** What a worker counts in. Of its mebibyte the system gives what is written to: none, where there is no limit. */
export const clientPart = () => new SharedArrayBuffer(ROWS * CELLS * Int32Array.BYTES_PER_ELEMENT)

/** seed: of the process, so that nobody can tell who shares cells with whom. */
export type ClientPart = { readonly seed: bigint; readonly own: SharedArrayBuffer }

export class ClientCounts {
  readonly #seed: bigint
  readonly #own: Int32Array
  #parts: readonly Int32Array[]

  constructor({ seed, own }: ClientPart) {
    this.#seed = seed
    this.#own = new Int32Array(own)
    this.#parts = [this.#own]
  }

  /** Those of all workers, this one's among them. */
  share(parts: readonly SharedArrayBuffer[]) { this.#parts = parts.map((part) => new Int32Array(part)) }

  /** One more of this client; false: it has so many, and nothing is counted. Counted before it is looked: two workers may refuse the last place both, and never both give it. */
  enter(client: string, limit: number): boolean {
    this.#add(client, 1)
    if (this.#most(client) <= limit) return true
    this.#add(client, -1)
    return false
  }
  leave(client: string) { this.#add(client, -1) }

  #add(client: string, one: 1 | -1) {
    const cells = this.#cells(client)
    for (let row = 0; row < ROWS; row++) Atomics.add(this.#own, row * CELLS + cellOf(cells, row), one)
  }
  #most(client: string): number {
    const cells = this.#cells(client)
    let least = Infinity
    for (let row = 0; row < ROWS; row++) {
      const at = row * CELLS + cellOf(cells, row)
      least = Math.min(least, this.#parts.reduce((sum, part) => sum + Atomics.load(part, at), 0))
    }
    return least
  }
  /** 16 of its 64 bits for each row. */
  #cells(client: string): readonly [number, number] {
    const hash = Bun.hash.wyhash(client, this.#seed)
    return [Number(hash & 0xffff_ffffn), Number(hash >> 32n)]
  }
}

const cellOf = ([low, high]: readonly [number, number], row: number) => ((row < 2 ? low : high) >>> (row % 2 * ROW_BITS)) & CELL_MASK
