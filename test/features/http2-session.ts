// Another people's HTTP/2 client for feature tests: node:http2 of Bun. What it can't do (break rules, stall one stream) is in http2-client.ts.
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { certificate } from '../support/certificate.ts'
import { tlsSecret } from '../support/manifests.ts'
import type { Program } from '../support/program.ts'

/** How the same tests run over TLS by ALPN, and in clear by prior knowledge. */
export const TRANSPORTS = ['TLS', 'clear'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** For `start`: with it and the Secret, TLS has a certificate for app.example. */
export const WITH_PAIR = '--default-ssl-certificate=default/pair'
export const pair = async (): Promise<object> => tlsSecret({ name: 'pair' }, await certificate({ names: ['app.example'] }))

export type Answered = {
  readonly status: number
  readonly fields: IncomingHttpHeaders
  readonly body: string
  readonly trailers: IncomingHttpHeaders
  /** The 1xx before it. */
  readonly informed: readonly IncomingHttpHeaders[]
}
export type Session = { ask(head: OutgoingHttpHeaders, body?: string | Buffer, trailers?: OutgoingHttpHeaders): Promise<Answered>; close(): void }

/** Resolves when the proxy's SETTINGS have come; rejects with the connection's error. */
export async function session(program: Pick<Program, 'http' | 'https'>, transport: Transport): Promise<Session> {
  const tls = transport === 'TLS'
  const opened = connect(`${tls ? 'https' : 'http'}://127.0.0.1:${tls ? program.https : program.http}`, { servername: 'app.example', rejectUnauthorized: false })
  await new Promise<void>((resolve, reject) => { opened.once('remoteSettings', () => resolve()).once('error', reject) })
  return { ask: (...asked) => ask(opened, asked), close: () => opened.destroy() }
}

function ask(session: ClientHttp2Session, [head, body, trailers]: Parameters<Session['ask']>): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const stream = session.request({ ':authority': 'app.example', ...head }, { endStream: body === undefined, waitForTrailers: trailers !== undefined })
  const informed: IncomingHttpHeaders[] = []
  const chunks: Buffer[] = []
  let fields: IncomingHttpHeaders = {}
  let trailing: IncomingHttpHeaders = {}
  stream.on('headers', (interim) => informed.push(interim))
  stream.on('response', (answer) => { fields = answer })
  stream.on('trailers', (received) => { trailing = received })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.on('error', reject)
  // A reset with CANCEL, and a connection that ends, come as 'end' without an error (bun.md §3.3).
  stream.on('end', () => {
    if (stream.rstCode === 8 || fields[':status'] === undefined) reject(new Error(`no whole answer, code ${stream.rstCode}`))
    else resolve({ status: Number(fields[':status']), fields, body: Buffer.concat(chunks).toString('latin1'), trailers: trailing, informed })
  })
  if (body !== undefined) stream.end(body)
  return promise
}
