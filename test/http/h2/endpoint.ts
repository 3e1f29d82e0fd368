// A connection of the codec with everything it told its owner written down, and everything it sent taken apart.
import { CODE, type ConnectionFault } from '../../../src/http/h2/fault.ts'
import { H2Connection } from '../../../src/http/h2/connection.ts'
import type { FieldSection } from '../../../src/http/h2/field-section.ts'
import { TYPE } from '../../../src/http/h2/frames.ts'
import { Decoder } from '../../../src/http/h2/decoder.ts'
import { OutputBuffers } from '../../../src/http/h2/output.ts'
import type { H2Events, Reset } from '../../../src/http/h2/session.ts'
import type { H2Stream } from '../../../src/http/h2/stream.ts'
import type { Role } from '../../../src/http/h2/streams.ts'
import { Span } from '../../../src/http/message.ts'
import { octets } from '../support.ts'
import { framesOf, hello, type Seen, settings, settingsAck, show } from './wire.ts'

/** What one owner was told, as text. */
export class Owner {
  readonly told: string[] = []
  readonly sections: FieldSection[] = []
  readonly body: Buffer[] = []
  trailers: FieldSection | null = null
  resetBy: Reset | null = null
  get text() { return Buffer.concat(this.body).toString('latin1') }
  get section(): FieldSection { return this.sections.at(-1) ?? fail('no head came') }
}
const fail = (message: string): never => { throw new Error(message) }

const textOf = (span: Span) => span.bytes.toString('latin1', span.from, span.to)

/** What happens besides writing down. */
export type Reactions = Partial<H2Events<Owner>>

export class Endpoint {
  readonly connection: H2Connection<Owner>
  /** Everything told, by any stream. */
  readonly told: string[] = []
  /** By stream id, also those that have ended. */
  readonly streams = new Map<number, H2Stream<Owner>>()
  readonly owners = new Map<number, Owner>()
  fault: ConnectionFault | null = null
  woken = 0
  /** Give octets back as they come. */
  consumes = true
  readonly #react: Reactions

  constructor(role: Role, react: Reactions = {}, buffers = new OutputBuffers()) {
    this.#react = react
    this.connection = new H2Connection<Owner>(role, this.#events(), { buffers })
    this.connection.start()
  }

  #events(): H2Events<Owner> {
    const note = (stream: H2Stream<Owner>, text: string): Owner => {
      const owner = this.owner(stream)
      owner.told.push(text)
      this.told.push(`${stream.id} ${text}${stream.owner === owner ? '' : ', after its owner let go'}`)
      return owner
    }
    return {
      head: (stream, section, end) => {
        stream.owner = this.owner(stream)
        note(stream, `head${section.tooLarge ? ' too large' : ''}${end ? ' end' : ''}`).sections.push(section)
        this.#react.head?.(stream, section, end)
      },
      data: (stream, span) => {
        note(stream, `data ${span.size}${span.last ? ' end' : ''}`).body.push(octets(textOf(span)))
        if (this.consumes) this.connection.consume(stream, span.size)
        this.#react.data?.(stream, span)
      },
      trailers: (stream, section) => {
        note(stream, 'trailers').trailers = section
        this.#react.trailers?.(stream, section)
      },
      reset: (stream, reset) => {
        note(stream, `reset ${reset.code}${reset.remote ? ' remote' : ''}${reset.unprocessed ? ' unprocessed' : ''}`).resetBy = reset
        this.#react.reset?.(stream, reset)
      },
      drained: (stream) => { note(stream, 'drained'); this.#react.drained?.(stream) },
      refused: (code) => this.told.push(`refused ${code}`),
      goaway: (lastId, code) => { this.told.push(`goaway ${lastId} ${code}`) },
      idle: () => { this.told.push('idle'); this.#react.idle?.() },
      pong: () => { this.told.push('pong') },
      wake: () => { this.woken++ },
      failed: (fault) => { this.fault = fault },
    }
  }

  /** The owner of a stream; the first to ask makes it. */
  owner(stream: H2Stream<Owner>): Owner {
    this.streams.set(stream.id, stream)
    const owner = this.owners.get(stream.id) ?? new Owner()
    this.owners.set(stream.id, owner)
    return owner
  }
  stream(id: number): H2Stream<Owner> { return this.streams.get(id) ?? fail(`no stream ${id}`) }
  of(id: number): Owner { return this.owners.get(id) ?? fail(`no stream ${id}`) }

  feed(...frames: Buffer[]): this {
    const bytes = Buffer.concat(frames)
    this.connection.receive(bytes)
    bytes.fill(0xff) // whoever still reads it shall see that
    return this
  }

  /** All octets that are there to send, as an owner with an idle socket takes them. */
  bytes(): Buffer {
    const all: Buffer[] = []
    for (let bytes = this.connection.take(); bytes !== null; bytes = this.connection.take()) {
      all.push(Buffer.from(bytes))
      bytes.fill(0xff) // whoever still reads the buffer after `sent` shall see it
      this.connection.sent(true)
    }
    return Buffer.concat(all)
  }
  frames(): Seen[] { return framesOf(this.bytes()) }
  /** The frames sent since the last look. */
  sent(): string[] { return this.frames().map(show) }

  respond(id: number, fields: readonly (readonly [string, string])[] = [], more: { end?: boolean; status?: number } = {}) {
    this.connection.respond(this.stream(id), { status: more.status ?? 200, fields }, more.end ?? true)
  }
  write(id: number, body: string | Buffer, last = false): boolean {
    const bytes = typeof body === 'string' ? octets(body) : Buffer.from(body)
    const span = new Span().set(bytes, 0, bytes.length)
    span.last = last
    const more = this.connection.data(this.stream(id), span)
    bytes.fill(0) // a span is its owner's again
    return more
  }
  request(method = 'GET', end = true): H2Stream<Owner> {
    const owner = new Owner()
    const stream = this.connection.request({ method, scheme: 'https', authority: 'example.com', path: '/', protocol: '', fields: [] }, owner, end)
    if (stream === null) throw new Error('no stream can be opened')
    this.streams.set(stream.id, stream)
    this.owners.set(stream.id, owner)
    return stream
  }
}

/** A server whose client has said hello; what was sent for that is taken away. */
export const server = (react: Reactions = {}, ...clientSettings: [number, number][]): Endpoint => {
  const endpoint = new Endpoint('server', react).feed(hello(...clientSettings), settingsAck)
  endpoint.bytes()
  return endpoint
}
export const client = (react: Reactions = {}, ...serverSettings: [number, number][]): Endpoint => {
  const endpoint = new Endpoint('client', react).feed(settings(...serverSettings), settingsAck)
  endpoint.bytes()
  return endpoint
}

export const pairsOf = (section: FieldSection): [string, string][] => section.fields.map(({ name, value }): [string, string] => [name.text, value])

/** The sections in frames, in order, as one decoder reads them. */
export const sectionsOf = (frames: readonly Seen[], decoder = new Decoder()): FieldSection[] =>
  frames.filter(({ type }) => type === TYPE.HEADERS).map(({ payload }) => decoder.decode(payload, 0, payload.length))

export { CODE }
