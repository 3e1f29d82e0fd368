// One TCP connection of a client and the one to an endpoint that it goes to: octets both ways, each half ending by itself. Knows no ports, and
// nothing of what the octets mean.
import { connect, type Socket } from 'node:net'
import type { Expiring } from '../http/clock.ts'
import type { Peer } from '../http/message.ts'
import { spent } from '../http/spent.ts'
import type { Tunnel } from '../http/tunnels.ts'
import type { StreamRecord } from '../telemetry/stream-record.ts'
import type { StreamStats } from '../telemetry/stream-stats.ts'
import { End, type EndOwner } from './end.ts'
import type { StreamLimits, StreamOptions } from './stream-options.ts'
import { Tries } from './tries.ts'

/** Whom a connection is for. first: octets that were read of it already, its socket is paused then. header: goes before them to the endpoint. */
export type Arrival = {
  readonly client: Peer
  readonly backend: string
  readonly upstreamName: string
  readonly serverName: string
  readonly first: Buffer | null
  readonly header: Buffer | null
}
export type SessionOwner = { readonly stats: StreamStats; finished(session: TcpSession): void }

const BAD_GATEWAY = 502
/** As nginx writes it. */
const SERVED = 200

export class TcpSession implements Expiring, EndOwner, Tunnel {
  dueTick = 0
  slotTick = 0
  readonly idleMs: number
  readonly #arrival: Arrival
  readonly #owner: SessionOwner
  readonly #options: StreamOptions
  readonly #limits: StreamLimits
  readonly #client: End
  #upstream: End | null = null
  readonly #tries: Tries
  readonly #startMs = performance.now()
  #isConnected = false
  /** What the client sent before the endpoint was there. */
  #early: Buffer[]
  /** Of the last octets, by the clock. */
  #activeMs: number
  #bytesIn = 0
  #bytesOut = 0
  #status = SERVED
  #reason = ''
  #isFinished = false

  constructor(socket: Socket, arrival: Arrival, { owner, options }: { readonly owner: SessionOwner; readonly options: StreamOptions }) {
    const { first, backend } = arrival
    this.#arrival = arrival
    this.#owner = owner
    this.#options = options
    this.#limits = options.limits()
    this.idleMs = this.#limits.idleMs
    this.#activeMs = options.wire.clock.nowMs
    this.#early = first === null ? [] : [first]
    this.#count(first?.length ?? 0, 0)
    this.#tries = new Tries(options.backends.get(backend), this.#limits)
    this.#client = new End(socket, this, options.wire)
    this.#client.stand(first !== null)
    this.#connect('no_endpoints')
  }

  // ---- the endpoint

  /** reason: why there is nobody, if there is not. */
  #connect(reason: string) {
    const endpoint = this.#tries.next()
    if (endpoint === null) return this.#fail(reason, BAD_GATEWAY)
    const { address: host, port } = endpoint.target
    const { clock } = this.#options.wire
    const upstream: End = this.#upstream = new End(connect({ host, port, noDelay: true, allowHalfOpen: true }, () => this.#connected(upstream)), this, this.#options.wire)
    clock.arm(this, this.#limits.connectMs)
  }

  #connected(upstream: End) {
    if (upstream.closed || upstream !== this.#upstream) return
    this.#isConnected = true
    this.#tries.stood()
    upstream.stand()
    this.#touch()
    const early = Buffer.concat(this.#arrival.header === null ? this.#early : [this.#arrival.header, ...this.#early])
    this.#early = []
    if (early.length > 0) this.#pass(this.#client, upstream, early)
    if (!upstream.blocked) this.#client.resume()
    if (this.#client.peerEnded) upstream.finish()
  }

  #failedToConnect(reason: string) {
    const upstream = this.#upstream
    this.#upstream = null
    upstream?.destroy()
    this.#tries.ended(reason)
    this.#owner.stats.failed(reason)
    this.#connect(reason)
  }

  // ---- octets

  received(end: End, bytes: Buffer) {
    const isClient = end === this.#client
    this.#count(isClient ? bytes.length : 0, isClient ? 0 : bytes.length)
    const other = isClient ? this.#upstream : this.#client
    if (this.#isConnected && other !== null) return this.#pass(end, other, bytes)
    this.#early.push(bytes)
    end.pause()
  }
  #pass(from: End, to: End, bytes: Buffer) {
    this.#touch()
    if (!to.send(bytes, 0, bytes.length)) from.pause()
    spent(bytes)
  }
  drained(end: End) {
    this.#touch()
    this.#otherThan(end)?.resume()
  }
  ended(end: End) {
    if (!this.#isConnected) return
    this.#touch()
    this.#otherThan(end)?.finish()
  }
  #otherThan(end: End): End | null { return end === this.#client ? this.#upstream : this.#client }

  #count(bytesIn: number, bytesOut: number) {
    const { stats } = this.#owner
    this.#bytesIn += bytesIn
    this.#bytesOut += bytesOut
    stats.bytesIn += bytesIn
    stats.bytesOut += bytesOut
  }

  // ---- time

  #touch() {
    const { clock } = this.#options.wire
    this.#activeMs = clock.nowMs
    clock.arm(this, this.idleMs)
  }
  expired() {
    if (!this.#isConnected) return this.#failedToConnect('timeout_connect')
    // A peer that is slow to read makes progress of which only its end hears.
    if (!this.#client.blocked && this.#upstream?.blocked !== true) this.#close('timeout_idle')
  }
  stalled(end: End) {
    const { clock } = this.#options.wire
    const leftMs = this.#activeMs + this.idleMs - clock.nowMs
    if (leftMs > 0) clock.arm(end, leftMs)
    else this.#close('timeout_idle')
  }

  // ---- the end

  /** A reset of one side is one for the other: what it has read may not be all. */
  lost(end: End) {
    if (!this.#isConnected && end === this.#upstream) return this.#failedToConnect('connect_failed')
    const other = this.#otherThan(end)
    if (end.peerEnded && (other === null || other.peerEnded)) return
    this.#cutFor(end === this.#client ? 'client_reset' : 'upstream_reset')
  }
  shut() {
    // `lost` may follow, and knows why.
    queueMicrotask(() => { if (this.#client.closed && this.#upstream?.closed !== false) this.#finish() })
  }

  leave() {
    this.#reason = 'shutdown'
    if (!this.#isConnected) return this.cut()
    this.#client.finish()
    this.#upstream?.finish()
  }
  cut() { this.#cutFor('shutdown') }

  #cutFor(reason: string) {
    this.#blame(reason)
    this.#client.reset()
    this.#upstream?.reset()
  }
  #close(reason: string) {
    this.#blame(reason)
    this.#client.destroy()
    this.#upstream?.destroy()
  }
  #blame(reason: string) {
    this.#reason ||= reason
    this.#owner.stats.failed(reason)
  }
  /** The client sees its connection end, not break: nothing of it was lost. */
  #fail(reason: string, status: number) {
    this.#reason = reason
    this.#status = status
    if (this.#tries.attempts.length === 0) this.#owner.stats.failed(reason)
    this.#client.destroy()
  }

  #finish() {
    if (this.#isFinished) return
    this.#isFinished = true
    const { attempt } = this.#tries
    if (attempt !== undefined && this.#isConnected) Object.assign(attempt, { bytesIn: this.#bytesOut, bytesOut: this.#bytesIn + (this.#arrival.header?.length ?? 0) })
    this.#tries.ended(this.#isConnected ? '' : this.#reason)
    this.#options.wire.clock.forget(this)
    this.#options.sink(this.#record())
    this.#owner.finished(this)
  }
  #record(): StreamRecord {
    const { client: { address, port: clientPort, localPort, told }, serverName, upstreamName } = this.#arrival
    return {
      protocol: 'TCP', client: address, clientPort, port: localPort, proxyAddress: told?.by.address ?? '', serverName, upstreamName, start: this.#startMs, end: performance.now(),
      status: this.#status, reason: this.#reason, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut, attempts: this.#tries.attempts,
    }
  }
}
