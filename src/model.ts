// The contract between the thread that builds and the threads that serve: plain data that survives JSON.
// Knows nothing of Kubernetes objects, sockets or Hono. A Route is complete: the proxy executes it and decides nothing.
import type { Coding, Settings } from './settings.ts'

/** One immutable picture of everything served. Maps are shared between versions by identity where nothing changed. */
export type Table = {
  readonly version: number
  readonly global: Global
  /** Key: `a.example`, `*.example` (one label), or `` for rules without a host. Lower case, no port, no trailing dot. */
  readonly hosts: ReadonlyMap<string, Host>
  /** Key: what Route.backend says, `namespace/service:port`, then `|` and each of its options that is not the default. */
  readonly backends: ReadonlyMap<string, Backend>
  /** Key: `namespace/secret`; `` is the certificate for names that have none of their own, and is always there. */
  readonly certificates: ReadonlyMap<string, Certificate>
  /** Key: `namespace/secret`; who signed the certificates of clients and endpoints. */
  readonly authorities: ReadonlyMap<string, Authority>
  /** Key: `tcp:9000`, `udp:53`. */
  readonly streams: ReadonlyMap<string, Stream>
}

/** A port whose octets or datagrams go to a Service as they are. */
export type Stream = {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /** Key in Table.backends. */
  readonly backend: string
  /** ingress-nginx's `$proxy_upstream_name`: `tcp-namespace-service-port`. */
  readonly upstreamName: string
  /** `namespace/name` of the ConfigMap that wants it, under the port as its key. */
  readonly configMap: string
  /** TCP alone. in: each connection begins with a PROXY header. out: so does each one to an endpoint. */
  readonly proxyProtocol: { readonly in: boolean; readonly out: boolean }
}

/** What holds for every route: the merged ConfigMap and what its references resolved to. */
export type Global = {
  readonly settings: Settings
  /** Answers where a host has no matching path and for unknown hosts: `--default-backend-service`; null: our own 404. */
  readonly fallback: Route | null
  /** ConfigMap `proxy-set-headers`: fields put on every upstream request, replacing the client's. */
  readonly requestFields: readonly FieldPair[]
  /** ConfigMap `add-headers`: fields put on every answer. */
  readonly responseFields: readonly FieldPair[]
}
export type FieldPair = readonly [name: string, value: string]

export type Host = {
  /** In the order in which they are tried: the first that matches wins. */
  readonly routes: readonly Route[]
  /** Key in Table.certificates; null: this host has no TLS of its own. */
  readonly certificate: string | null
  /** Another one of Table.certificates, with a key of another kind, for clients that can't use that of `certificate`. */
  readonly secondCertificate?: string
  /** What its handshakes have otherwise than the settings say. */
  readonly handshake?: Handshake
  /** TLS of clients that ask for this host is not ended here: its octets go to that backend. */
  readonly passthrough?: Passthrough
}

/** client: asks for a certificate, by a rule whose `verify` is not `off`. protocols: ascending. */
export type Handshake = {
  readonly client?: ClientRule
  readonly ciphers?: string
  readonly preferServerCiphers?: boolean
  readonly protocols?: readonly TlsVersion[]
}
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'

/**
 * Client certificates of a host. authority: key in Table.authorities. depth: how many others there may be between the client's certificate and
 * the authority's. errorPage: where clients without a good one are sent, `` for an answer of our own. passCertificate: the endpoint gets it.
 * subject: a regular expression, open at both ends, for its subject as in RFC 2253; `` for any.
 */
export type ClientRule = {
  readonly authority: string
  readonly verify: 'on' | 'off' | 'optional' | 'optional_no_ca'
  readonly depth: number
  readonly errorPage: string
  readonly passCertificate: boolean
  readonly subject: string
}
/** backend: key in Table.backends. upstreamName: as Route's. */
export type Passthrough = { readonly backend: string; readonly upstreamName: string }

export type Route = {
  /** `namespace/ingress/host/path-kind:path`, unique: log lines, metrics and admin rows join on it. */
  readonly id: string
  /** `namespace/name` of the Ingress; `` for the fallback. */
  readonly ingress: string
  readonly path: PathMatch
  /** Key in Table.backends; null where the Ingress names a resource we can't serve (answers 404). */
  readonly backend: string | null
  /** ingress-nginx's `$proxy_upstream_name`: `namespace-service-port`, for the access log. */
  readonly upstreamName: string
  /** Other backends for a part of the requests (canaries), asked in this order. Absent: all are for `backend`. */
  readonly alternatives?: readonly Alternative[]
  readonly policies: Policies
}

/** A backend that takes some of a route's requests. What decides: header, then cookie, then chance (ingress-nginx.md §4.8). */
export type Alternative = {
  /** Key in Table.backends. */
  readonly backend: string
  readonly upstreamName: string
  /** With neither value nor pattern: `always` and `never` decide. pattern: a regular expression, open at both ends. */
  readonly header?: { readonly name: string; readonly value?: string; readonly pattern?: string }
  /** Name of the cookie whose `always` or `never` decides. */
  readonly cookie?: string
  /** Clients of the route's affinity are not kept on it (affinity-canary-behavior `legacy`). */
  readonly withoutAffinity?: true
  /** weight of total requests, at random; 0: none. */
  readonly weight: number
  readonly total: number
}

/**
 * exact: the path is equal. prefix: equal, or continued by `/` (Kubernetes' element-wise rule; the value has no trailing slash, `` for `/`).
 * regex: JavaScript source, matched from the start, case-insensitive, open at the end (ingress-nginx.md F4, but for this Ingress alone).
 */
export type PathMatch = { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string }

/** One key for each step of the chain; an absent key has no step. Values are resolved: annotation, else ConfigMap, else default. */
export type Policies = {
  /** A security setting could not be understood or is not supported yet: answer 503, or this, never unprotected. */
  readonly denied?: { readonly reason: string; readonly status?: number }
  /** auth-tls-*: the rule of the host. */
  readonly clientCertificate?: ClientRule
  /** permanent-redirect, temporal-redirect. */
  readonly redirect?: { readonly to: string; readonly status: number }
  /** app-root: the path `/` alone is sent here with 302. */
  readonly appRoot?: { readonly to: string }
  /** ssl-redirect and force-ssl-redirect, decided when the table is built (ingress-nginx.md §4.4). */
  readonly httpsRedirect?: { readonly status: number; readonly preserveTrailingSlash: boolean }
  /** Value of Strict-Transport-Security on every answer over TLS. */
  readonly hsts?: { readonly value: string }
  /** Octets; 0: no limit. */
  readonly bodyLimit?: { readonly bytes: number }
  /** rewrite-target with $1..$9 of the route's regex. */
  readonly rewrite?: { readonly target: string }
  /** upstream-vhost. */
  readonly upstreamHost?: { readonly host: string }
  /** affinity: the cookie that ties clients to endpoints of the route's backends, which are sticky then. */
  readonly affinity?: Affinity
  /** proxy-request-buffering: a body is read whole before an endpoint is asked; so much of it in memory, the rest in a file. */
  readonly requestBuffer?: { readonly memoryBytes: number }
  /** proxy-buffering: so much of an answer is read while the client is not ready for it, in memory and then in a file (0: in none). */
  readonly answerBuffer?: { readonly memoryBytes: number; readonly fileBytes: number }
  /** custom-http-errors and default-backend. */
  readonly errorPages?: ErrorPages
  /** use-gzip and its like: answers may be compressed so, the first of what a client likes equally. */
  readonly compression?: { readonly codings: readonly Coding[] }
  /** mirror-target and its companions: a copy of each request goes there. */
  readonly mirror?: Mirror
  readonly timeouts: Timeouts
  readonly retry: RetryPolicy
}
/**
 * address: IP, or a name that the worker resolves. host: the Host field. target: path and query with variables of nginx, `` for the request's own.
 * body: is copied too.
 */
export type Mirror = {
  readonly address: string
  readonly port: number
  readonly tls: boolean
  readonly host: string
  readonly target: string
  readonly body: boolean
}
/**
 * path: of the cookie; `` stands for none, as in domain and sameSite. secure: also in clear. expires, maxAge: seconds from now.
 * lenientSameSite: SameSite=None is left out for clients that misread it. movesOnFailure: a failed try changes the cookie too.
 */
export type Affinity = {
  readonly cookie: string
  readonly path: string
  readonly domain: string
  readonly expires: number | null
  readonly maxAge: number | null
  readonly sameSite: string
  readonly lenientSameSite: boolean
  readonly secure: boolean
  readonly partitioned: boolean
  readonly movesOnFailure: boolean
}
/**
 * Another backend answers in place of these statuses, with ownOnly of our own answers alone. backend: key in Table.backends, which also answers where the
 * route's own has no endpoint; null: that of Global.fallback, which does not. about: what it is told of the route.
 */
export type ErrorPages = {
  readonly statuses: readonly number[]
  readonly backend: string | null
  readonly ownOnly: boolean
  readonly about: { readonly namespace: string; readonly ingress: string; readonly service: string; readonly port: string }
}
/** connect: until the connection stands. send, read: between two successful operations on the upstream. request: all of it, 0: no bound. */
export type Timeouts = { readonly connectMs: number; readonly sendMs: number; readonly readMs: number; readonly requestMs: number }

/** proxy-next-upstream, without `off`: on nothing. tries: in all, 0: as many as there are endpoints. timeoutMs: none begins after it, 0: no bound. */
export type RetryPolicy = { readonly on: readonly RetryCondition[]; readonly tries: number; readonly timeoutMs: number }
export type RetryCondition =
  | 'error' | 'timeout' | 'invalid_header' | 'non_idempotent'
  | 'http_500' | 'http_502' | 'http_503' | 'http_504' | 'http_403' | 'http_404' | 'http_429'

/** What endpoints speak: HTTP/1.1 in clear or over TLS, HTTP/2 in clear or over TLS (gRPC); or nothing that is looked at, by TCP or UDP. */
export type Protocol = 'http' | 'https' | 'h2c' | 'h2' | 'tcp' | 'udp'

/** A Service port with its ready endpoints, sorted by address then port. No endpoints: 503. */
export type Backend = {
  readonly protocol: Protocol
  readonly options: BackendOptions
  /** Where options.tls names a Secret that is good: changes with what is in it. */
  readonly material?: string
  /** Of a persistent affinity: keys what its cookies say of endpoints. Not known outside the cluster, and the same in all instances of Lintel. */
  readonly secret?: string
  readonly endpoints: readonly Endpoint[]
}
/** How requests are spread over the endpoints, how many of them there may be, and how their connections begin. */
export type BackendOptions = {
  readonly balance: Balance
  /** Time over which a new endpoint comes to its full share; 0: at once. */
  readonly slowStartMs: number
  readonly limits: Limits
  /** Connections begin with a header of the PROXY protocol that tells their client. */
  readonly proxyProtocol?: 'v1' | 'v2'
  /** An answer of 500 and above counts as a failure of its endpoint. */
  readonly ejectOn5xx: boolean
  /** null: endpoints are judged by what becomes of requests alone. */
  readonly check: HealthCheck | null
  /** proxy-ssl-*, of the protocols over TLS; absent: nothing is verified and nothing shown. */
  readonly tls?: EndpointTls
}
/**
 * secret: key in Table.certificates for our own certificate, and in Table.authorities for whom to trust, where they have it. name: that
 * the endpoint must have a certificate for. sendName: also by SNI. depth: as in ClientRule. protocols: lowest and highest. ciphers: `` for the
 * library's.
 */
export type EndpointTls = {
  readonly secret: string
  readonly verify: boolean
  readonly depth: number
  readonly name: string
  readonly sendName: boolean
  readonly protocols: readonly [lowest: TlsVersion, highest: TlsVersion]
  readonly ciphers: string
}
/** Active check of each endpoint. statuses: ranges that are well, ends included. Thresholds: looks in a row. */
export type HealthCheck = {
  readonly type: 'http' | 'tcp' | 'grpc'
  readonly path: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
  readonly statuses: readonly (readonly [from: number, to: number])[]
}
/** Requests at once to each endpoint, to all of them, and waiting for a place, of all workers together. 0: no limit; of pending: none waits. */
export type Limits = { readonly connections: number; readonly requests: number; readonly pending: number }
/**
 * hash: consistent, of `by` (text with variables of nginx); subset: endpoints of a group to choose from at random, 0: one.
 * sticky: by the cookie of Policies.affinity; persistent: a client moves only when its endpoint is gone.
 */
export type Balance =
  | { readonly kind: 'round_robin' | 'ewma' | 'least_conn' }
  | { readonly kind: 'hash'; readonly by: string; readonly subset: number }
  | { readonly kind: 'sticky'; readonly persistent: boolean }
/** address: IP. */
export type Endpoint = { readonly address: string; readonly port: number }

/** PEM. cert: leaf first, then the chain. */
export type Certificate = { readonly cert: string; readonly key: string }
/** PEM. ca: one or more certificates. crl: revocation lists, one in each text; without any nothing is looked up. */
export type Authority = { readonly ca: string; readonly crl: readonly string[] }

/** Something of the input that was rejected, ignored or is not supported: named so that its owner can mend it. */
export type Issue = {
  /** `Kind namespace/name`, or `file.yaml` where no object could be read. */
  readonly object: string
  /** Field path, annotation or ConfigMap key; `line N` for a file; `` for the whole object. */
  readonly field: string
  /** What is wrong, what was done instead, and the remedy, in one sentence. */
  readonly reason: string
}

/** Changed entries only; null: removed. `base` null: a snapshot, the delta from the empty table. */
export type Update = {
  readonly base: number | null
  readonly version: number
  /** When the change that caused it reached the watcher, epoch ms with fraction (wall-clock.ts). */
  readonly at: number
  readonly global?: Global
  readonly hosts: readonly (readonly [string, Host | null])[]
  readonly backends: readonly (readonly [string, Backend | null])[]
  readonly certificates: readonly (readonly [string, Certificate | null])[]
  readonly authorities: readonly (readonly [string, Authority | null])[]
  readonly streams: readonly (readonly [string, Stream | null])[]
}
