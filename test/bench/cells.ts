// What is measured: one kind of traffic or of work each, with what Lintel has to reach. A new one is a row here.
import type { Measure, Variant } from './contest.ts'
import { busiest } from './kinds/busiest.ts'
import { change } from './kinds/change.ts'
import { cpu } from './kinds/cpu.ts'
import { latency } from './kinds/latency.ts'
import { each, whole } from './kinds/memory.ts'
import { start } from './kinds/start.ts'
import { handshakes } from './loads/handshakes.ts'
import { h2load } from './loads/h2load.ts'
import { paced } from './loads/paced.ts'
import { wrk } from './loads/wrk.ts'
import * as requests from './requests.ts'
import { openFiles } from './proc.ts'
import { host, type Site } from './site.ts'

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
export type Unit = 'CPU µs a request' | 'p50 µs' | 'PSS MB' | 'PSS KiB a connection' | 'ms' | 'p99 ms' | 'µs of the busiest thread a request'

const SMALL = 13
/** What most cells are: CPU a request, beside nginx. */
const traffic = { unit: 'CPU µs a request', compare: 'peers' } as const

/** Low enough for the slowest of them. */
const RATE = 2_000
const pacedBy = (sent: readonly string[]) => () => paced({ rate: RATE, connections: 64, requests: sent })

const smallLoad = () => wrk({ connections: 64 })
const fieldsLoad = () => wrk({ connections: 64, requests: requests.fields })

const http1: readonly Cell[] = [
  {
    ...traffic, name: 'h1-small', about: 'HTTP/1.1, 64 connections, answers of 13 octets', bar: 1, goal: 0.9,
    site: {}, tools: ['wrk'], measure: cpu({ load: smallLoad, bodyBytes: SMALL, paced: pacedBy(requests.small) }),
  },
  {
    ...traffic, name: 'h1-fields', about: 'HTTP/1.1, 64 connections, 64 requests of 20 fields in rotation, answers of 12 fields and 2 KiB', bar: 0.9, goal: 0.8,
    site: { origin: 'fields' }, tools: ['wrk'], measure: cpu({ load: fieldsLoad, bodyBytes: 2 << 10, paced: pacedBy(requests.fields) }),
  },
  {
    ...traffic, name: 'h1-post', about: 'HTTP/1.1, 64 connections, POST of 1 KB', bar: 0.95, goal: 0.85,
    site: {}, tools: ['wrk'], measure: cpu({ load: () => wrk({ connections: 64, requests: requests.kilobyte }), bodyBytes: SMALL, paced: pacedBy(requests.kilobyte) }),
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
    site: { secure: true }, tools: ['wrk'], measure: cpu({ load: smallLoad, bodyBytes: SMALL, paced: pacedBy(requests.small) }),
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

/** 10,000 where a process may open enough files: Lintel lets clients have 0.45 of them. */
const MANY = Math.min(10_000, Math.floor(openFiles() * 0.0445) * 10)

const WEBSOCKET = [
  'GET / HTTP/1.1', `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', '',
].join('\r\n')

const HOSTS = 5_000
const hosted = (site: Site) => wrk({ connections: 64, requests: requests.acrossHosts(site.hosts, HOSTS) })
/** Enough that a hash shares them evenly. */
const SHARED = 256

/** Lintel beside itself: what it costs that there is more of something. */
const costly: readonly Cell[] = [
  {
    name: 'policies', about: 'h1-small on a route with all policies that act by now (peers/lintel-policies.ts), against one without', bar: 1.5, goal: 1.25,
    unit: 'CPU µs a request', compare: 'variants', variants: [{ name: 'bare' }, { name: 'all policies', site: { policies: true } }], only: ['nginx', 'lintel'],
    site: {}, tools: ['wrk'], measure: cpu({ load: hosted, bodyBytes: SMALL }),
  },
  {
    name: 'hosts-5000', about: 'h1-small across 5,000 hosts, against one', bar: 1.05, goal: 1.02,
    unit: 'CPU µs a request', compare: 'variants', variants: [{ name: '1 host' }, { name: '5,000 hosts', site: { hosts: HOSTS } }],
    site: {}, tools: ['wrk'], measure: cpu({ load: hosted, bodyBytes: SMALL }),
  },
  {
    name: 'cgroup-256', about: 'h1-small in a cgroup of 256 MiB, against none', bar: 1.1, goal: 1.02,
    unit: 'CPU µs a request', compare: 'variants', variants: [{ name: 'no limit' }, { name: '256 MiB', site: { memory: 256 } }], only: ['lintel'],
    site: {}, tools: ['wrk'], measure: cpu({ load: smallLoad, bodyBytes: SMALL }),
  },
  {
    name: 'h1-many', about: `${MANY} keep-alive connections, 10 % of them active, against 64`, bar: 1.2, goal: 1.1,
    unit: 'CPU µs a request', compare: 'variants', variants: [{ name: '64 connections' }, { name: `${MANY} connections`, site: { idle: MANY - MANY / 10 } }], only: ['nginx', 'haproxy', 'lintel'],
    site: {}, tools: ['wrk'], measure: cpu({ load: ({ idle }) => wrk({ connections: idle === 0 ? 64 : MANY / 10 }), bodyBytes: SMALL }),
  },
  {
    name: 'workers', about: `HTTP/1.1, ${SHARED} connections, two workers against one: 0.5 is twice the throughput`, bar: 1 / 1.8, goal: 1 / 1.95,
    unit: 'µs of the busiest thread a request', compare: 'variants', variants: [{ name: '1 worker' }, { name: '2 workers', site: { workers: 2 } }], only: ['nginx', 'lintel'],
    site: {}, tools: ['wrk'], measure: busiest({ load: wrk({ connections: SHARED }), bodyBytes: SMALL }),
  },
]

const other: readonly Cell[] = [
  {
    name: 'latency', about: `HTTP/1.1, ${RATE} requests a second, 64 connections`, bar: 1.1, goal: 1, unit: 'p50 µs', compare: 'peers',
    site: {}, tools: [], measure: latency({ load: pacedBy(requests.small)(), bodyBytes: SMALL }),
  },
  {
    name: 'tunnel', about: '2,000 WebSocket tunnels that rest', bar: 12, goal: 6, unit: 'PSS KiB a connection', compare: 'value',
    site: { origin: 'tunnel' }, tools: [], measure: each({ request: WEBSOCKET, count: 2_000 }),
  },
  {
    name: 'change', about: 'one host more beside 5,000, from the change to its first answer', bar: 50, goal: 10, unit: 'p99 ms', compare: 'value', only: ['nginx', 'haproxy', 'envoy', 'traefik', 'lintel'],
    site: { hosts: HOSTS }, tools: [], measure: change({ ours: 'lintel' }),
  },
  {
    name: 'start', about: 'from the start of the process to the first answer, with 5,000 hosts', bar: 2_000, goal: 500, unit: 'ms', compare: 'value',
    site: { hosts: HOSTS }, tools: [], measure: start,
  },
  {
    name: 'memory', about: 'with 5,000 hosts, after serving them', bar: 200, goal: 120, unit: 'PSS MB', compare: 'value',
    site: { hosts: HOSTS }, tools: ['wrk'], measure: whole(wrk({ connections: 64, requests: requests.acrossHosts(HOSTS, HOSTS) })),
  },
]

export const cells: readonly Cell[] = [...http1, ...compressed, ...secure, ...costly, ...other]
