// All that serves in a proxy worker: listener, app, pools and their settings, put together. Knows no threads and no flags.
import type { Socket } from 'node:net'
import { isTaken, peerOf, portTrouble } from '../http/accepted.ts'
import { ClientLimit } from '../http/client-limit.ts'
import { Clock } from '../http/clock.ts'
import { Scratch } from '../http/scratch.ts'
import type { DoorReason } from '../http/doorstep.ts'
import type { HeadLimits } from '../http/head-limits.ts'
import { type Diverted, Listener } from '../http/listener.ts'
import type { Leave, Share } from '../http/port-share.ts'
import type { ProxyHeaderFault } from '../http/proxy-protocol/await-header.ts'
import type { ServerLimits } from '../http/server-options.ts'
import type { HandshakeFailure } from '../http/tls/contexts.ts'
import { nativeWorks } from '../http/wire.ts'
import { ClientCounts, type ClientPart } from '../machine/client-counts.ts'
import { descriptorLimit, Descriptors } from '../machine/descriptors.ts'
import { Memory } from '../machine/memory.ts'
import { heldBy } from '../machine/port-holder.ts'
import type { Endpoint, Update } from '../model.ts'
import type { Settings } from '../settings.ts'
import type { StreamLimits } from '../stream/stream-options.ts'
import { Streams, type Unopened } from '../stream/streams.ts'
import type { Sink } from '../telemetry/record.ts'
import type { StreamSink } from '../telemetry/stream-record.ts'
import { LiveTable } from '../update.ts'
import { Backends } from '../upstream/backends.ts'
import type { EjectionReason } from '../upstream/health/health.ts'
import type { PoolLimits } from '../upstream/endpoint-pool.ts'
import { Pools } from '../upstream/pools.ts'
import { ProxyApp } from './app.ts'
import { Coverage, hostFor } from './certificates.ts'
import { clientRuleOf } from './client-rule.ts'
import { Compressors } from './compress/compressor.ts'
import { termsFor } from './handshakes.ts'
import { type DropReason, Mirrors } from './mirrors.ts'
import { Overload } from './overload.ts'
import { RequestIds } from './request-ids.ts'
import { globalView, type Serving } from './serving.ts'
import { SpillSpace } from './spill-space.ts'
import { Texts } from './texts.ts'
import { trusted } from './trusted.ts'

/** A port that can't be opened: names the flag and the remedy. */
export class PortError extends Error {
  /** By another program, which may end. */
  readonly held: boolean
  constructor(message: string, held: boolean) {
    super(message)
    this.held = held
  }
  override toString() { return this.message }
}

export type EdgeEvents = {
  readonly sink: Sink
  readonly streamSink: StreamSink
  /** Ports of services that are not open, all of them, whenever that changes. */
  readonly unopened: (ports: Unopened) => void
  readonly opened: () => void
  readonly closed: () => void
  readonly handshakeFailed: (reason: HandshakeFailure) => void
  /** A connection was closed for its PROXY header. */
  readonly proxyHeaderFailed: (fault: ProxyHeaderFault) => void
  /** A client's connection was reset as it came; an idle one was closed to make room. */
  readonly refused: (reason: DoorReason | 'client_connections') => void
  readonly evicted: () => void
  /** Something that people should know of this worker: one line. */
  readonly note: (line: string) => void
  /** Health left an endpoint out. */
  readonly ejected: (reason: EjectionReason) => void
  /** A copy for a mirror did not get there. */
  readonly mirrorDropped: (reason: DropReason) => void
  /** A step threw what is not an outcome: our defect. */
  readonly defect: (error: unknown) => void
}

/** Of the descriptors that the process may have, those of sessions of TCP and UDP services, and TLS passed through, which have two each. */
const STREAM_DESCRIPTOR_SHARE = 0.25
const STREAM_DESCRIPTORS = 2

/** held: what comes to the ports is turned away, for others that listen there, until `admit`. */
type Bind = { readonly host: string; readonly workers: number; readonly held: boolean; readonly clients: ClientPart }

export class Edge {
  readonly table = new LiveTable()
  /** What this machine does not give, for people; null: nothing is amiss. */
  readonly trouble: string | null
  /** Connections of each client, in all workers. */
  readonly clients: ClientCounts
  readonly #serving: Serving
  readonly #app: ProxyApp
  readonly #listener: Listener
  readonly #pools: Pools
  readonly #clock: Clock
  readonly #streams: Streams
  readonly #limitsOfStreams: (settings: Settings) => StreamLimits
  #streamLimits: StreamLimits
  readonly #overload: Overload
  readonly #clientLimit: ClientLimit
  #limits: ServerLimits

  /** Probes the socket bypass first. */
  static async create(bind: Bind, events: EdgeEvents): Promise<Edge> {
    return new Edge(bind, events, await nativeWorks())
  }

  private constructor(bind: Bind, events: EdgeEvents, native: boolean) {
    const { settings } = this.table.global
    this.#limits = serverLimits(settings)
    this.#clock = new Clock()
    const wire = { clock: this.#clock, native, scratch: new Scratch() }
    this.#pools = new Pools(poolLimits(settings), wire)
    const view = globalView(this.table.global)
    const backends = new Backends(this.#pools, { workers: bind.workers, ejected: events.ejected, secrets: this.table })
    const { space, trouble } = SpillSpace.open()
    this.trouble = trouble
    const mirrors = new Mirrors(this.#pools, events.mirrorDropped)
    const shared = { ids: new RequestIds(), texts: new Texts(), space, compressors: new Compressors(), mirrors }
    const descriptors = new Descriptors(descriptorLimit())
    const relieve = (share: number) => { this.#relieve(share) }
    this.#overload = new Overload(settings, { clock: this.#clock, memory: new Memory(), descriptors, relieve, collect: () => Bun.gc(true), note: events.note })
    this.#serving = { ...shared, overload: this.#overload, backends, pools: this.#pools, clock: this.#clock, sink: events.sink, coverage: new Coverage(this.table), view }
    this.#app = new ProxyApp(this.table, this.#serving, events.defect)
    const sessions = Math.floor(descriptorLimit() * STREAM_DESCRIPTOR_SHARE / STREAM_DESCRIPTORS / bind.workers)
    this.#limitsOfStreams = (settings) => streamLimits(settings, sessions)
    this.#streamLimits = this.#limitsOfStreams(settings)
    this.clients = new ClientCounts(bind.clients)
    const clients = this.#clientLimit = new ClientLimit({ counts: this.clients, refused: () => { events.refused('client_connections') } })
    this.#streams = new Streams({ host: bind.host, held: bind.held, wire, clients, backends, limits: () => this.#streamLimits, sink: events.streamSink, unopened: events.unopened })
    this.#listener = new Listener({
      host: bind.host,
      held: bind.held,
      door: { limit: () => this.#overload.door(), mayKeep: (descriptor) => descriptors.mayKeep(descriptor), refused: events.refused, evicted: events.evicted },
      clients,
      server: { ...wire, date: httpDate(), names: () => this.#serving.view.requestNames, limits: () => this.#limits, responder: this.#app.responder },
      terms: (name) => termsFor(this.table, name),
      divert: (socket, arrival) => this.#divert(socket, arrival),
      opened: events.opened,
      closed: (client) => { events.closed(); this.#pools.left(client) },
      handshakeFailed: events.handshakeFailed,
      proxyRules: () => this.#serving.view.proxyRules,
      proxyHeaderFailed: events.proxyHeaderFailed,
    })
  }

  #divert(socket: Socket, { serverName, hello, told }: Diverted): boolean {
    const to = hostFor(this.table, serverName)?.passthrough
    if (to !== undefined) this.#streams.passThrough(socket, { client: told ?? peerOf(socket), serverName, hello, to })
    return to !== undefined
  }

  #relieve(share: number) {
    this.#pools.relieve()
    this.#listener.relieve(share)
  }

  /** Rejects with a PortError where one of them is taken. */
  async listen(ports: { http: number; https: number }) {
    await this.#open('http', ports.http)
    await this.#open('https', ports.https)
    await this.#streams.settled()
  }
  async #open(kind: 'http' | 'https', port: number) {
    try {
      await this.#listener.listen(port, kind === 'http' ? 'clear' : 'tls')
    } catch (error) {
      const held = isTaken(error)
      throw new PortError(`--${kind}-port ${port}: ${held ? heldBy(port) : portTrouble(error)}`, held)
    }
  }

  /** The table holds `update`: all that follows from it is renewed before the next request is read. */
  updated(update: Update, whole: boolean) {
    if (whole) this.#app.replaced(this.table)
    else this.#app.updated(update)
    if (whole || update.hosts.length > 0 || update.authorities.length > 0) this.#listener.termsChanged()
    if (whole) this.#streams.reset(this.table.streams)
    else for (const [key, stream] of update.streams) this.#streams.set(key, stream)
    if (update.global === undefined) return
    this.#limits = serverLimits(update.global.settings)
    this.#streamLimits = this.#limitsOfStreams(update.global.settings)
    this.#overload.configure(update.global.settings)
    this.#clientLimit.rule = clientRuleOf(update.global.settings)
    this.#pools.limit(poolLimits(update.global.settings))
  }

  /** What active checks found: endpoints that are not well, by backend. */
  checked(unwell: readonly (readonly [backend: string, endpoints: readonly Endpoint[]])[]) { this.#serving.backends.checked(new Map(unwell)) }

  /** Connections to endpoints, for /table and /metrics. */
  get pools(): Pick<Pools, 'rows' | 'drainCounts'> { return this.#pools }

  /** Of TCP and UDP services, for /metrics. */
  get streams(): Pick<Streams, 'drainCounts'> { return this.#streams }

  /** Endpoints as they do here, for /table. */
  get backends(): Pick<Backends, 'rows'> { return this.#serving.backends }

  /** The program is ready: what comes to the ports is served. */
  admit() {
    this.#listener.admit()
    this.#streams.admit()
  }

  /** See http/port-share.ts. */
  claim(own: number, takeOver: boolean): Share {
    const shares = [this.#listener.claim(own, takeOver), this.#streams.claim(own, takeOver)]
    return (['refused', 'shared'] as const).find((share) => shares.includes(share)) ?? 'alone'
  }

  async drain(leave: Leave & { readonly timeoutMs: number }) {
    await Promise.all([this.#listener.drain(leave), this.#streams.drain(leave)])
    this.#pools.close()
    this.#clock.close()
  }
}

const SECOND_MS = 1000

/** As nginx: a head begins in the first buffer and goes on in the large ones; no line of it may need two. */
const headLimits = (settings: Settings): HeadLimits => {
  const { 'client-header-buffer-size': first, 'large-client-header-buffers': large } = settings
  const lineBytes = Math.max(first, large.bytes)
  return { targetBytes: lineBytes, fieldBytes: lineBytes, headBytes: Math.max(first, large.number * large.bytes), fields: settings['client-header-fields'] }
}

const serverLimits = (settings: Settings): ServerLimits => ({
  headMs: settings['client-header-timeout'] * SECOND_MS,
  bodyMs: settings['client-body-timeout'] * SECOND_MS,
  sendMs: settings['client-send-timeout'] * SECOND_MS,
  connectionMs: settings['keep-alive-time'] * SECOND_MS,
  heads: headLimits(settings),
  keepAliveMs: settings['keep-alive'] * SECOND_MS,
  requestsPerConnection: settings['keep-alive'] === 0 ? 1 : settings['keep-alive-requests'],
  streamsPerConnection: settings['http2-max-concurrent-streams'],
})
const poolLimits = (settings: Settings): PoolLimits => ({
  idle: settings['upstream-keepalive-connections'],
  idlePerEndpoint: settings['upstream-keepalive-connections-per-endpoint'] || Infinity,
  idleMs: settings['upstream-keepalive-timeout'] * SECOND_MS,
  ageMs: settings['upstream-keepalive-time'] * SECOND_MS,
  requestsPerConnection: settings['upstream-keepalive-requests'],
})

const streamLimits = (settings: Settings, sessions: number): StreamLimits => ({
  connectMs: settings['proxy-connect-timeout'] * SECOND_MS,
  idleMs: settings['proxy-stream-timeout'] * SECOND_MS,
  retries: settings['proxy-stream-next-upstream'],
  tries: settings['proxy-stream-next-upstream-tries'],
  retryMs: settings['proxy-stream-next-upstream-timeout'] * SECOND_MS,
  responses: settings['proxy-stream-responses'],
  sessions,
  headerMs: settings['proxy-protocol-header-timeout'] * SECOND_MS,
  believes: trusted(settings['proxy-real-ip-cidr']),
})

/** IMF-fixdate (RFC 9110 §5.6.7), made once a second. */
const httpDate = () => {
  let second = 0
  let text = ''
  return () => {
    const now = Math.floor(Date.now() / SECOND_MS)
    if (now !== second) { second = now; text = new Date(now * SECOND_MS).toUTCString() }
    return text
  }
}
