// Sends a step's request and collects what client and origins saw. Judges nothing.
import { TLSSocket, type DetailedPeerCertificate } from 'node:tls'
import type { Echo, ReceivedRequest } from '../../support/echo.ts'
import { values, type FieldLine, type ResponseMessage } from '../../support/http1.ts'
import type { Program } from '../../support/program.ts'
import { rawClient, type RawClient, type TlsOptions } from '../../support/raw-client.ts'
import type { TestCertificate } from '../../support/certificate.ts'
import { within } from '../../support/until.ts'
import type { Request } from './case.ts'
import { textFrame } from './websocket.ts'

/** Above the slowest answer the format asks for (/sleep/30). */
const ANSWER_MS = 40_000
/** The longest exit the format allows. */
const EXIT_MS = 60_000
const WEBSOCKET_TEXT = 'lintel'
const HANDSHAKE: readonly FieldLine[] = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', btoa('sixteen octets..')],
]

export type PeerTls = {
  readonly version: string
  readonly cipher: string
  readonly certificate: DetailedPeerCertificate
  readonly chainLength: number
}
export type Reached = { readonly service: string; readonly replica: number; readonly request: ReceivedRequest }
export type Seen = {
  /** The answer to each request; undefined: none came. Interim ones are left out. */
  readonly responses: readonly (ResponseMessage | undefined)[]
  /** Requests at the origins since the step began. */
  readonly reached: readonly Reached[]
  readonly tls: PeerTls | null
  readonly durationMs: number
  readonly websocketEchoed: boolean
  /** After SIGTERM: how long it took to exit, and how. code undefined: it did not; null: by a signal. */
  readonly exit: { readonly code: number | null | undefined; readonly ms: number } | null
}

export type Environment = {
  readonly program: Program
  readonly services: ReadonlyMap<string, readonly Echo[]>
  readonly clientCertificates: Readonly<Record<'valid' | 'wrong-ca', TestCertificate>>
  /** name → value, kept from one step to the next. */
  readonly cookies: Map<string, string>
}

export async function perform(request: Request, environment: Environment): Promise<Seen> {
  const { program, services, cookies } = environment
  const before = new Map([...services.values()].flat().map((echo) => [echo, echo.requests.length]))
  const begun = performance.now()
  if (request.process) {
    program.signal(request.process)
    return { ...nothing, exit: { code: await within(program.exited, EXIT_MS), ms: performance.now() - begun } }
  }
  const sent =
    request.concurrency === undefined ? await inTurn(request, environment) : await atOnce(request, request.concurrency, environment)
  if (request.save_cookie) cookies.set(request.save_cookie, cookieIn(sent.responses[0], request.save_cookie))
  const reached = [...services].flatMap(([service, echoes]) =>
    echoes.flatMap((echo, replica) => echo.requests.slice(before.get(echo)).map((received) => ({ service, replica, request: received }))),
  )
  return { ...nothing, ...sent, reached, durationMs: performance.now() - begun }
}

const nothing: Seen = { responses: [], reached: [], tls: null, durationMs: 0, websocketEchoed: false, exit: null }
type Sent = Pick<Seen, 'responses'> & Partial<Seen>

/** One connection for all of a step's requests, or as many as the other side makes necessary. */
async function inTurn(request: Request, environment: Environment): Promise<Sent> {
  const responses: (ResponseMessage | undefined)[] = []
  let client = await connect(request, environment)
  const tls = peerTls(client)
  for (let count = 0; count < request.repeat; count++) {
    if (count > 0 && (await client.closed(0))) client = await connect(request, environment)
    client.send(encode(request, environment.cookies), [request.method])
    if (request.then) await signalInFlight(environment)
    responses.push(await client.response(ANSWER_MS))
  }
  const websocketEchoed = request.websocket && responses[0]?.status === 101 && (await echoes(client))
  client.destroy()
  return { responses, tls, websocketEchoed }
}

async function atOnce(request: Request, concurrency: number, environment: Environment): Promise<Sent> {
  const once = { ...request, repeat: 1 }
  const sent = await Promise.all(Array.from({ length: concurrency }, () => inTurn(once, environment)))
  return { responses: sent.flatMap(({ responses }) => responses) }
}

async function connect(
  { scheme, host, sni = host, client_cert: certificate, preamble }: Request,
  { program, clientCertificates }: Environment,
): Promise<RawClient> {
  const pair = certificate ? clientCertificates[certificate] : undefined
  const tls: TlsOptions = { ...(sni !== undefined && { servername: sni }), ...(pair && { cert: pair.cert, key: pair.key }) }
  const client = await rawClient(scheme === 'https' ? program.https : program.http, scheme === 'https' ? { tls } : {})
  if (preamble !== undefined) client.send(unquote(preamble), [])
  return client
}

/** The request is at an origin before the program is told to end. */
async function signalInFlight({ program, services }: Environment): Promise<void> {
  const arrived = () => [...services.values()].flat().some(({ requests }) => requests.length > 0)
  await program.waitFor('the request at the origin', arrived)
  program.signal('SIGTERM')
}

async function echoes(client: RawClient): Promise<boolean> {
  client.send(textFrame(WEBSOCKET_TEXT, { masked: true }), [])
  const expected = textFrame(WEBSOCKET_TEXT, { masked: false })
  return client.when(() => client.rest().equals(expected))
}

/** The octets of one request (latin1). */
function encode(request: Request, cookies: ReadonlyMap<string, string>): string {
  if (request.raw !== undefined) return unquote(request.raw)
  const { method, path, host = '127.0.0.1', headers, chunked, use_cookie: cookie, websocket } = request
  const body = request.body ?? 'x'.repeat(request.body_bytes ?? 0)
  const hasBody = request.body !== undefined || request.body_bytes !== undefined
  const framing: FieldLine = chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(body.length)]
  const fields: FieldLine[] = [['Host', host]]
  for (const [name, value] of Object.entries(headers)) fields.push([name, value.replace(/base64\((.*)\)/, (_, text: string) => btoa(text))])
  if (cookie) fields.push(['Cookie', `${cookie}=${cookies.get(cookie) ?? ''}`])
  if (websocket) fields.push(...HANDSHAKE)
  if (hasBody) fields.push(framing)
  const content = chunked ? `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  return `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${content}`
}

/** The format writes CR and LF out where YAML quoting leaves them alone. */
function unquote(text: string): string {
  return text.replaceAll('\\r', '\r').replaceAll('\\n', '\n')
}

function peerTls({ socket }: RawClient): PeerTls | null {
  if (!(socket instanceof TLSSocket)) return null
  const certificate = socket.getPeerCertificate(true)
  return { version: socket.getProtocol() ?? '', cipher: socket.getCipher()?.name ?? '', certificate, chainLength: chainLength(certificate) }
}

/** A root is its own issuer, and some runtimes leave the last issuer out. */
function chainLength({ raw, issuerCertificate: issuer }: DetailedPeerCertificate): number {
  return !issuer?.raw || issuer.raw.equals(raw) ? 1 : 1 + chainLength(issuer)
}

function cookieIn(response: ResponseMessage | undefined, name: string): string {
  const pair = values(response?.fields ?? [], 'set-cookie')
    .map((line) => line.split(';')[0] ?? '')
    .find((text) => text.startsWith(`${name}=`))
  return pair?.slice(name.length + 1) ?? ''
}
