// What is measured: one kind of traffic each, with the bar that Lintel has to stay under. A new one is a row here.
import { h2load } from './h2load.ts'
import type { Load } from './load.ts'
import type { OriginKind } from './setup.ts'
import { wrk } from './wrk.ts'

export type Cell = {
  readonly name: string
  /** For people. */
  readonly about: string
  /** Lintel may cost this many times nginx's CPU. */
  readonly bar: number
  readonly secure: boolean
  readonly origin: OriginKind
  readonly load: Load
  /** Octets of an answer's body: a load that got less of each was not answered. */
  readonly bodyBytes: number
}

export const cells: readonly Cell[] = [
  {
    name: 'h1-small', about: 'HTTP/1.1, 64 connections, answers of 13 octets', bar: 1.1,
    secure: false, origin: 'small', load: wrk({ connections: 64 }), bodyBytes: 13,
  },
  {
    name: 'h1-fields', about: 'HTTP/1.1, 64 connections, 64 requests of 20 fields in rotation, answers of 12 fields and 2 KiB', bar: 1,
    secure: false, origin: 'fields', load: wrk({ connections: 64, script: 'fields.lua' }), bodyBytes: 2 << 10,
  },
  {
    name: 'h1-1m', about: 'HTTP/1.1, 8 connections, answers of 1 MiB', bar: 0.7,
    secure: false, origin: 'mebibyte', load: wrk({ connections: 8 }), bodyBytes: 1 << 20,
  },
  {
    name: 'h2-small', about: 'HTTP/2 over TLS, 16 connections of 10 streams, to HTTP/1.1, answers of 13 octets', bar: 1.1,
    secure: true, origin: 'small', load: h2load({ connections: 16, streams: 10 }), bodyBytes: 13,
  },
  {
    name: 'grpc-unary', about: 'gRPC over TLS, 16 connections of 10 streams, to HTTP/2 in clear, messages of 60 octets both ways', bar: 1,
    secure: true, origin: 'grpc', load: h2load({ connections: 16, streams: 10, grpc: true }), bodyBytes: 60,
  },
]
