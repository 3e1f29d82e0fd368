// A server and an upstream connection of src/http between loopback sockets, with everything they said written down, and time that
// only moves when a test says so. Knows no routes: what is answered is the test's script.
import { afterEach } from 'bun:test'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { ClientConnection, type ClientOwner } from '../../src/http/client.ts'
import { Clock } from '../../src/http/clock.ts'
import { answerNames, FieldBlock, requestNames } from '../../src/http/fields.ts'
import { AnswerHead } from '../../src/http/h1/answer.ts'
import { RequestHead } from '../../src/http/h1/request.ts'
import { Scratch } from '../../src/http/scratch.ts'
import { type ReceivedFields, Span, type UpstreamRequest } from '../../src/http/message.ts'
import { changes, type Changes } from '../support/until.ts'

export const TICK_MS = 100
export const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
/** Both transports of Wire: the bypass and the public stream API. */
export const TRANSPORTS = [['native', true], ['stream', false]] as const

/** One character is one octet. */
export const octets = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Registers the end of resources with the test that makes them. Call once at the top of a test file. */
export const keeping = () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => { for (const end of ends.splice(0).reverse()) await end() })
  return <T extends { close(): unknown }>(resource: T): T => { ends.push(() => resource.close()); return resource }
}

/** A clock that stands still: `elapse` moves it. */
export const stillClock = (): Clock => {
  const clock = new Clock()
  clock.close()
  return clock
}
export const elapse = (clock: Clock, ms: number) => { for (let passed = 0; passed < ms; passed += TICK_MS) clock.advance() }

const scanned = <T extends RequestHead | AnswerHead>(head: T, scan: (bytes: Buffer) => number, text: string): T => {
  const bytes = octets(text)
  if (scan(bytes) !== bytes.length) throw new Error(`not one head: ${JSON.stringify(text)}: ${head.fault}`)
  return head
}
export const answerHead = (text: string): AnswerHead => {
  const head = new AnswerHead()
  return scanned(head, (bytes) => head.scan(bytes, 0, bytes.length, answerNames()), text)
}
export const requestHead = (text: string): RequestHead => {
  const head = new RequestHead()
  return scanned(head, (bytes) => head.scan(bytes, 0, bytes.length, requestNames()), text)
}
export const spanOf = (text: string, last = true): Span => {
  const bytes = octets(text)
  const span = new Span().set(bytes, 0, bytes.length)
  span.last = last
  return span
}
export const textOf = (span: Span): string => span.bytes.toString('latin1', span.from, span.to)
/** The fields that would be forwarded. */
export const fieldsOf = (head: Pick<ReceivedFields, 'each'>): [string, string][] => {
  const fields: [string, string][] = []
  head.each((name, value) => fields.push([name, value]))
  return fields
}

/** What a proxy would send for a request head: Host and X-Added added. */
export const upstreamRequest = (text: string, more: Partial<UpstreamRequest> = {}): UpstreamRequest => {
  const head = requestHead(text)
  return {
    head, target: head.target, lines: octets(`Host: ${head.host}\r\n`), extra: new FieldBlock([['X-Added', '1']]),
    length: head.length, sized: head.sized, first: spanOf('', head.length === 0), answerNames: answerNames(), ...more,
  }
}

/** The other end of a connection: shows every octet it got. */
export class Peer {
  readonly socket: Socket
  readonly when: Changes['when']
  readonly #notify: Changes['notify']
  #chunks: Buffer[] = []
  size = 0
  /** FIN came. */
  ended = false
  closed = false
  /** The other side reset the connection. */
  wasReset = false

  constructor(socket: Socket) {
    this.socket = socket
    const { notify, when } = changes()
    this.#notify = notify
    this.when = when
    socket.on('data', (bytes: Buffer) => this.#note(() => { this.#chunks.push(bytes); this.size += bytes.length }))
    socket.on('end', () => this.#note(() => { this.ended = !socket.destroyed }))
    socket.on('close', () => this.#note(() => { this.closed = true }))
    socket.on('error', () => this.#note(() => { this.wasReset = true }))
  }
  #note(change: () => void) { change(); this.#notify() }

  get bytes(): Buffer { return Buffer.concat(this.#chunks) }
  get text(): string { return this.bytes.toString('latin1') }
  send(data: string | Buffer) { this.socket.write(typeof data === 'string' ? octets(data) : data) }
  /** FIN; still reading. */
  end() { this.socket.end() }
  reset() { this.socket.resetAndDestroy() }
  close() { this.socket.destroy() }
  /** Everything until the other side's FIN or reset. */
  async all(): Promise<string> {
    await this.when(() => this.ended || this.closed)
    return this.text
  }
  async has(end: string): Promise<string> {
    if (!await this.when(() => this.text.endsWith(end))) throw new Error(`no ${JSON.stringify(end)} at the end of ${JSON.stringify(this.text.slice(-500))}`)
    return this.text
  }
}

export const dial = async (port: number): Promise<Peer> => {
  const peer = new Peer(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  await new Promise<void>((resolve, reject) => { peer.socket.once('connect', resolve); peer.socket.once('error', reject) })
  return peer
}

export const listen = (server: Server): Promise<number> => new Promise((resolve, reject) => {
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => { const address: AddressInfo | string | null = server.address(); resolve(typeof address === 'object' ? address?.port ?? 0 : 0) })
})

/** A port whose connections the test speaks for. */
export class RawUpstream {
  readonly peers: Peer[] = []
  readonly #server: Server
  readonly #changes = changes()
  port = 0

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => { this.peers.push(new Peer(socket)); this.#changes.notify() })
  }
  static async start(): Promise<RawUpstream> {
    const upstream = new RawUpstream()
    upstream.port = await listen(upstream.#server)
    return upstream
  }
  /** The n-th connection, once it is there. */
  async peer(index = 0): Promise<Peer> {
    await this.#changes.when(() => this.peers.length > index)
    return this.peers[index] ?? fail(`connection ${index} did not come`)
  }
  close() {
    this.#server.close()
    for (const peer of this.peers) peer.close()
  }
}
const fail = (message: string): never => { throw new Error(message) }

export type Owned = ClientOwner & { idles: number; gones: number }
const owner = (): Owned => ({ idles: 0, gones: 0, stood() { /* tests look at idles */ }, idle() { this.idles++ }, gone() { this.gones++ } })

/** Tells when octets were read, so that a test can cut an answer exactly. */
class ObservedUpstream extends ClientConnection {
  read = 0
  readonly #changes = changes()
  readonly when = this.#changes.when
  protected override received(bytes: Buffer) {
    super.received(bytes)
    this.read += bytes.length
    this.#changes.notify()
  }
  protected override shut() {
    super.shut()
    this.#changes.notify()
  }
}

/** A connection to `port`, its owner's tally, and a clock that stands still. */
export const upstreamConnection = (port: number, native: boolean) => {
  const clock = stillClock()
  const owned = owner()
  const connection = new ObservedUpstream({ address: '127.0.0.1', port, tls: null, protocol: 'h1' }, owned, { clock, native, scratch: new Scratch() })
  return { connection, owned, clock, close: () => connection.cancel() }
}
