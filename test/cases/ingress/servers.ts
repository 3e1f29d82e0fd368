// The origins of one case: as many for each service as it has replicas, and the AUTH test server. They echo, and besides answer a
// few paths the way the format's test servers do. Knows nothing of manifests.
import type { Socket } from 'node:net'
import { echoUpstream, type Answer, type Echo, type ReceivedRequest, type Respond } from '../../support/echo.ts'
import { certificate } from '../../support/certificate.ts'
import { values, type FieldLine } from '../../support/http1.ts'
import { acceptKey, echoFrames } from './websocket.ts'

export type Servers = {
  /** By service name; the n-th is the n-th replica. */
  readonly services: ReadonlyMap<string, readonly Echo[]>
  readonly auth: Echo
  close(): Promise<void>
}

/** What `given.upstream` says of the origins. */
export type Behaviour = {
  readonly respond?: Respond
  readonly tls?: boolean
  readonly requestCert?: boolean
  /** The first replica does not listen. */ readonly refusing?: boolean
  readonly replicas?: number
}

const SENTENCES: readonly (readonly [RegExp, (words: readonly string[]) => Behaviour])[] = [
  [/^AUTH: 200 for Basic user:password, else 401$/, () => ({})],
  [/^AUTH answers 200 with Set-Cookie/, () => ({ respond: ({ target }) => (target.startsWith('/error') ? { status: 503 } : undefined) })],
  [/^backend answers \d{3}/, () => ({})],
  [/^\/sleep\/\d+ answers after/, () => ({})],
  [/^WebSocket echo$/, () => ({})],
  [/^answers with its own ([\w-]+)$/, ([name = '']) => ({ respond: () => ({ fields: [[name, 'its own']] }) })],
  [/^answers after (\d+) s$/, ([seconds]) => ({ respond: () => Bun.sleep(Number(seconds) * 1000).then(() => undefined) })],
  [/^(\d) endpoints, one refuses connections$/, ([replicas]) => ({ refusing: true, replicas: Number(replicas) })],
  [/^TLS backend, self-signed$/, () => ({ tls: true })],
  [/^requires a client certificate$/, () => ({ tls: true, requestCert: true })],
  [
    /^(\d{3}) ([\w-]+): (.+)$/,
    ([status, name = '', value = '']) => ({ respond: () => ({ status: Number(status), fields: [[name, value]] }) }),
  ],
  [/^([\w-]+): (.+)$/, ([name = '', value = '']) => ({ respond: () => ({ fields: [[name, value]] }) })],
]

/** undefined: no row knows the sentence. */
export function behaviourOf(sentence: string): Behaviour | undefined {
  for (const [pattern, behaviour] of SENTENCES) {
    const match = pattern.exec(sentence)
    if (match) return behaviour(match.slice(1))
  }
  return undefined
}

/** tls: names of services that speak TLS whatever `behaviour` says. */
export async function startServers(
  names: readonly string[],
  { behaviour, replicas, tls }: { behaviour: Behaviour; replicas: number; tls: readonly string[] },
): Promise<Servers> {
  const respond: Respond = async (request) => (await behaviour.respond?.(request)) ?? answerPath(request)
  const services = new Map<string, Echo[]>()
  for (const name of names) {
    const secure =
      behaviour.tls === true || tls.includes(name)
        ? { tls: { ...await certificate({ names: [name] }), requestCert: behaviour.requestCert ?? false } }
        : {}
    services.set(
      name,
      await Promise.all(
        Array.from({ length: Math.max(replicas, behaviour.replicas ?? 1) }, () => echoUpstream({ name, respond, ...secure })),
      ),
    )
  }
  const auth = await echoUpstream({ name: 'AUTH', respond: answerPath })
  const all = [auth, ...[...services.values()].flat()]
  // A port that was just closed refuses connections for as long as a case lasts.
  if (behaviour.refusing) await Promise.all([...services.values()].map(([first]) => first?.close()))
  return {
    services,
    auth,
    close: async () => {
      await Promise.all(all.map((echo) => echo.close()))
    },
  }
}

const PATHS: readonly (readonly [RegExp, (request: ReceivedRequest, words: readonly string[]) => Answer | Promise<Answer | undefined>])[] =
  [
    [/^\/status\/(\d{3})/, (_, [status]) => ({ status: Number(status) })],
    [/^\/sleep\/(\d+)/, (_, [seconds]) => Bun.sleep(Number(seconds) * 1000).then(() => undefined)],
    [
      /^\/basic-auth\/([^/]+)\/([^/?]+)/,
      ({ fields }, [user, password]) => ({
        status: values(fields, 'authorization')[0] === `Basic ${btoa(`${user}:${password}`)}` ? 200 : 401,
      }),
    ],
    [/^\/cookies\/set\/([^/]+)\/([^/?]+)/, (_, [name, value]) => ({ fields: [['Set-Cookie', `${name}=${value}`]] })],
    [/^\/response-headers\?(.*)/, (_, [query]) => ({ fields: [...new URLSearchParams(query)] })],
    [/^\/bytes\/(\d+)/, (_, [length]) => ({ fields: [['Content-Type', 'application/octet-stream']], body: 'x'.repeat(Number(length)) })],
    [/^\/xml$/, () => ({ fields: [['Content-Type', 'application/xml']], body: `<list>${'<item/>'.repeat(200)}</list>` })],
  ]

function answerPath(request: ReceivedRequest): Answer | undefined | Promise<Answer | undefined> {
  const key = values(request.fields, 'sec-websocket-key')[0]
  if (key !== undefined && values(request.fields, 'upgrade')[0]?.toLowerCase() === 'websocket') return upgrade(request, key)
  for (const [pattern, answer] of PATHS) {
    const match = pattern.exec(request.target)
    if (match) return answer(request, match.slice(1))
  }
  return undefined
}

function upgrade({ connection }: ReceivedRequest, key: string): Answer {
  const fields: FieldLine[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptKey(key)],
  ]
  const raw = `HTTP/1.1 101 Switching Protocols\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return {
    raw,
    tunnel: (socket: Socket) => {
      echoFrames(socket, connection.pending)
    },
  }
}
