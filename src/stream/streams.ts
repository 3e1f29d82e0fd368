// The ports of TCP and UDP services in a worker, opened and closed as the table says, and TLS that is passed through. Knows no Services.
import type { Socket } from 'node:net'
import { peerOf, portTrouble } from '../http/accepted.ts'
import type { Peer } from '../http/message.ts'
import { claim, hold, leave, type Leave, type Share } from '../http/port-share.ts'
import { letIn } from '../http/reuseport.ts'
import type { Passthrough, Stream } from '../model.ts'
import { type StreamCounts, StreamStats } from '../telemetry/stream-stats.ts'
import type { StreamOptions } from './stream-options.ts'
import type { StreamPort } from './stream-port.ts'
import { TcpPort } from './tcp-port.ts'
import { TcpSessions } from './tcp-sessions.ts'
import { type UdpBudget, UdpPort } from './udp-port.ts'

/** Until a port that somebody else has is tried again. */
const RETRY_MS = 1000
/** A listener that closes resets what waits in its accept queue (bun.md §5.4): it goes on accepting for so long after drain began. */
const ACCEPT_TAIL_MS = 250

/** By key of Table.streams: why a port is not open. */
export type Unopened = ReadonlyMap<string, string>
/** unopened: told all of them whenever one is added or goes. held: what comes to TCP ports is turned away until `admit`. */
export type StreamsOptions = StreamOptions & { readonly unopened: (ports: Unopened) => void; readonly held: boolean }

export class Streams {
  readonly #options: StreamsOptions
  readonly #ports = new Map<string, StreamPort>()
  readonly #stats = new Map<string, StreamStats>()
  readonly #sessions: TcpSessions
  readonly #udp: UdpBudget = { open: 0 }
  readonly #unopened = new Map<string, string>()
  readonly #retries = new Map<string, Timer>()
  readonly #opening = new Set<Promise<void>>()
  #held: boolean

  constructor(options: StreamsOptions) {
    this.#options = options
    this.#held = options.held
    this.#sessions = new TcpSessions(options)
  }

  set(key: string, stream: Stream | null) {
    const port = this.#ports.get(key)
    if (stream === null) return this.#close(key)
    if (port !== undefined) port.stream = stream
    else this.#open(key, stream)
  }
  /** Replaces all by those of a snapshot. */
  reset(streams: ReadonlyMap<string, Stream>) {
    for (const key of [...this.#ports.keys()]) if (!streams.has(key)) this.set(key, null)
    for (const [key, stream] of streams) this.set(key, stream)
  }

  /** Resolves when every port that is being opened is open, or is not to be had. */
  async settled(): Promise<void> { await Promise.all(this.#opening) }

  #open(key: string, stream: Stream) {
    const port = this.#create(key, stream)
    this.#ports.set(key, port)
    const opening = port.open(this.#options.host).then(() => this.#opened(key), (error: unknown) => this.#failed(key, port, portTrouble(error)))
      .finally(() => this.#opening.delete(opening))
    if (this.#held) hold(port.fd)
    this.#opening.add(opening)
  }
  #create(key: string, stream: Stream): StreamPort {
    const parts = { stats: this.#statsOf(key), options: this.#options }
    return stream.protocol === 'tcp' ? new TcpPort(stream, { ...parts, sessions: this.#sessions }) : new UdpPort(stream, { ...parts, budget: this.#udp })
  }
  #opened(key: string) {
    if (this.#unopened.delete(key)) this.#options.unopened(this.#unopened)
  }
  #failed(key: string, port: StreamPort, reason: string) {
    if (this.#ports.get(key) !== port) return
    const isNews = this.#unopened.get(key) !== reason
    this.#unopened.set(key, reason)
    this.#retries.set(key, setTimeout(() => this.#open(key, port.stream), RETRY_MS))
    if (isNews) this.#options.unopened(this.#unopened)
  }
  #close(key: string) {
    clearTimeout(this.#retries.get(key))
    this.#retries.delete(key)
    this.#ports.get(key)?.close()
    this.#ports.delete(key)
    this.#opened(key)
  }

  /** Takes over a connection whose hello has been read: see ListenerOptions.divert. */
  passThrough(socket: Socket, { client, serverName, hello, to }: { readonly client: Peer; readonly serverName: string; readonly hello: Buffer; readonly to: Passthrough }) {
    this.#sessions.begin(socket, { client, ...to, serverName, first: hello, header: null }, this.#statsOf(`tls:${peerOf(socket).localPort}`))
  }

  #statsOf(key: string): StreamStats {
    const stats = this.#stats.get(key) ?? new StreamStats()
    this.#stats.set(key, stats)
    return stats
  }
  /** Since the last time. */
  drainCounts(): Record<string, StreamCounts> {
    const counts: Record<string, StreamCounts> = {}
    for (const [key, stats] of this.#stats) {
      if (!stats.isIdle || this.#ports.has(key)) counts[key] = stats.drain()
      else this.#stats.delete(key)
    }
    return counts
  }

  /** Takes what comes from now on. */
  admit() {
    this.#held = false
    for (const fd of this.#descriptors()) letIn(fd)
  }

  /** See http/port-share.ts; what is true of one of the ports. */
  claim(own: number, takeOver: boolean): Share {
    const shares = this.#descriptors().map((fd) => claim(fd, { own, takeOver }))
    return (['refused', 'shared'] as const).find((share) => shares.includes(share)) ?? 'alone'
  }
  #descriptors(): number[] { return [...this.#ports.values()].map(({ fd }) => fd).filter((fd) => fd !== null) }

  /** As Listener.drain: ports close, what is open ends one after another. */
  async drain({ timeoutMs, ...listeners }: Leave & { readonly timeoutMs: number }): Promise<void> {
    for (const fd of this.#descriptors()) leave(fd, listeners)
    if (this.#ports.size > 0) await new Promise((resolve) => setTimeout(resolve, ACCEPT_TAIL_MS))
    for (const key of [...this.#ports.keys()]) this.#close(key)
    await this.#sessions.drain(Math.max(0, timeoutMs - ACCEPT_TAIL_MS))
  }
}
