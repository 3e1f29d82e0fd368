// A client that sends exactly the octets it is given and shows exactly what came back. Knows nothing of the proxy.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { parseResponse, type ResponseMessage } from './http1.ts'
import { changes, DEADLINE_MS } from './until.ts'

/** Certificates are not verified: tests look at them instead. servername absent: no SNI. */
export type TlsOptions = {
  readonly servername?: string
  readonly cert?: string
  readonly key?: string
  readonly alpn?: readonly string[]
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}
/** halfOpen: our side stays open when the peer ends its own. from: our address. Both without TLS only. */
export type RawClientOptions = { readonly tls?: TlsOptions; readonly host?: string; readonly halfOpen?: boolean; readonly from?: string }

export type RawClient = {
  readonly socket: Socket | TLSSocket
  /** Everything parsed so far, 1xx included, in order; an unfinished last one has complete: false only once the peer closed. */
  readonly responses: readonly ResponseMessage[]
  /** Octets after the last whole response: tunnelled bytes, or an unfinished answer. */
  rest(): Buffer
  /** Strings are latin1. `methods`: of the requests in it, where an answer's framing depends on them (HEAD). */
  send(bytes: string | Uint8Array, methods?: readonly string[]): void
  /** Half-close: FIN, still reading. */
  end(): void
  /** The next final (not 1xx) response; undefined: the peer closed first or nothing came in time. */
  response(withinMs?: number): Promise<ResponseMessage | undefined>
  /** Did the peer close its side (FIN or reset) in time? */
  closed(withinMs?: number): Promise<boolean>
  when(condition: () => boolean, withinMs?: number): Promise<boolean>
  destroy(): void
}

/** Resolves when connected (and the TLS handshake is done); rejects with the socket's error. */
export async function rawClient(port: number, { tls, host = '127.0.0.1', halfOpen = false, from }: RawClientOptions = {}): Promise<RawClient> {
  const socket = tls ? connectTls(tlsOptions(port, host, tls)) : connectTcp({ port, host, allowHalfOpen: halfOpen, ...(from !== undefined && { localAddress: from }) })
  await new Promise<void>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed before the connection was ready')))
  })
  return clientOver(socket)
}

function tlsOptions(port: number, host: string, { servername, alpn, ...rest }: TlsOptions) {
  const named = servername === undefined ? {} : { servername }
  return { port, host, rejectUnauthorized: false, ...named, ...(alpn && { ALPNProtocols: [...alpn] }), ...rest }
}

function clientOver(socket: Socket): RawClient {
  const responses: ResponseMessage[] = []
  const methods: string[] = []
  const { notify, when } = changes()
  let unread: Buffer = Buffer.alloc(0)
  let peerClosed = false
  let taken = 0

  const parse = () => {
    while (unread.length > 0 && !responses.some(({ status }) => status === 101)) {
      const finals = responses.filter(({ status }) => status >= 200).length
      const parsed = parseResponse(unread, { method: methods[finals] ?? 'GET', ended: peerClosed })
      if (!parsed || (!parsed.response.complete && !peerClosed)) break
      responses.push(parsed.response)
      unread = unread.subarray(parsed.length)
    }
    notify()
  }
  const close = () => {
    peerClosed = true
    parse()
  }
  socket.on('data', (chunk: Buffer) => {
    unread = unread.length > 0 ? Buffer.concat([unread, chunk]) : chunk
    parse()
  })
  socket.on('end', close)
  socket.on('close', close)
  socket.on('error', close)

  return {
    socket,
    responses,
    when,
    rest: () => unread,
    send(bytes, sent = firstMethod(bytes)) {
      methods.push(...sent)
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    },
    end: () => {
      socket.end()
    },
    async response(withinMs = DEADLINE_MS) {
      const next = () => responses.findIndex(({ status }, index) => index >= taken && (status >= 200 || status === 101))
      await when(() => next() >= 0 || peerClosed, withinMs)
      const index = next()
      if (index < 0) return undefined
      taken = index + 1
      return responses[index]
    },
    closed: (withinMs = DEADLINE_MS) => when(() => peerClosed, withinMs),
    destroy: () => {
      socket.destroy()
    },
  }
}

function firstMethod(bytes: string | Uint8Array): string[] {
  const start = typeof bytes === 'string' ? bytes.slice(0, 32) : Buffer.from(bytes.subarray(0, 32)).toString('latin1')
  const method = /^([A-Z]+) /.exec(start)?.[1]
  return method === undefined ? [] : [method]
}
