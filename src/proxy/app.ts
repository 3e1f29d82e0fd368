// The Hono app of a proxy worker: its router is the table, its requests are exchanges. Applies updates and turns whatever a chain
// returns or throws into an answer. Knows no sockets.
import { Hono } from 'hono'
import type { Exchange, OwnAnswer, Responder } from '../http/message.ts'
import { ProxyError } from '../http/message.ts'
import { STATUS_TEXT } from '../http/h1/status.ts'
import type { Table, Update } from '../model.ts'
import type { Env } from '../policies/policy.ts'
import type { LiveTable } from '../update.ts'
import { chainOf } from './chain.ts'
import { RequestContext } from './request-context.ts'
import { TableRouter } from './router.ts'
import { FORWARDED } from './select.ts'
import { globalView, type Serving } from './serving.ts'

/** A request in the shape that Hono reads: method, url and headers, the last two made when somebody asks. */
class RequestView {
  readonly context: RequestContext
  constructor(context: RequestContext) { this.context = context }
  /** HEAD is shown as GET: Hono would wrap its answer in a Response of its own (hono.md §1). */
  get method() { return this.context.method === 'HEAD' ? 'GET' : this.context.method }
  get path() { return this.context.exchange.request.path }
  get url() { return `${this.context.scheme}://${this.context.host}${this.context.exchange.request.cleanTarget}` }
  get headers() {
    const headers = new Headers()
    this.context.exchange.request.each((name, value) => headers.append(name, value))
    return headers
  }
}

export class ProxyApp {
  readonly #serving: Serving
  readonly #table: LiveTable
  readonly #router: TableRouter
  readonly #hono: Hono<Env>

  readonly #defect: (error: unknown) => void

  constructor(table: LiveTable, serving: Serving, defect: (error: unknown) => void) {
    this.#defect = defect
    this.#table = table
    this.#serving = serving
    this.#router = new TableRouter({
      host: (name) => table.hosts.get(name),
      fallback: () => table.global.fallback,
      chain: (route) => chainOf(route, serving),
      none: () => { throw new ProxyError('internal', 'no_route', { status: 404, message: 'no Ingress has this host and path' }) },
    })
    this.#hono = new Hono<Env>({ router: this.#router, getPath: (request) => this.#noted(request) })
  }

  readonly responder = (exchange: Exchange): Responder => new RequestContext(exchange, this.#serving, this.#dispatch)

  #noted(request: unknown): string {
    if (!(request instanceof RequestView)) throw new TypeError('requests come from exchanges')
    this.#router.current = request.context
    return request.path
  }

  /** One for all contexts, and a view for each request: an idle connection has neither. */
  readonly #dispatch = (context: RequestContext) => {
    try {
      // Hono reads method, url and headers only (hono.md §2); a native Request would lose unknown methods and the raw path.
      const result = this.#hono.fetch(new RequestView(context) as unknown as Request, context)
      if (result === FORWARDED) return
      if (result instanceof Promise) result.then((response) => this.#answer(context, response), (error: unknown) => this.#failed(context, error))
      else this.#answer(context, result)
    } catch (error) {
      this.#failed(context, error)
    }
  }

  #answer(context: RequestContext, response: Response) {
    if (response === FORWARDED) return
    if (response.body === null) return context.answer(ownAnswer(response, ''))
    response.text().then((body) => context.answer(ownAnswer(response, body)), (error: unknown) => this.#failed(context, error))
  }

  /** A step that throws anything but a ProxyError is our defect: the client gets 500, the log the reason. */
  #failed(context: RequestContext, error: unknown) {
    if (!(error instanceof ProxyError)) this.#defect(error)
    context.refuse(error instanceof ProxyError ? error : new ProxyError('internal', 'defect', { status: 500 }))
  }

  /** The table holds `update` already; what follows from it is renewed. */
  updated(update: Update) {
    if (update.global !== undefined) this.#renewGlobal()
    for (const [key, backend] of update.backends) this.#serving.backends.set(key, backend)
    for (const [name] of update.hosts) this.#router.forget(name)
  }
  /** The table was replaced as a whole. */
  replaced(table: Pick<Table, 'backends'>) {
    this.#renewGlobal()
    this.#serving.backends.reset(table.backends)
  }
  #renewGlobal() {
    this.#serving.view = globalView(this.#table.global)
    this.#router.forgetAll()
  }
}

const ownAnswer = (response: Response, body: string): OwnAnswer => {
  const fields: [string, string][] = []
  response.headers.forEach((value, name) => { if (name !== 'content-type' && name !== 'content-length') fields.push([titled(name), value]) })
  const text = body !== '' || response.status === 204 ? body : `${response.status} ${STATUS_TEXT[response.status] ?? ''}\n`
  return { status: response.status, fields, body: text, contentType: response.headers.get('content-type') ?? 'text/plain; charset=utf-8' }
}

/** `location` → `Location`: scripts look for what nginx writes. */
const titled = (name: string) => name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
