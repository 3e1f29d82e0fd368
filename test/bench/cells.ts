// What is measured: one kind of traffic or of work each, with what Lintel has to reach. A new one is a row here.
import type { Measure, Variant } from './contest.ts'
import { cpu } from './kinds/cpu.ts'
import { handshakes } from './loads/handshakes.ts'
import { h2load } from './loads/h2load.ts'
import { wrk } from './loads/wrk.ts'
import * as requests from './requests.ts'
import type { Site } from './site.ts'

export type Cell = {
  readonly name: string
  /** For people. */
  readonly about: string
  readonly unit: Unit
  readonly site: Partial<Site>
  /** Absent: all proxies as the site has them. */
  readonly variants?: readonly Variant[]
  /** The only ones that can take part. */
  readonly only?: readonly string[]
  /**
   * What bar and goal are about. peers: Lintel's value by nginx's. variants: the last of Lintel's variants by its first. value: Lintel's own.
   */
  readonly compare: 'peers' | 'variants' | 'value'
  /** At most: to be good enough, and to be good. */
  readonly bar: number
  readonly goal: number
  /** Beside what proxies need. */
  readonly tools: readonly string[]
  readonly measure: Measure
}
export type Unit = 'CPU µs a request' | 'p50 µs' | 'MiB' | 'KiB a connection' | 'ms' | 'µs of the busiest thread a request'

const SMALL = 13
/** What most cells are: CPU a request, beside nginx. */
const traffic = { unit: 'CPU µs a request', compare: 'peers' } as const

const smallLoad = () => wrk({ connections: 64 })
const fieldsLoad = () => wrk({ connections: 64, requests: requests.fields })

const http1: readonly Cell[] = [
  {
    ...traffic, name: 'h1-small', about: 'HTTP/1.1, 64 connections, answers of 13 octets', bar: 1, goal: 0.9,
    site: {}, tools: ['wrk'], measure: cpu({ load: smallLoad, bodyBytes: SMALL }),
  },
  {
    ...traffic, name: 'h1-fields', about: 'HTTP/1.1, 64 connections, 64 requests of 20 fields in rotation, answers of 12 fields and 2 KiB', bar: 0.9, goal: 0.8,
    site: { origin: 'fields' }, tools: ['wrk'], measure: cpu({ load: fieldsLoad, bodyBytes: 2 << 10 }),
  },
  {
    ...traffic, name: 'h1-post', about: 'HTTP/1.1, 64 connections, POST of 1 KB', bar: 0.95, goal: 0.85,
    site: {}, tools: ['wrk'], measure: cpu({ load: () => wrk({ connections: 64, requests: requests.kilobyte }), bodyBytes: SMALL }),
  },
  {
    ...traffic, name: 'log-small', about: 'h1-small, each request a line in the access log', bar: 1, goal: 0.9,
    site: { log: true }, tools: ['wrk'], measure: cpu({ load: smallLoad, bodyBytes: SMALL }),
  },
  {
    ...traffic, name: 'log-fields', about: 'h1-fields, each request a line in the access log', bar: 1, goal: 0.9,
    site: { log: true, origin: 'fields' }, tools: ['wrk'], measure: cpu({ load: fieldsLoad, bodyBytes: 2 << 10 }),
  },
  {
    ...traffic, name: 'h1-1m', about: 'HTTP/1.1, 8 connections, answers of 1 MiB', bar: 0.7, goal: 0.5,
    site: { origin: 'mebibyte' }, tools: ['wrk'], measure: cpu({ load: () => wrk({ connections: 8 }), bodyBytes: 1 << 20 }),
  },
  {
    ...traffic, name: 'upload-1m', about: 'HTTP/1.1, 8 connections, POST of 1 MiB, nginx without its buffering', bar: 0.6, goal: 0.5,
    site: { unbuffered: true }, tools: ['wrk'], measure: cpu({ load: () => wrk({ connections: 8, requests: requests.mebibyte }), bodyBytes: SMALL }),
  },
]

/** zlib makes a quarter to a third of this JSON at level 1, HAProxy's own compressor about as much. */
const compressed: readonly Cell[] = [
  {
    ...traffic, name: 'gzip-10k', about: 'HTTP/1.1, 64 connections, 10 KiB of JSON, compressed with gzip of level 1', bar: 1, goal: 0.7, only: ['nginx', 'haproxy', 'lintel'],
    site: { gzip: true, origin: 'json' }, tools: ['wrk'], measure: cpu({ load: () => wrk({ connections: 64, requests: requests.gzipped }), bodyBytes: 1 << 10, maxBytes: 8 << 10 }),
  },
  {
    ...traffic, name: 'gzip-1m', about: 'HTTP/1.1, 8 connections, 1 MiB of JSON, compressed with gzip of level 1', bar: 1, goal: 0.7, only: ['nginx', 'haproxy', 'lintel'],
    site: { gzip: true, origin: 'json-mebibyte' }, tools: ['wrk'], measure: cpu({ load: () => wrk({ connections: 8, requests: requests.gzipped }), bodyBytes: 100 << 10, maxBytes: 600 << 10 }),
  },
]

const secure: readonly Cell[] = [
  {
    ...traffic, name: 'tls-small', about: 'h1-small over TLS 1.3', bar: 1.1, goal: 0.95,
    site: { secure: true }, tools: ['wrk'], measure: cpu({ load: smallLoad, bodyBytes: SMALL }),
  },
  {
    ...traffic, name: 'tls-handshake', about: 'TLS 1.3, P-256, 16 connections at a time, each a full handshake and one GET', bar: 1.1, goal: 0.9,
    site: { secure: true }, tools: [], measure: cpu({ load: () => handshakes({ connections: 16 }), bodyBytes: SMALL }),
  },
  {
    ...traffic, name: 'h2-small', about: 'HTTP/2 over TLS, 16 connections of 10 streams, to HTTP/1.1, answers of 13 octets', bar: 1, goal: 0.7,
    site: { secure: true }, tools: ['h2load'], measure: cpu({ load: () => h2load({ connections: 16, streams: 10 }), bodyBytes: SMALL }),
  },
  {
    ...traffic, name: 'grpc-unary', about: 'gRPC over TLS, 16 connections of 10 streams, to HTTP/2 in clear, messages of 60 octets both ways', bar: 0.8, goal: 0.5,
    site: { secure: true, origin: 'grpc' }, tools: ['h2load', 'nghttpd'],
    measure: cpu({ load: () => h2load({ connections: 16, streams: 10, grpc: true }), bodyBytes: 60 }),
  },
]

export const cells: readonly Cell[] = [...http1, ...compressed, ...secure]
