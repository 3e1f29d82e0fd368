// A field section as encoded, gathered over HEADERS and CONTINUATION (RFC 9113 §4.3, §6.2, §6.10). Knows frames, not what is encoded in them.
import type { Budgets } from './abuse.ts'
import { flood, protocolFault, sizeFault } from './fault.ts'
import type { Frame } from './frame-reader.ts'
import { FLAG, PRIORITY_BYTES } from './frames.ts'
import { BLOCK_SHARE, CONTINUATIONS, EMPTY_CONTINUATION_NOISE, MAX_31_BITS } from './limits.ts'

export class HeaderBlock {
  id = 0
  /** No more CONTINUATION is to come: bytes[from..to) is all. */
  complete = true
  bytes: Buffer = NONE
  from = 0
  to = 0
  /** The stream ends with this section. */
  endStream = false
  /** The priority it came with names its own stream: an error of RFC 7540 §5.3.1 that RFC 9113 has left to us. */
  dependsOnItself = false
  #continuations = 0
  readonly #most: number

  constructor(headBytes: number) { this.#most = headBytes * BLOCK_SHARE }

  /** HEADERS. */
  begin(frame: Frame) {
    const { bytes } = frame
    let { from, to } = frame
    if (frame.has(FLAG.PADDED)) {
      if (from === to) throw sizeFault('padded HEADERS without room for the padding')
      to -= bytes[from++]!
    }
    this.dependsOnItself = frame.has(FLAG.PRIORITY) && to - from >= PRIORITY_BYTES && dependency(bytes, from) === frame.id
    if (frame.has(FLAG.PRIORITY)) from += PRIORITY_BYTES
    if (from > frame.to) throw sizeFault('HEADERS without room for the priority')
    if (from > to) throw protocolFault('more padding than HEADERS')
    this.id = frame.id
    this.endStream = frame.has(FLAG.END_STREAM)
    this.complete = frame.has(FLAG.END_HEADERS)
    this.#continuations = 0
    this.#set(this.complete ? bytes : Buffer.from(bytes.subarray(from, to)), this.complete ? from : 0, to - from)
  }

  /** CONTINUATION, which each time costs a copy of what there is: at most CONTINUATIONS times. */
  add(frame: Frame, budgets: Budgets) {
    if (this.complete) throw protocolFault('CONTINUATION without HEADERS')
    if (++this.#continuations > CONTINUATIONS) throw flood('continuation_flood')
    if (frame.length === 0) budgets.noise('continuation_flood', EMPTY_CONTINUATION_NOISE)
    const size = this.to + frame.length
    if (size > this.#most) throw flood('header_flood')
    this.#set(Buffer.concat([this.bytes, frame.bytes.subarray(frame.from, frame.to)]), 0, size)
    this.complete = frame.has(FLAG.END_HEADERS)
  }

  #set(bytes: Buffer, from: number, size: number) {
    this.bytes = bytes
    this.from = from
    this.to = from + size
  }
  /** The section was read: its octets are not held. */
  clear() { this.bytes = NONE }
}

/** Without the bit that says `exclusive`. */
export const dependency = (bytes: Buffer, from: number): number => bytes.readUInt32BE(from) & MAX_31_BITS
const NONE: Buffer = Buffer.alloc(0)
