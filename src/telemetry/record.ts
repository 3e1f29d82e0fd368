// What happened to one request: filled on the way, read once at its end by counters and the access log. Knows no protocol.

/**
 * Times are performance.now() in ms. Reused by its connection: a sink copies what it keeps. Fields of the head are read lazily
 * (`field`), so a log line that does not show them costs nothing.
 */
export type RequestRecord = {
  /** Head complete. */
  start: number
  /** Answer's last byte handed to the socket. */
  end: number
  client: string
  connection: ConnectionRecord
  /** As sent, HEAD too. */
  method: string
  /** Request target as received. */
  target: string
  protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0'
  scheme: 'http' | 'https'
  host: string
  /** Octets of the request: head and body as received. */
  bytesIn: number
  /** Octets of the answer's body. */
  bytesOut: number
  /** 0: the client left before an answer (logged as 499). */
  status: number
  /** Why the proxy answered itself (`no_route`, `no_endpoints`, `bad_request`, …); `` when an upstream answered. */
  reason: string
  requestId: string
  /** Route.id, Route.ingress and Route.upstreamName; `` before routing. */
  routeId: string
  ingress: string
  upstreamName: string
  /** Alternative.upstreamName where a canary took the request, else ``. */
  alternativeName: string
  /** One entry for each endpoint tried, in order. */
  attempts: Attempt[]
  /** First value of a request field by lower-case name, `` when absent. */
  field(name: string): string
}

/** The ends of the client's connection. told: a proxy in front said so, whose own end is `by`; null: they are the socket's. */
export type ConnectionRecord = {
  readonly address: string
  readonly port: number
  readonly localAddress: string
  readonly localPort: number
  readonly told: { readonly by: { readonly address: string; readonly port: number }; readonly tlvs: TlvRecord } | null
}
/** What that proxy said besides, as far as it did. */
export type TlvRecord = {
  readonly authority?: string
  readonly alpn?: string
  readonly uniqueId?: Buffer
  readonly ssl?: { readonly version?: string; readonly commonName?: string; readonly cipher?: string; readonly signature?: string; readonly key?: string }
}

/** status 0: no answer came. ms: from the attempt's start to its answer's end. */
export type Attempt = { endpoint: string; status: number; ms: number; bytes: number; error: string }

/** Sees each finished request, once, synchronously; must not keep the record. */
export type Sink = (record: Readonly<RequestRecord>) => void
