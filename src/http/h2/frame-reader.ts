// Cuts what comes into frames, however it arrives (RFC 9113 §4.1). DATA is passed on as it comes, all others once they are complete.
// Knows the preface and the sizes, not what frames mean.
import { Span } from '../message.ts'
import { protocolFault, sizeFault } from './fault.ts'
import { FLAG, FRAME_HEAD_BYTES, PREFACE, TYPE } from './frames.ts'
import { FRAME_BYTES, MAX_31_BITS } from './limits.ts'

/** A frame and its payload, bytes[from..to). Valid during the call it is passed to. */
export class Frame {
  type = 0
  flags = 0
  id = 0
  length = 0
  bytes: Buffer = NONE
  from = 0
  to = 0
  has(flag: number): boolean { return (this.flags & flag) !== 0 }
}

/** Each may throw a ConnectionFault. */
export interface FrameSink {
  /** What else comes is not read. */
  readonly stopped: boolean
  /** Any frame but DATA. */
  frame(frame: Frame): void
  /** The head of a DATA frame; its octets follow. */
  dataFrame(frame: Frame): void
  /** Octets of it that carry no body, its length octet included, beside so many that do. */
  padding(octets: number, body: number): void
  /** span.last: the frame ends with these octets. */
  data(span: Span): void
}

export class FrameReader {
  readonly #sink: FrameSink
  readonly #frame = new Frame()
  readonly #span = new Span()
  readonly #head = new Part()
  /** The payload of a frame that came in pieces. */
  #payload: Part | null = null
  #prefaceLeft: number
  #first = true
  /** Of the DATA frame that is coming. */
  #inData = false
  #dataLeft = 0
  #padding = 0
  #paddingUnread = false

  constructor(sink: FrameSink, expectsPreface: boolean) {
    this.#sink = sink
    this.#prefaceLeft = expectsPreface ? PREFACE.length : 0
    this.#head.begin(FRAME_HEAD_BYTES)
  }

  /** What has begun is not complete: the preface with the SETTINGS that belong to it, or a frame. Of DATA its head alone: the rest is its stream's matter. */
  get partial() { return this.#first || this.#head.size > 0 || this.#payload !== null }

  read(bytes: Buffer) {
    let at = this.#prefaceLeft > 0 ? this.#readPreface(bytes) : 0
    while (at < bytes.length && !this.#sink.stopped) at = this.#inData ? this.#readData(bytes, at) : this.#readFrame(bytes, at)
  }

  #readPreface(bytes: Buffer): number {
    let at = 0
    for (; at < bytes.length && this.#prefaceLeft > 0; at++, this.#prefaceLeft--) {
      if (bytes[at] !== PREFACE[PREFACE.length - this.#prefaceLeft]) throw protocolFault('not the preface of HTTP/2')
    }
    return at
  }

  #readFrame(bytes: Buffer, at: number): number {
    if (this.#payload !== null) return this.#readPayload(this.#payload, bytes, at)
    if (this.#head.size === 0 && bytes.length - at >= FRAME_HEAD_BYTES) {
      this.#parseHead(bytes, at)
      return this.#begin(bytes, at + FRAME_HEAD_BYTES)
    }
    const next = this.#head.fill(bytes, at)
    if (this.#head.missing > 0) return next
    this.#parseHead(this.#head.bytes, 0)
    this.#head.begin(FRAME_HEAD_BYTES)
    return this.#begin(bytes, next)
  }

  #parseHead(bytes: Buffer, at: number) {
    const frame = this.#frame
    frame.length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    frame.type = bytes[at + 3]!
    frame.flags = bytes[at + 4]!
    frame.id = bytes.readUInt32BE(at + 5) & MAX_31_BITS
    if (frame.length > FRAME_BYTES) throw sizeFault('a frame larger than SETTINGS_MAX_FRAME_SIZE')
    if (this.#first && (frame.type !== TYPE.SETTINGS || frame.has(FLAG.ACK))) throw protocolFault('the first frame is not SETTINGS')
    this.#first = false
  }

  #begin(bytes: Buffer, at: number): number {
    const { length, type } = this.#frame
    if (type === TYPE.DATA) return this.#beginData(at)
    if (bytes.length - at >= length) {
      this.#deliver(bytes, at)
      return at + length
    }
    this.#payload = new Part()
    this.#payload.begin(length)
    return this.#payload.fill(bytes, at)
  }

  #readPayload(payload: Part, bytes: Buffer, at: number): number {
    const next = payload.fill(bytes, at)
    if (payload.missing > 0) return next
    this.#payload = null
    this.#deliver(payload.bytes, 0)
    return next
  }

  #deliver(bytes: Buffer, from: number) {
    const frame = this.#frame
    frame.bytes = bytes
    frame.from = from
    frame.to = from + frame.length
    this.#sink.frame(frame)
    frame.bytes = NONE
  }

  #beginData(at: number): number {
    const frame = this.#frame
    this.#paddingUnread = frame.has(FLAG.PADDED)
    if (this.#paddingUnread && frame.length === 0) throw sizeFault('padded DATA without room for the padding')
    this.#padding = 0
    this.#dataLeft = frame.length
    this.#inData = frame.length > 0
    this.#sink.dataFrame(frame)
    if (!this.#inData) this.#pass(NONE, 0, 0)
    return at
  }

  #readData(bytes: Buffer, at: number): number {
    const from = this.#paddingUnread ? this.#readPadding(bytes[at]!, at) : at
    const size = Math.min(this.#dataLeft, bytes.length - from)
    const body = Math.max(0, Math.min(size, this.#dataLeft - this.#padding))
    this.#dataLeft -= size
    this.#inData = this.#dataLeft > 0
    if (body > 0 || !this.#inData) this.#pass(bytes, from, from + body)
    return from + size
  }

  #readPadding(padding: number, at: number): number {
    this.#paddingUnread = false
    this.#dataLeft--
    if (padding > this.#dataLeft) throw protocolFault('more padding than DATA')
    this.#padding = padding
    this.#sink.padding(1 + padding, this.#dataLeft - padding)
    return at + 1
  }

  #pass(bytes: Buffer, from: number, to: number) {
    this.#span.set(bytes, from, to).last = !this.#inData
    this.#sink.data(this.#span)
  }
}

/** Octets of something whose length is known, as they come. Grows with them: a head alone must not cost the memory of a frame. */
class Part {
  bytes: Buffer = NONE
  size = 0
  #length = 0

  begin(length: number) {
    this.size = 0
    this.#length = length
  }
  get missing() { return this.#length - this.size }

  /** Takes what belongs to it from bytes[at..]; returns the index behind. */
  fill(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + this.missing)
    const size = this.size + to - at
    if (size > this.bytes.length) this.#grow(size)
    bytes.copy(this.bytes, this.size, at, to)
    this.size = size
    return to
  }
  #grow(size: number) {
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(2 * size, LEAST_PART_BYTES)))
    this.bytes.copy(grown, 0, 0, this.size)
    this.bytes = grown
  }
}
const LEAST_PART_BYTES = 512
const NONE: Buffer = Buffer.alloc(0)
