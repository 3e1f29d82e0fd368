// The receiving half of a connection: what each frame means (RFC 9113 §5.1, §6). A rule broken for the connection is thrown, one broken for a
// stream ends the stream. Does nothing by itself: reads what it is given.
import type { Span } from '../message.ts'
import { CODE, type Code, ConnectionFault, protocolFault, sizeFault } from './fault.ts'
import { Decoder } from './decoder.ts'
import type { FieldSection } from './field-section.ts'
import type { Frame, FrameSink } from './frame-reader.ts'
import { FLAG, PING_BYTES, PRIORITY_BYTES, TYPE } from './frames.ts'
import { dependency, HeaderBlock } from './header-block.ts'
import { MAX_31_BITS, OVERSIZED_NOISE } from './limits.ts'
import type { Session } from './session.ts'
import { readSettings } from './settings.ts'
import type { H2Stream } from './stream.ts'

export class Incoming<O> implements FrameSink {
  /** Frames that came but DATA, those of a section once, when it has ended. */
  completed = 0
  readonly #session: Session<O>
  /** A PING of ours has come back. */
  readonly #ponged: (payload: Buffer) => void
  readonly #decoder: Decoder
  readonly #block: HeaderBlock
  /** Of the DATA frame that is coming: the stream it belongs to, null if it is dropped, and whether the stream ends with it. */
  #data: H2Stream<O> | null = null
  #dataEnds = false

  constructor(session: Session<O>, ponged: (payload: Buffer) => void) {
    this.#session = session
    this.#decoder = new Decoder(session.heads)
    this.#block = new HeaderBlock(session.heads.headBytes)
    this.#ponged = ponged
  }

  get stopped() { return this.#session.dead }
  /** A field section has begun and not ended. */
  get inSection() { return !this.#block.complete }

  frame(frame: Frame) {
    this.#read(frame)
    if (this.#block.complete) this.completed++
  }
  #read(frame: Frame) {
    if (!this.#block.complete && (frame.type !== TYPE.CONTINUATION || frame.id !== this.#block.id)) throw protocolFault('a field section is interrupted')
    switch (frame.type) {
      case TYPE.HEADERS: return this.#headers(frame)
      case TYPE.PRIORITY: return this.#priority(frame)
      case TYPE.RST_STREAM: return this.#reset(frame)
      case TYPE.SETTINGS: return this.#settings(frame)
      case TYPE.PUSH_PROMISE: throw protocolFault('a push that nobody allowed')
      case TYPE.PING: return this.#ping(frame)
      case TYPE.GOAWAY: return this.#goaway(frame)
      case TYPE.WINDOW_UPDATE: return this.#windowUpdate(frame)
      case TYPE.CONTINUATION: return this.#continuation(frame)
      default: return this.#session.budgets.noise('unknown_frame_flood') // ignored (§4.1)
    }
  }

  // ---- DATA

  dataFrame(frame: Frame) {
    if (!this.#block.complete) throw protocolFault('a field section is interrupted')
    if (frame.id === 0) throw protocolFault('DATA without a stream')
    const { window, budgets } = this.#session
    if (!window.take(frame.length)) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, 'more DATA than the window of the connection')
    this.#dataEnds = frame.has(FLAG.END_STREAM)
    if (frame.length === 0 && !this.#dataEnds) budgets.noise('empty_data_flood')
    this.#data = this.#dataStream(frame)
    if (this.#data === null) this.#session.credit(frame.length)
    else this.#data.held += frame.length
  }

  /** null: the frame is dropped. */
  #dataStream(frame: Frame): H2Stream<O> | null {
    const stream = this.#session.streams.get(frame.id)
    if (stream === undefined) return this.#late(frame.id)
    if (stream.endReceived) return this.#broken(stream, CODE.STREAM_CLOSED, 'DATA behind the end of the stream')
    if (!stream.headReceived) return this.#broken(stream, CODE.PROTOCOL_ERROR, 'DATA before the head')
    if (!stream.receiveWindow.take(frame.length)) return this.#broken(stream, CODE.FLOW_CONTROL_ERROR, 'more DATA than the window of the stream')
    return stream
  }

  /** A frame of a stream that is not open: on its way when we reset it, or a fault of the peer. */
  #late(id: number): null {
    if (this.#session.streams.isIdle(id)) throw protocolFault('a frame of a stream that was never opened')
    if (!this.#session.streams.mayStraggle(id)) throw new ConnectionFault(CODE.STREAM_CLOSED, 'a frame of a stream that has ended')
    return null
  }

  padding(octets: number, body: number) {
    if (octets > body) this.#session.budgets.noise('padding_flood')
    if (this.#data !== null) this.consume(this.#data, octets)
  }

  data(span: Span) {
    const stream = this.#data
    if (stream === null || stream.closed) return
    span.last &&= this.#dataEnds
    stream.received += span.size
    if (!stream.fits(span.last)) return void this.#broken(stream, CODE.PROTOCOL_ERROR, 'the body has not the length that content-length says')
    stream.endReceived = span.last
    if (stream.owner === null) this.consume(stream, span.size)
    else if (span.size > 0 || span.last) this.#session.events.data(stream, span)
    this.#session.settle(stream)
  }

  /** Octets of a body were passed on, or dropped: the peer may send as many again. */
  consume(stream: H2Stream<O>, passed: number) {
    if (stream.closed) return // all that it held was given back then
    const octets = Math.min(passed, stream.held)
    stream.held -= octets
    this.#session.credit(octets)
    const announced = stream.endReceived ? 0 : this.#session.reopen(stream, octets)
    if (announced > 0) this.#session.sender.frames.windowUpdate(stream.id, announced)
  }

  // ---- field sections

  #headers(frame: Frame) {
    if (frame.id === 0) throw protocolFault('HEADERS without a stream')
    this.#block.begin(frame)
    if (this.#block.complete) this.#section()
  }
  #continuation(frame: Frame) {
    this.#block.add(frame, this.#session.budgets)
    if (this.#block.complete) this.#section()
  }

  #section() {
    const { bytes, from, to, id } = this.#block
    const { streams, role } = this.#session
    const stream = streams.get(id)
    const opens = role === 'server' && id % 2 === 1 && id > streams.lastPeerId
    if (stream === undefined && !opens) this.#late(id)
    const section = this.#decoder.decode(bytes, from, to)
    this.#block.clear()
    if (opens) this.#open(id, section)
    else if (stream !== undefined) this.#further(stream, section)
  }

  #open(id: number, section: FieldSection) {
    const session = this.#session
    const stream = session.streams.accept(id, session.peerWindow)
    section.judgeRequest()
    if (section.tooLarge) session.budgets.noise('header_flood', OVERSIZED_NOISE)
    if (id > session.lastTaken) { // on its way when we said GOAWAY: the client sends it elsewhere (§6.8)
      session.streams.remove(stream)
      return session.streams.expectStragglers(id)
    }
    if (session.streams.size > session.maxStreams) return this.#refuse(stream, CODE.REFUSED_STREAM, 'more streams than SETTINGS_MAX_CONCURRENT_STREAMS')
    const fault = this.#block.dependsOnItself ? 'a stream that depends on itself' : section.fault || lengthFault(section, this.#block.endStream)
    if (fault !== '') return this.#refuse(stream, CODE.PROTOCOL_ERROR, fault)
    stream.headReceived = true
    stream.bodyless = section.method === 'HEAD'
    stream.tunnel = section.method === 'CONNECT'
    stream.expected = stream.tunnel ? -1 : section.length
    this.#pass(stream, section)
  }

  #refuse(stream: H2Stream<O>, code: Code, message: string) {
    this.#session.breakStream(stream, code, message)
    this.#session.events.refused(code, message)
    this.#session.budgets.earlyEnd(code === CODE.REFUSED_STREAM ? 'stream_limit_flood' : 'malformed_flood')
  }

  #further(stream: H2Stream<O>, section: FieldSection) {
    if (this.#block.dependsOnItself) return void this.#broken(stream, CODE.PROTOCOL_ERROR, 'a stream that depends on itself')
    if (stream.endReceived) return void this.#broken(stream, CODE.STREAM_CLOSED, 'HEADERS behind the end of the stream')
    if (stream.headReceived) this.#trailers(stream, section)
    else this.#answer(stream, section)
  }

  #trailers(stream: H2Stream<O>, section: FieldSection) {
    section.judgeTrailers()
    const fault = !this.#block.endStream ? 'trailers that are not the end' : section.tooLarge ? 'trailers too large' : section.fault
    if (fault !== '') return void this.#broken(stream, CODE.PROTOCOL_ERROR, fault)
    if (!stream.fits(true)) return void this.#broken(stream, CODE.PROTOCOL_ERROR, 'the body has not the length that content-length says')
    stream.endReceived = true
    if (stream.owner !== null) this.#session.events.trailers(stream, section)
    this.#session.settle(stream)
  }

  /** Client: an answer, or what comes before it. */
  #answer(stream: H2Stream<O>, section: FieldSection) {
    section.judgeAnswer()
    const end = this.#block.endStream
    const interim = section.status < 200
    const fault = section.tooLarge ? 'an answer with more fields than SETTINGS_MAX_HEADER_LIST_SIZE' : section.fault || (interim && end ? 'a 1xx that ends the stream' : '')
    if (fault !== '') return void this.#broken(stream, CODE.PROTOCOL_ERROR, fault)
    if (interim) return this.#tell(stream, section, false)
    stream.expected = stream.bodyless || section.status === 204 || section.status === 304 ? 0 : stream.tunnel ? -1 : section.length
    if (end && !stream.fits(true)) return void this.#broken(stream, CODE.PROTOCOL_ERROR, 'no body where content-length says one')
    stream.headReceived = true
    this.#pass(stream, section)
  }

  #pass(stream: H2Stream<O>, section: FieldSection) {
    stream.endReceived = this.#block.endStream
    this.#tell(stream, section, stream.endReceived)
    this.#session.settle(stream)
  }
  /** A request has no owner yet, an answer may have none any more. */
  #tell(stream: H2Stream<O>, section: FieldSection, end: boolean) {
    if (this.#session.role === 'server' || stream.owner !== null) this.#session.events.head(stream, section, end)
  }

  // ---- the others

  #priority(frame: Frame) {
    if (frame.id === 0) throw protocolFault('PRIORITY without a stream')
    if (frame.length !== PRIORITY_BYTES) return this.#streamFault(frame.id, CODE.FRAME_SIZE_ERROR, 'PRIORITY that has not 5 octets')
    if (dependency(frame.bytes, frame.from) === frame.id) return this.#streamFault(frame.id, CODE.PROTOCOL_ERROR, 'a stream that depends on itself')
    this.#session.budgets.noise('priority_flood') // otherwise ignored (§5.3.2)
  }

  #reset(frame: Frame) {
    if (frame.length !== 4) throw sizeFault('RST_STREAM that has not 4 octets')
    const { streams, budgets, role } = this.#session
    if (frame.id === 0 || streams.isIdle(frame.id)) throw protocolFault('RST_STREAM of a stream that was never opened')
    const stream = streams.get(frame.id)
    if (stream === undefined) return budgets.noise('reset_flood')
    const code = codeOf(frame.bytes.readUInt32BE(frame.from))
    this.#session.end(stream, { code, remote: true, unprocessed: code === CODE.REFUSED_STREAM, message: 'the peer has reset the stream' })
    if (role === 'server') budgets.earlyEnd('rapid_reset') // a server resets what we asked for: that is no attack
  }

  #settings(frame: Frame) {
    if (frame.id !== 0) throw protocolFault('SETTINGS of a stream')
    if (frame.has(FLAG.ACK) && frame.length !== 0) throw sizeFault('an acknowledgement of SETTINGS with a payload')
    this.#session.budgets.noise('settings_flood', readSettings(frame, this.#session))
    if (frame.has(FLAG.ACK)) { this.#session.settled = true; return }
    this.#session.sender.frames.settingsAck() // windows may be larger now: what waits goes when this has gone
  }

  #ping(frame: Frame) {
    if (frame.length !== PING_BYTES) throw sizeFault('PING that has not 8 octets')
    if (frame.id !== 0) throw protocolFault('PING of a stream')
    this.#session.budgets.noise('ping_flood')
    if (frame.has(FLAG.ACK)) this.#ponged(frame.bytes.subarray(frame.from, frame.to))
    else this.#session.sender.frames.ping(frame.bytes, frame.from, FLAG.ACK)
  }

  #goaway(frame: Frame) {
    if (frame.length < 8) throw sizeFault('GOAWAY that has not 8 octets')
    if (frame.id !== 0) throw protocolFault('GOAWAY of a stream')
    const session = this.#session
    session.budgets.noise('goaway_flood')
    const lastId = frame.bytes.readUInt32BE(frame.from) & MAX_31_BITS
    const code = frame.bytes.readUInt32BE(frame.from + 4)
    if (session.role === 'client') this.#unprocessed(lastId)
    session.events.goaway(lastId, code, frame.bytes.toString('latin1', frame.from + 8, frame.to))
  }
  #unprocessed(lastId: number) {
    const session = this.#session
    session.leaving = true
    session.lastTaken = Math.min(session.lastTaken, lastId)
    for (const stream of [...session.streams.all()]) {
      if (stream.id > lastId) session.end(stream, { code: CODE.REFUSED_STREAM, remote: true, unprocessed: true, message: 'the peer goes away' })
    }
  }

  #windowUpdate(frame: Frame) {
    if (frame.length !== 4) throw sizeFault('WINDOW_UPDATE that has not 4 octets')
    const { streams, budgets, sender } = this.#session
    const octets = frame.bytes.readUInt32BE(frame.from) & MAX_31_BITS
    budgets.noise('window_update_flood')
    if (frame.id === 0) {
      if (octets === 0) throw protocolFault('WINDOW_UPDATE by nothing')
      if ((sender.window += octets) > MAX_31_BITS) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, 'the window of the connection exceeds 31 bits')
      return sender.pump()
    }
    const stream = streams.get(frame.id)
    if (stream === undefined) {
      if (streams.isIdle(frame.id)) throw protocolFault('WINDOW_UPDATE of a stream that was never opened')
      return
    }
    if (octets === 0) return void this.#broken(stream, CODE.PROTOCOL_ERROR, 'WINDOW_UPDATE by nothing')
    if ((stream.sendWindow += octets) > MAX_31_BITS) return void this.#broken(stream, CODE.FLOW_CONTROL_ERROR, 'the window of the stream exceeds 31 bits')
    sender.pump()
  }

  // ---- faults

  /** Returns null: nothing more comes of the frame. */
  #broken(stream: H2Stream<O>, code: Code, message: string): null {
    this.#session.breakStream(stream, code, message)
    if (this.#session.role === 'server') this.#session.budgets.earlyEnd('made_you_reset')
    return null
  }
  /** The same where the stream need not be open. */
  #streamFault(id: number, code: Code, message: string) {
    const stream = this.#session.streams.get(id)
    if (stream !== undefined) return void this.#broken(stream, code, message)
    this.#session.sender.frames.reset(id, code)
    this.#session.budgets.earlyEnd('made_you_reset')
  }
}

/** A request that ends with its head has no body (§8.1.1). */
const lengthFault = (section: FieldSection, end: boolean) => end && section.length > 0 && section.method !== 'CONNECT' ? 'no body where content-length says one' : ''
/** A code that nobody knows is as INTERNAL_ERROR (§7). */
const codeOf = (code: number): Code => Object.values(CODE).find((known) => known === code) ?? CODE.INTERNAL_ERROR
