// What happened to one TCP connection or UDP session of a Service, or to TLS that was passed through: read once at its end. Knows no protocol.

/** Times are performance.now() in ms. */
export type StreamRecord = {
  readonly protocol: 'TCP' | 'UDP'
  readonly client: string
  readonly clientPort: number
  /** Ours. */
  readonly port: number
  /** Of a PROXY header: the peer that sent it; `` without. */
  readonly proxyAddress: string
  /** That TLS was passed through by; `` for anything else. */
  readonly serverName: string
  readonly upstreamName: string
  readonly start: number
  readonly end: number
  /** As nginx has them: 200; 400: no PROXY header where one must be; 502: no endpoint; 503: too many; 500. */
  readonly status: number
  /** Why it was not served, or ended before its time; ``: it ended by itself. */
  readonly reason: string
  /** From the client, to the client. */
  readonly bytesIn: number
  readonly bytesOut: number
  /** One entry for each endpoint tried, in order. */
  readonly attempts: readonly StreamAttempt[]
}

/** connectMs: null where no connection stood. bytesOut: to the endpoint. */
export type StreamAttempt = { endpoint: string; error: string; connectMs: number | null; bytesIn: number; bytesOut: number }

export type StreamSink = (record: StreamRecord) => void
