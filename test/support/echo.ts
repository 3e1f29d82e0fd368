// An origin that reads strictly, keeps every octet it got and answers with what it read. Scriptable, so that a test can make it
// slow, wrong or dead. Knows nothing of the proxy.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { certificate } from './certificate.ts'
import { members, parseRequest, type FieldLine, type RequestMessage } from './http1.ts'
import { changes, type Changes } from './until.ts'

/** Longer bodies are reported by their length alone. */
const BODY_SHOWN_BYTES = 65_536
/** Marks an answer as the origin's: the proxy's own answers do not have it. */
export const SERVED_BY = 'x-served-by'

export type UpstreamTls = { readonly sni: string | null; readonly clientCertificate: boolean }
export type ReceivedRequest = RequestMessage & { readonly connection: EchoConnection }
export type EchoConnection = {
  readonly tls: UpstreamTls | null
  /** Every octet received, in order. */
  readonly chunks: Buffer[]
  readonly requests: ReceivedRequest[]
  /** Octets that are not part of a complete request (yet). */
  pending: Buffer
  /** Why the octets were refused; '' while they are fine. */
  invalid: string
  closed: boolean
}

/**
 * `raw` goes out as it stands (latin1). `tunnel` takes the socket over after it and ends its side itself.
 * 'reset' destroys the connection without an answer.
 */
export type Answer =
  | { readonly status?: number; readonly fields?: readonly FieldLine[]; readonly body?: string }
  | { readonly raw: string; readonly close?: boolean; readonly tunnel?: (socket: Socket) => void }
  | 'reset'
/** undefined: the echo. A promise delays the answer. */
export type Respond = (request: ReceivedRequest) => Answer | undefined | Promise<Answer | undefined>

export type EchoOptions = {
  readonly name?: string
  readonly respond?: Respond
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string; readonly requestCert?: boolean; readonly minVersion?: 'TLSv1.3'; readonly maxVersion?: 'TLSv1.2' }
}
export type Echo = {
  readonly name: string
  readonly port: number
  readonly connections: readonly EchoConnection[]
  /** Complete requests in order of arrival, over all connections. */
  readonly requests: readonly ReceivedRequest[]
  when: Changes['when']
  /** Ends the listener and all connections. */
  close(): Promise<void>
}

type State = {
  readonly name: string
  readonly respond: Respond
  readonly connections: EchoConnection[]
  readonly requests: ReceivedRequest[]
  readonly notify: () => void
}

export async function echoUpstream({ name = 'echo', respond = () => undefined, tls }: EchoOptions = {}): Promise<Echo> {
  const { notify, when } = changes()
  const state: State = { name, respond, connections: [], requests: [], notify }
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, state)
  }
  // Half-open, so that a tunnel can end each direction by itself; everything else ends with its client.
  const server: Server = tls
    ? createTlsServer({ ...tls, rejectUnauthorized: false }, accept)
    : createServer({ allowHalfOpen: true }, accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { name, port: portOf(server), connections: state.connections, requests: state.requests, when, close }
}

/** The same origin behind TLS; its certificate is self-signed for `names`. */
export async function tlsUpstream({
  names = ['upstream.test'],
  requestCert = false,
  ...options
}: Omit<EchoOptions, 'tls'> & { names?: readonly string[]; requestCert?: boolean } = {}): Promise<Echo> {
  return echoUpstream({ ...options, tls: { ...await certificate({ names }), requestCert } })
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  return address.port
}

function serve(socket: Socket, state: State): void {
  const connection: EchoConnection = { tls: tlsOf(socket), chunks: [], requests: [], pending: Buffer.alloc(0), invalid: '', closed: false }
  state.connections.push(connection)
  const fresh: Buffer[] = []
  let need = 0
  let answering = Promise.resolve()

  socket.on('data', (chunk: Buffer) => {
    connection.chunks.push(chunk)
    fresh.push(chunk)
    need -= chunk.length
    if (need <= 0) take()
    state.notify()
  })
  socket.on('end', () => socket.end())
  socket.on('close', () => {
    connection.closed = true
    state.notify()
  })
  socket.on('error', () => socket.destroy())

  const take = () => {
    connection.pending = Buffer.concat([connection.pending, ...fresh.splice(0)])
    while (connection.pending.length > 0 && connection.invalid === '') {
      const parsed = parseRequest(connection.pending)
      if (parsed.state === 'partial') {
        need = parsed.need - connection.pending.length
        if (parsed.expectsContinue) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
        return
      }
      if (parsed.state === 'invalid') {
        connection.invalid = parsed.reason
        socket.end(`HTTP/1.1 400 Bad Request\r\n${SERVED_BY}: ${state.name}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
        return
      }
      connection.pending = connection.pending.subarray(parsed.length)
      const request = { ...parsed.request, connection }
      connection.requests.push(request)
      state.requests.push(request)
      answering = answering.then(() => answer(socket, request, state))
    }
  }
}

async function answer(socket: Socket, request: ReceivedRequest, { name, respond }: State): Promise<void> {
  const given = (await respond(request)) ?? { body: JSON.stringify(describe(request, name)) }
  if (socket.destroyed) return
  if (given === 'reset') {
    socket.resetAndDestroy()
    return
  }
  const close = 'raw' in given ? given.close === true : !keepsAlive(request)
  socket.write('raw' in given ? Buffer.from(given.raw, 'latin1') : format(given, request, { name, close }))
  if (close) socket.end()
  if ('raw' in given && given.tunnel) {
    socket.removeAllListeners('data').removeAllListeners('end')
    given.tunnel(socket)
  }
}

function format(
  given: { status?: number; fields?: readonly FieldLine[]; body?: string },
  { method }: RequestMessage,
  { name, close }: { name: string; close: boolean },
): Buffer {
  const { status = 200, fields = [], body = '' } = given
  const framing: FieldLine[] = status === 204 || status === 304 ? [] : [['content-length', String(Buffer.byteLength(body, 'latin1'))]]
  const type: FieldLine[] = fields.some(([field]) => field.toLowerCase() === 'content-type') ? [] : [['content-type', 'application/json']]
  const all: FieldLine[] = [[SERVED_BY, name], ...type, ...fields, ...framing, ...(close ? ([['connection', 'close']] as const) : [])]
  const head = `HTTP/1.1 ${status} Echo\r\n${all.map(([field, value]) => `${field}: ${value}\r\n`).join('')}\r\n`
  return Buffer.from(method === 'HEAD' ? head : head + body, 'latin1')
}

function describe({ method, target, version, fields, body, trailers, connection }: ReceivedRequest, name: string) {
  const shown = body.length <= BODY_SHOWN_BYTES ? body : ''
  return {
    served_by: name,
    method,
    path: target,
    proto: version,
    headers: fields,
    body: shown,
    body_bytes: body.length,
    trailers,
    tls: connection.tls,
  }
}

function keepsAlive({ version, fields }: RequestMessage): boolean {
  const options = members(fields, 'connection')
  return version === 'HTTP/1.0' ? options.includes('keep-alive') : !options.includes('close')
}

function tlsOf(socket: Socket): UpstreamTls | null {
  if (!(socket instanceof TLSSocket)) return null
  const sni = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : null
  return { sni, clientCertificate: Object.keys(socket.getPeerCertificate() ?? {}).length > 0 }
}
