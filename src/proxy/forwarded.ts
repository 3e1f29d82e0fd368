// The fields that tell an upstream about the client (ingress-nginx.md §4.6), as ready field lines. On a connection they mostly stay the
// same: they are made once for each host and only the request id is written anew.
import type { Peer, ReceivedRequest } from '../http/message.ts'
import type { FieldPair } from '../model.ts'
import { chainOf, type ClientView, directView, forwardedView, type Trust } from './client-view.ts'
import { ID_LENGTH, type RequestIds } from './request-ids.ts'
import type { GlobalView } from './serving.ts'

export class ForwardedFields {
  view: ClientView
  #direct: ClientView
  readonly #client: Peer
  readonly #ids: RequestIds
  /** What the lines were made of; null: of what one request claimed. */
  #made: ClientView | null = null
  #upstreamHost: string | null = null
  #trust: Trust | null = null
  /** X-Original-URI is sent: the lines differ with each request. */
  #originalUri = false
  /** Of proxy-set-headers: they are not ours to set. */
  #taken: ReadonlySet<string> = new Set()
  /** Ends in the line of the request id, */
  #withId: Buffer = NONE
  /** which is left out where the client sent an id. */
  #withoutId: Buffer | null = null
  /** The lines have the id of this request. */
  #named = false

  constructor(client: Peer, ids: RequestIds) {
    this.#client = client
    this.#ids = ids
    this.view = this.#direct = directView(client, '')
  }

  /** Decides who the client is. Call first, for each request. */
  read(request: ReceivedRequest, { trust, requestFieldNames, originalUri }: Pick<GlobalView, 'trust' | 'requestFieldNames' | 'originalUri'>) {
    this.#named = false
    this.#trust = trust
    this.#originalUri = originalUri
    if (this.#taken !== requestFieldNames) this.#made = null
    this.#taken = requestFieldNames
    if (trust !== null && (request.forwarded || trust.ownFields)) {
      this.view = forwardedView(trust, this.#client, request)
      return
    }
    if (this.#direct.host !== request.host) this.#direct = directView(this.#client, request.host)
    this.view = this.#direct
  }

  /** Field lines from Host on, with one id for all tries of a request. Valid until the next call. */
  lines(request: ReceivedRequest, upstreamHost: string | null): Buffer {
    const same = this.view === this.#direct && !request.forwarded && !this.#originalUri && this.#made === this.view && this.#upstreamHost === upstreamHost
    if (!same) this.#make(request, upstreamHost)
    if (request.requestId !== '') return this.#linesWithoutId()
    if (!this.#named) this.#ids.write(this.#withId, this.#idAt)
    this.#named = true
    return this.#taken.has('x-request-id') ? this.#linesWithoutId() : this.#withId
  }
  /** Made when it is asked for: the second view of a buffer costs each connection 400 octets, idle ones too. */
  #linesWithoutId(): Buffer { return this.#withoutId ??= this.#withId.subarray(0, this.#idAt - ID_FIELD.length) }
  /** The id of the last lines. */
  requestId(request: ReceivedRequest): string {
    return request.requestId !== '' || this.#withId === NONE ? request.requestId : this.#withId.toString('latin1', this.#idAt, this.#idAt + ID_LENGTH)
  }

  get #idAt() { return this.#withId.length - ID_LENGTH - 2 }

  #make(request: ReceivedRequest, upstreamHost: string | null) {
    const { address, proto, host, port } = this.view
    let lines = this.#line('Host', upstreamHost ?? host) + this.#line('X-Real-IP', address) + this.#line('X-Forwarded-For', this.#forwardedFor(request))
      + this.#line('X-Forwarded-Host', host) + this.#line('X-Forwarded-Port', port) + this.#line('X-Forwarded-Proto', proto)
      + this.#line('X-Forwarded-Scheme', proto) + this.#line('X-Scheme', proto)
    for (const [name, value] of originals(request)) lines += this.#line(name, value)
    if (this.#originalUri) lines += this.#line('X-Original-URI', request.target)
    this.#withId = Buffer.from(`${lines}${ID_FIELD}${this.#named ? this.requestId(request) : ' '.repeat(ID_LENGTH)}\r\n`, 'latin1')
    this.#withoutId = null
    this.#made = request.forwarded ? null : this.view
    this.#upstreamHost = upstreamHost
  }

  #line(name: string, value: string): string {
    return this.#taken.size > 0 && this.#taken.has(name.toLowerCase()) ? '' : `${name}: ${value}\r\n`
  }

  #forwardedFor(request: ReceivedRequest): string {
    const chain = this.#trust === null ? '' : chainOf(this.#trust, this.#client, request)
    return chain === '' ? this.view.address : `${chain}, ${this.#client.address}`
  }
}

/** What the client itself claimed, for those who want to know. */
const originals = (request: ReceivedRequest): readonly FieldPair[] => {
  if (!request.forwarded) return NO_FIELDS
  const claimed = (name: string) => request.fields(name).join(', ')
  const all: FieldPair[] = [['X-Original-Forwarded-For', claimed('X-Forwarded-For')], ['X-Original-Forwarded-Host', claimed('X-Forwarded-Host')]]
  return all.filter(([, value]) => value !== '')
}
const NO_FIELDS: readonly FieldPair[] = []
const ID_FIELD = 'X-Request-ID: '
const NONE: Buffer = Buffer.alloc(0)
