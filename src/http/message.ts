// What travels between protocols: heads as received, bodies as spans pushed with a boolean as back-pressure, errors with their source.
// No promise and no Web object here; knows no routes and no Kubernetes.
import type { FieldBlock, NameTable } from './fields.ts'
import type { Tlvs } from './proxy-protocol/tlvs.ts'
import type { Scratch } from './scratch.ts'
import type { ClientProof } from './tls/client-proof.ts'

export type ErrorSource = 'downstream' | 'upstream' | 'internal'
/** never: it may have been acted on. if-reused: an idle connection was closed under us. always: nothing was written. */
export type Retry = 'never' | 'if-reused' | 'always'

/** `code` is the reason in log and metric, `message` the detail for people. Carries no stack: it is an outcome, not a defect. */
export class ProxyError {
  readonly source: ErrorSource
  readonly code: string
  readonly status: number
  readonly retry: Retry
  readonly message: string
  constructor(source: ErrorSource, code: string, outcome: { status: number; retry?: Retry; message?: string }) {
    this.source = source
    this.code = code
    this.status = outcome.status
    this.retry = outcome.retry ?? 'never'
    this.message = outcome.message ?? ''
  }
}

/** A body of unknown length: chunked in HTTP/1. */
export const CHUNKED = -1

/** Fields as received: case, order and duplicates kept. `each`, `putLines` and `octets` leave out what must not be forwarded. */
export interface ReceivedFields {
  each(visit: (name: string, value: string) => void): void
  /** As HTTP/1.1 field lines. */
  putLines(out: Scratch): void
  /** No less than what is put. */
  readonly octets: number
}
/** A request's head, whatever the protocol. */
export interface ReceivedRequest extends ReceivedFields {
  /** As sent: any token. */
  readonly method: string
  /** As received, and what goes upstream where the path was normalised. */
  readonly target: string
  readonly cleanTarget: string
  /** Normalised and decoded, without query: for routing. */
  readonly path: string
  readonly host: string
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0'
  /** Octets of the body, or CHUNKED; sized: the client said so. */
  readonly length: number
  readonly sized: boolean
  /** The protocol that the client wants to change to, `` for none. */
  readonly upgrade: string
  /** The client sent fields that only proxies may set. */
  readonly forwarded: boolean
  /** The client's X-Request-ID, `` without. */
  readonly requestId: string
  /** First value, all values of a field by name in any case, forwarded or not. */
  field(name: string): string | undefined
  fields(name: string): string[]
  /** Request line and field lines in HTTP/1.1, with another target where it was rewritten. */
  putHead(out: Scratch, target: string): void
}
/** An answer's head, whatever the protocol. */
export interface ReceivedAnswer extends ReceivedFields {
  readonly status: number
  /** Octets of the body as the fields say; negative: unknown. */
  readonly length: number
  readonly upgrade: string
  /** It has a Date. */
  readonly dated: boolean
  /** Status line and field lines in HTTP/1.1. */
  putHead(out: Scratch): void
}

/** Octets bytes[from..to) of a body. Valid during the call it is passed to: its owner reuses it. */
export class Span {
  bytes: Buffer = EMPTY
  from = 0
  to = 0
  /** The body ends with these octets, */
  last = true
  /** and these trailers. */
  trailers: ReceivedFields | null = null

  set(bytes: Buffer, from: number, to: number): this {
    this.bytes = bytes
    this.from = from
    this.to = to
    this.trailers = null
    return this
  }
  get size() { return this.to - this.from }
}
const EMPTY: Buffer = Buffer.alloc(0)

/**
 * Who is connected, noted at accept: a closed socket forgets it (bun.md §1.2). Of the client: where a trusted proxy in front said so (PROXY protocol),
 * these are the ends of the client's connection to it.
 */
export type Peer = {
  readonly address: string
  readonly port: number
  readonly localAddress: string
  readonly localPort: number
  /** null: in clear. serverName: SNI in lower case, `` without. proof: null where it was not asked for a certificate. */
  readonly tls: { readonly serverName: string; readonly proof: ClientProof | null } | null
  /** What that proxy said besides; null: nobody said anything, the ends are the socket's own. */
  readonly told: Told | null
}
/** by: the proxy's own end. secured: clients reach it over TLS. tlvs: as they came. */
export type Told = { readonly by: { readonly address: string; readonly port: number }; readonly secured: boolean; readonly tlvs: Tlvs }

/** An answer that the proxy makes itself. grpcStatus: where a gRPC client is told something else than what follows from the status. */
export type OwnAnswer = {
  readonly status: number
  readonly fields: readonly (readonly [string, string])[]
  readonly body: string
  readonly contentType: string
  readonly grpcStatus?: number
}

/** One request and its one answer, whatever the protocol below. Valid until the answer has ended; then its object serves the next one. */
export interface Exchange {
  readonly client: Peer
  readonly request: ReceivedRequest
  /** What came of the body together with the head. Stays valid until the answer begins. */
  readonly first: Span
  /** Octets of body that may come; more is refused with 413. 0: any number. */
  bodyLimit: number
  /** Octets of the request so far, head and body. */
  readonly octetsIn: number
  /** The rest of the body is wanted: it goes to Responder.body from now on. */
  receive(): void
  /** Stop and go for the request body. */
  pause(): void
  resume(): void
  /** 1xx, as often as wanted. */
  inform(head: ReceivedAnswer): void
  /** Once; `added` is put on the answer. With span.last, that was all. False: stop until Responder.drained. */
  respond(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean
  write(span: Span): boolean
  /** After 101: octets both ways, unframed; write and Responder.body go on as before, `last` is a half-close. */
  tunnel(head: ReceivedAnswer, added: FieldBlock, span: Span): boolean
  /** Instead of respond. */
  answer(own: OwnAnswer): void
  /** The answer can't be completed: the client must see that (RFC 9112 §8), so the connection goes. */
  abort(): void
}

/** Who answers. Made once for each Exchange object. */
export interface Responder {
  /** A head is complete. */
  begin(): void
  /** More of the request body. False: stop until Exchange.resume. */
  body(span: Span): boolean
  /** More of the answer may be written. */
  drained(): void
  /** The client left or broke the protocol before the answer's end. Nothing more may be said to the exchange. */
  abandoned(error: ProxyError): void
  /** The head could not be read, and was refused with this. There was no begin. */
  refused(error: ProxyError): void
}

/** What an upstream connection is asked to send. Read during `send` only. */
export interface UpstreamRequest {
  readonly head: ReceivedRequest
  readonly target: string
  /** Field lines added to the client's: Host first. */
  readonly lines: Buffer
  readonly extra: FieldBlock
  /** Octets of the body, or CHUNKED; sized: that is told. */
  readonly length: number
  readonly sized: boolean
  readonly first: Span
  /** Which fields of the answer are dropped. */
  readonly answerNames: NameTable
}

/** Who waits for an upstream's answer. Nothing is called after the last span or `failed`. */
export interface AnswerSink {
  informed(head: ReceivedAnswer): void
  /** False: stop until Connection.resume. */
  answered(head: ReceivedAnswer, span: Span): boolean
  tunnelled(head: ReceivedAnswer, span: Span): boolean
  body(span: Span): boolean
  /** More of the request body may be written. */
  drained(): void
  failed(error: ProxyError): void
}

/** connect, send, read of ingress-nginx's proxy-*-timeout, in ms; send and read are between two operations. */
export type ClientTimeouts = { readonly connectMs: number; readonly sendMs: number; readonly readMs: number }

/** One upstream connection, in use by one exchange at a time (HTTP/1). */
export interface Connection {
  /** Writes the request, and in the same write what there is of its body. False: stop until AnswerSink.drained. */
  exchange(request: UpstreamRequest, sink: AnswerSink, timeouts: ClientTimeouts): boolean
  write(span: Span): boolean
  resume(): void
  /** The answer is not wanted any more; `failed` is not called. */
  cancel(): void
}
