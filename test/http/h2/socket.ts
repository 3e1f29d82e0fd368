// A bare HTTP/2 server on the codec, over node's sockets, in clear or TLS: what it answers is its script. For other people's clients, and for h2spec.
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { FieldSection } from '../../../src/http/h2/field-section.ts'
import { H2Connection } from '../../../src/http/h2/connection.ts'
import { OutputBuffers } from '../../../src/http/h2/output.ts'
import type { H2Events } from '../../../src/http/h2/session.ts'
import type { H2Stream } from '../../../src/http/h2/stream.ts'
import { Span } from '../../../src/http/message.ts'
import { listen } from '../support.ts'

/** A request, its body as it comes, and its answer. */
export class Served {
  readonly section: FieldSection
  readonly body: Buffer[] = []
  trailers: FieldSection | null = null
  /** The client's code, -1 as long as it has not reset the stream. */
  resetBy = -1
  readonly #connection: H2Connection<Served>
  readonly #stream: H2Stream<Served>
  #toSend: Buffer = EMPTY
  #trailersToSend: [string, string][] | null = null

  constructor(connection: H2Connection<Served>, stream: H2Stream<Served>, section: FieldSection) {
    this.#connection = connection
    this.#stream = stream
    this.section = section
  }

  receive(span: Span) {
    this.body.push(Buffer.from(span.bytes.subarray(span.from, span.to)))
    this.#connection.consume(this.#stream, span.size)
  }
  inform(status: number, fields: [string, string][]) { this.#connection.inform(this.#stream, { status, fields }) }
  reset(code: 2 | 8) { this.#connection.reset(this.#stream, code) }

  answer(status: number, fields: [string, string][], more: { body?: Buffer; trailers?: [string, string][] } = {}) {
    this.#toSend = more.body ?? EMPTY
    this.#trailersToSend = more.trailers ?? null
    const end = this.#toSend.length === 0 && this.#trailersToSend === null
    this.#connection.respond(this.#stream, { status, fields }, end)
    if (!end) this.go()
  }
  /** Sends the body piece by piece as far as the connection wants it. */
  go() {
    for (let more = true; more && this.#toSend.length > 0;) {
      const span = new Span().set(this.#toSend, 0, Math.min(PIECE_BYTES, this.#toSend.length))
      this.#toSend = this.#toSend.subarray(span.to)
      span.last = this.#toSend.length === 0 && this.#trailersToSend === null
      more = this.#connection.data(this.#stream, span)
    }
    if (this.#toSend.length === 0 && this.#trailersToSend !== null) this.#connection.trailers(this.#stream, this.#trailersToSend)
  }
}
const PIECE_BYTES = 100_000
const EMPTY: Buffer = Buffer.alloc(0)

export type Script = {
  /** The head is here. */
  begin?(served: Served): void
  /** All of the request is here. */
  complete?(served: Served): void
  reset?(served: Served): void
}

const serve = (socket: Socket, buffers: OutputBuffers, script: Script) => {
  let due = false
  let failed = false
  const flush = () => {
    due = false
    for (let bytes = connection.take(); bytes !== null; bytes = connection.take()) {
      socket.write(Buffer.from(bytes), written)
      connection.sent(socket.writableLength === 0)
    }
    if (failed) socket.end()
  }
  /** 'drain' stays away below the stream's mark, and over TLS octets wait even on an idle socket. */
  const written = () => {
    if (socket.writableLength > 0) return
    connection.sent(true)
    schedule()
  }
  const schedule = () => {
    if (!due) setImmediate(flush)
    due = true
  }
  const events: H2Events<Served> = {
    head: (stream, section, end) => {
      const served = stream.owner = new Served(connection, stream, section)
      script.begin?.(served)
      if (end) script.complete?.(served)
    },
    data: (stream, span) => {
      stream.owner?.receive(span)
      if (span.last && stream.owner !== null) script.complete?.(stream.owner)
    },
    trailers: ({ owner }, section) => {
      if (owner === null) return
      owner.trailers = section
      script.complete?.(owner)
    },
    reset: ({ owner }, { code }) => {
      if (owner === null) return
      owner.resetBy = code
      script.reset?.(owner)
    },
    drained: (stream) => stream.owner?.go(),
    refused: () => {}, goaway: () => {}, idle: () => {}, pong: () => {},
    wake: schedule,
    failed: () => { failed = true; schedule() },
  }
  const connection = new H2Connection<Served>('server', events, { buffers })
  connection.start()
  socket.on('data', (bytes: Buffer) => connection.receive(bytes))
  socket.on('end', () => { if (!socket.destroyed) socket.end() })
  socket.on('close', () => connection.lost())
  socket.on('error', () => {})
}

/** Listens on a port of its own; over TLS with these PEM, else in clear. */
export const startServer = async (script: Script, tls?: { cert: string; key: string }): Promise<{ port: number; close(): void }> => {
  const buffers = new OutputBuffers()
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, buffers, script)
  }
  const server = tls === undefined ? createServer({ allowHalfOpen: true }, accept) : createTlsServer({ ...tls, ALPNProtocols: ['h2'] }, accept)
  const port = await listen(server)
  return { port, close: () => { server.close(); for (const socket of sockets) socket.destroy() } }
}
