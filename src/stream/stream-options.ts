// What all streams of a worker share. Types only.
import type { ClientLimit } from '../http/client-limit.ts'
import type { WireOptions } from '../http/wire.ts'
import type { StreamSink } from '../telemetry/stream-record.ts'
import type { Backends } from '../upstream/backends.ts'

/** Of the settings. Times in ms. idleMs: without an octet either way. tries: in all, 0: as many as there are endpoints; retryMs: 0: no bound. */
export type StreamLimits = {
  readonly connectMs: number
  readonly idleMs: number
  readonly retries: boolean
  readonly tries: number
  readonly retryMs: number
  /** Datagrams that answer one of a client; 0: none is waited for. */
  readonly responses: number
  /** Open at once, in this worker. */
  readonly sessions: number
  /** For a PROXY header to come, where one must, and from whom it is believed. */
  readonly headerMs: number
  readonly believes: (address: string) => boolean
}

export type StreamOptions = {
  /** Address of all ports. */
  readonly host: string
  readonly wire: WireOptions
  /** Connections of one client, those of HTTP and of TCP services together. */
  readonly clients: ClientLimit
  readonly backends: Pick<Backends, 'get'>
  readonly limits: () => StreamLimits
  readonly sink: StreamSink
}
