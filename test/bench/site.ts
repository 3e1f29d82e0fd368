// What a cell asks of every proxy: plain data that peers turn into their own configuration. Knows none of them.

/** What is forwarded to. small: 13 octets. fields: 12 field lines, 2 KiB. mebibyte: 1 MiB. json, json-mebibyte: 10 KiB and 1 MiB of it. grpc: a message and its trailers, over HTTP/2. tunnel: 101. */
export type OriginKind = 'small' | 'fields' | 'mebibyte' | 'json' | 'json-mebibyte' | 'grpc' | 'tunnel'

export type Site = {
  readonly origin: OriginKind
  /** Listens with TLS, and offers HTTP/2. */
  readonly secure: boolean
  /** Each with a route to the one origin; the first is `host`. */
  readonly hosts: number
  /** An access log, in ingress-nginx's format where the proxy can, into a file. */
  readonly log: boolean
  /** What a route can have beyond forwarding, all at once. */
  readonly policies: boolean
  /** nginx stores no bodies before it passes them on: the others never do. */
  readonly unbuffered: boolean
  /** Compresses JSON with level 1. */
  readonly gzip: boolean
  readonly workers: number
  /** Connections that had one answer and stay. */
  readonly idle: number
  /** Of a cgroup around the proxy, MiB; null: none. */
  readonly memory: number | null
}

export const PLAIN: Site = { origin: 'small', secure: false, hosts: 1, log: false, policies: false, unbuffered: false, gzip: false, workers: 1, idle: 0, memory: null }

/** Of all that is measured: certificates, routes and requests agree on it. */
export const host = 'bench.example.com'
export const hostsOf = ({ hosts }: Pick<Site, 'hosts'>): string[] => Array.from({ length: hosts }, (_, n) => n === 0 ? host : `h${n}.${host}`)
/** Of the n-th change: none of `hostsOf`. */
export const newHost = (n: number) => `new${n}.${host}`
