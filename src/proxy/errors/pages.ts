// Error pages of a route (ingress-nginx.md §4.7): which answers are replaced, who is asked instead, and with what request. Knows no connection.
import { type Connection, type ReceivedRequest, Span } from '../../http/message.ts'
import type { ErrorPages as Options } from '../../model.ts'
import type { LiveBackend } from '../../upstream/backends.ts'
import type { LiveEndpoint } from '../../upstream/endpoint.ts'
import type { BalancedRequest } from '../../upstream/balance/balancer.ts'
import { EditedRequest } from './edited-request.ts'
import type { RequestBody } from '../request-body.ts'
import type { Serving } from '../serving.ts'

/** Who is asked. */
export type Chosen = { readonly backend: LiveBackend; readonly endpoint: LiveEndpoint }

/** What only we may say of an error; what the client asks for under conditions is not asked of a page. */
const REPLACED = new Set(['x-code', 'x-format', 'x-original-uri', 'x-namespace', 'x-ingress-name', 'x-service-name', 'x-service-port'])
const CONDITIONS = new Set(['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'])

/** Nothing; whatever of the client's own body still comes has no reader. */
export const NO_BODY: RequestBody = {
  first: new Span(), length: 0, sized: true, lasts: true, lost: false,
  sendRest: (_to: Connection, _wants: boolean) => undefined, more: () => undefined, settle: () => undefined,
}

export class ErrorPages {
  readonly #options: Options
  readonly #statuses: ReadonlySet<number>
  readonly #serving: Pick<Serving, 'backends' | 'view'>

  constructor(options: Options, serving: Pick<Serving, 'backends' | 'view'>) {
    this.#options = options
    this.#statuses = new Set(options.statuses)
    this.#serving = serving
  }

  /** undefined: the answer stands, as nobody has a page for it. */
  pageFor(status: number, isOwn: boolean, request: BalancedRequest): Chosen | undefined {
    const { backend, ownOnly } = this.#options
    if (!this.#statuses.has(status) || (ownOnly && !isOwn)) return undefined
    return this.#choose(backend ?? this.#serving.view.fallback?.backend ?? null, request)
  }
  /** In place of a Service without endpoints. */
  standIn(request: BalancedRequest): Chosen | undefined { return this.#choose(this.#options.backend, request) }

  #choose(key: string | null, request: BalancedRequest): Chosen | undefined {
    const backend = key === null ? undefined : this.#serving.backends.get(key)
    const endpoint = backend?.pick([], request)
    return backend === undefined || endpoint === undefined ? undefined : { backend, endpoint }
  }

  /** The request as the error backend gets it; without `target` it is the client's own. */
  request(request: ReceivedRequest, status: number, isPage: boolean): ReceivedRequest {
    const { namespace, ingress, service, port } = this.#options.about
    const fields = [
      ['X-Code', String(status)], ['X-Format', request.field('accept') ?? ''], ['X-Original-URI', isPage ? request.target : ''],
      ['X-Namespace', namespace], ['X-Ingress-Name', ingress], ['X-Service-Name', service], ['X-Service-Port', port],
    ] as const
    return new EditedRequest(request, (name) => REPLACED.has(name) || (isPage && CONDITIONS.has(name)), fields.filter(([, value]) => value !== ''))
  }
}
