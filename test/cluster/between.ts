// What may stand between Lintel and the API server: an HTTP proxy, as the administrator, that is slow, refuses, falls silent or is cut off,
// and remembers what was asked. Plain HTTP on the side of Lintel. Knows no resources.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { AddressInfo } from 'node:net'
import type { ClusterFiles } from './credentials.ts'

/** atMs: of performance.now(). search: with the `?`, `` without. status: 0 where no answer came. */
export type Asked = { readonly method: string; readonly path: string; readonly search: string; readonly atMs: number; readonly status: number }
type Refusal = { readonly status: number; readonly retryAfterS: number }
/** Taken from answers to the client: of one connection. */
const NOT_OURS = new Set(['connection', 'transfer-encoding', 'content-encoding', 'content-length', 'keep-alive'])

export class Between {
  /** How late everything comes that the API server says, ms. */
  delayMs = 0
  /** Connections stand, and are taken, and nothing comes through. */
  isSilent = false
  /** null: nothing is. */
  refusal: Refusal | null = null
  readonly asked: Asked[] = []
  readonly #files: ClusterFiles
  readonly #server: Server
  #isCut = false

  static async start(files: ClusterFiles): Promise<Between> {
    const between = new Between(files)
    await new Promise<void>((resolve) => { between.#server.listen(0, '127.0.0.1', resolve) })
    return between
  }

  private constructor(files: ClusterFiles) {
    this.#files = files
    this.#server = createServer((request, response) => void this.#pass(request, response).catch(() => response.destroy()))
    this.#server.on('connection', (socket) => { if (this.#isCut) socket.destroy() })
  }

  /** Of a file that leads here. */
  get kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo
    const path = join(this.#files.folder, `between-${port}.kubeconfig`)
    const cluster = { server: `http://127.0.0.1:${port}` }
    const named = { clusters: [{ name: 'between', cluster }], users: [{ name: 'between', user: {} }], contexts: [{ name: 'between', context: { cluster: 'between', user: 'between' } }] }
    writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'Config', 'current-context': 'between', ...named }))
    return path
  }

  /** Whatever is open breaks, and nothing new comes through until it is mended. */
  cut(): void {
    this.#isCut = true
    this.#server.closeAllConnections()
  }
  mend(): void {
    this.#isCut = false
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, search } = new URL(request.url ?? '', 'http://localhost')
    const { method = '' } = request
    const note = (status: number) => { this.asked.push({ method, path, search, atMs: performance.now(), status }) }
    const body = await new Response(Readable.toWeb(request) as ReadableStream).text()
    if (this.refusal !== null) {
      note(this.refusal.status)
      return refuse(response, this.refusal)
    }
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const answer = await this.#ask(request, { body, signal: gone.signal })
    const late = async (send: () => void) => {
      await Bun.sleep(this.delayMs)
      if (!this.isSilent) send()
    }
    let last = late(() => {
      note(answer.status)
      response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => !NOT_OURS.has(name))))
      response.flushHeaders()
    })
    for await (const chunk of answer.body ?? []) {
      const sent = late(() => { response.write(chunk) })
      last = last.then(() => sent)
    }
    await last
    if (!this.isSilent) response.end()
  }

  #ask({ method = '', url = '', headers }: IncomingMessage, { body, signal }: { readonly body: string; readonly signal: AbortSignal }): Promise<Response> {
    const { server, ca, adminCert, adminKey } = this.#files
    const type = headers['content-type']
    return fetch(server + url, {
      method, signal, tls: { ca: readFileSync(ca, 'utf8'), cert: readFileSync(adminCert, 'utf8'), key: readFileSync(adminKey, 'utf8') },
      ...type !== undefined && { headers: { 'Content-Type': type } }, ...body !== '' && { body },
    })
  }
}

function refuse(response: ServerResponse, { status, retryAfterS }: Refusal): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': String(retryAfterS) })
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason: 'TooManyRequests', message: 'too many requests, please try again later' }))
}
