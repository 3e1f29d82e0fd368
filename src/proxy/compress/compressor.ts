// A compressor as zlib, Brotli and zstd have it in common: octets in, octets out, at once and in this thread. Knows no answers.
// It goes past the streams of node:zlib to what is under them, as their thread pool costs more than small answers do (bun.md §9).
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import { type Coding, COMPRESSED_AT_ONCE } from '../../settings.ts'

/** MORE: it may keep what it has. FLUSH: the reader can read all that was written. END: that was all. */
export type Operation = 'more' | 'flush' | 'end'

/** Window of Brotli and zstd, as nginx has it for Brotli: it is memory of each answer, here and at the client. */
const WINDOW_BITS = 19
/** The streams' own output buffer, of which nobody makes use: the least that they take. */
const UNUSED_BYTES = 64
const OUT_BYTES = 65_536
/** Compressors of a level of gzip that are kept for the next answers: to make one costs as much as to compress 3 KiB of JSON (bun.md §9). */
const SPARE = 8

const FLAGS: Readonly<Record<Coding, Readonly<Record<Operation, number>>>> = {
  gzip: { more: constants.Z_NO_FLUSH, flush: constants.Z_SYNC_FLUSH, end: constants.Z_FINISH },
  br: { more: constants.BROTLI_OPERATION_PROCESS, flush: constants.BROTLI_OPERATION_FLUSH, end: constants.BROTLI_OPERATION_FINISH },
  zstd: { more: constants.ZSTD_e_continue, flush: constants.ZSTD_e_flush, end: constants.ZSTD_e_end },
}

/** What is under a stream; its writeSync leaves in `state` what is free of `out`, and what was not taken of `bytes`. */
type Handle = {
  writeSync(flag: number, bytes: Uint8Array, from: number, size: number, out: Uint8Array, outFrom: number, outSize: number): void
  /** To begin anew. */
  reset(): void
  close(): void
}
type Native = { readonly handle: Handle; readonly state: Uint32Array }
type Opened = { readonly coding: Coding; readonly level: number; readonly native: Native }

/** All that a worker has open. */
export class Compressors {
  /** Where compressed octets stand until the next are made, of any of them: they are sent on before. */
  readonly out: Buffer = Buffer.allocUnsafeSlow(OUT_BYTES)
  #open = 0
  readonly #spare = new Map<number, Native[]>()

  /** null: there are too many. */
  open(coding: Coding, level: number): Compressor | null {
    if (this.#open >= COMPRESSED_AT_ONCE) return null
    const native = this.#spare.get(coding === 'gzip' ? level : -1)?.pop() ?? nativeOf(streamOf(coding, level))
    if (native === null) return null
    this.#open++
    return new Compressor(this, { coding, level, native })
  }
  closed({ coding, level, native }: Opened) {
    this.#open--
    // The others forget their level (bun.md §9).
    const spare = coding === 'gzip' ? this.#spare.get(level) : undefined
    if (coding !== 'gzip' || (spare?.length ?? 0) >= SPARE) return native.handle.close()
    native.handle.reset()
    if (spare === undefined) this.#spare.set(level, [native])
    else spare.push(native)
  }
}

export class Compressor {
  readonly #owner: Compressors
  readonly #opened: Opened
  #closed = false

  constructor(owner: Compressors, opened: Opened) {
    this.#owner = owner
    this.#opened = opened
  }

  /** What becomes of bytes[from..to) and what it kept goes to `take`, piece by piece; `done` with the last, which may be empty. Stops when it is closed. */
  write({ bytes, from, to }: { readonly bytes: Buffer; readonly from: number; readonly to: number }, operation: Operation, take: (out: Buffer, octets: number, done: boolean) => void) {
    const { coding, native: { handle, state } } = this.#opened
    const { out } = this.#owner
    const flag = FLAGS[coding][operation]
    for (let at = from, done = false; !done && !this.#closed;) {
      handle.writeSync(flag, bytes, at, to - at, out, 0, OUT_BYTES)
      at = to - (state[1] ?? 0)
      const free = state[0] ?? 0
      done = free > 0
      take(out, OUT_BYTES - free, done)
    }
  }

  /** Not used again. Its memory is free, or the next one's. */
  close() {
    if (this.#closed) return
    this.#closed = true
    this.#owner.closed(this.#opened)
  }
}

const streamOf = (coding: Coding, level: number): object => {
  const chunkSize = UNUSED_BYTES
  switch (coding) {
    case 'gzip': return createGzip({ chunkSize, level })
    case 'br': return createBrotliCompress({ chunkSize, params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS } })
    case 'zstd': return createZstdCompress({ chunkSize, params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: WINDOW_BITS } })
  }
}

/** null: this Bun has not what test/http/bun-workarounds.test.ts found; answers go as they are then. */
const nativeOf = (stream: object): Native | null => {
  const handle: unknown = Reflect.get(stream, '_handle')
  const state: unknown = Reflect.get(stream, '_writeState')
  return isHandle(handle) && state instanceof Uint32Array ? { handle, state } : null
}
const isHandle = (value: unknown): value is Handle => typeof value === 'object' && value !== null && 'writeSync' in value && 'reset' in value && 'close' in value
