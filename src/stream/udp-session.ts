// The datagrams of one client to one endpoint, by a socket of their own (bun.md §1.9): what comes back there is for that client. Knows nothing of what they say.
import { createSocket, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Expiring } from '../http/clock.ts'
import type { Endpoint } from '../model.ts'
import type { StreamStats } from '../telemetry/stream-stats.ts'
import type { StreamLimits, StreamOptions } from './stream-options.ts'
import { Tries } from './tries.ts'

/** Datagrams that wait for the socket, which is there in the next turn. */
const MOST_WAITING = 64
/** Octets that wait where the kernel takes no more; what comes then is dropped, as a router would. */
export const MOST_QUEUED_BYTES = 1 << 20

const SERVED = 200
const BAD_GATEWAY = 502

export type UdpClient = { readonly address: string; readonly port: number; readonly localPort: number }
export type UdpOwner = {
  readonly stats: StreamStats
  readonly upstreamName: string
  /** To the client. */
  answer(bytes: Buffer): void
  finished(session: UdpSession): void
}

export class UdpSession implements Expiring {
  dueTick = 0
  slotTick = 0
  readonly client: UdpClient
  readonly #owner: UdpOwner
  readonly #options: StreamOptions
  readonly #limits: StreamLimits
  readonly #tries: Tries
  readonly #startMs = performance.now()
  #socket: Socket | null = null
  #isConnected = false
  #waiting: Buffer[] = []
  #requests = 0
  #answers = 0
  #bytesIn = 0
  #bytesOut = 0
  #isFinished = false

  constructor(client: UdpClient, backend: string, { owner, options }: { readonly owner: UdpOwner; readonly options: StreamOptions }) {
    this.client = client
    this.#owner = owner
    this.#options = options
    this.#limits = options.limits()
    this.#tries = new Tries(options.backends.get(backend), this.#limits)
    const target = this.#tries.next()?.target
    if (target === undefined) this.#end('no_endpoints', BAD_GATEWAY)
    else this.#open(target)
  }
  #open({ address, port }: Endpoint) {
    const socket = this.#socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    socket.on('error', (error) => this.#failed(error)).on('message', (bytes) => this.#answered(bytes))
    socket.connect(port, address, () => this.#connected())
  }

  /** Nothing of it is outstanding: the client's next datagram begins another one. */
  get isOver() { return this.#isFinished }

  /** From the client. */
  send(bytes: Buffer) {
    if (this.#isFinished) return
    this.#requests++
    this.#bytesIn += bytes.length
    this.#owner.stats.bytesIn += bytes.length
    this.#options.wire.clock.arm(this, this.#limits.idleMs)
    if (this.#isConnected) this.#pass(bytes)
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(bytes)
  }
  #connected() {
    if (this.#isFinished) return
    this.#isConnected = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const bytes of waiting) this.#pass(bytes)
  }
  #pass(bytes: Buffer) {
    const socket = this.#socket
    if (socket === null) return
    if (socket.getSendQueueSize() > MOST_QUEUED_BYTES) return this.#owner.stats.failed('limit_queue')
    socket.send(bytes, () => { if (this.#limits.responses === 0) this.#end('', SERVED) })
  }

  #answered(bytes: Buffer) {
    if (this.#isFinished) return
    if (this.#answers++ === 0) this.#tries.stood()
    this.#bytesOut += bytes.length
    this.#owner.stats.bytesOut += bytes.length
    this.#options.wire.clock.arm(this, this.#limits.idleMs)
    this.#owner.answer(bytes)
    if (this.#isAnswered) this.#end('', SERVED)
  }
  get #isAnswered() { return this.#answers >= this.#requests * this.#limits.responses }

  /** The host of the endpoint says that nobody listens, or the datagram is too large for the way. The client is told nothing: it asked for no such word. */
  #failed(error: Error) {
    const isTooLarge = Reflect.get(error, 'code') === 'EMSGSIZE'
    if (isTooLarge) return this.#owner.stats.failed('too_large')
    this.#end('connect_failed', this.#answers > 0 ? SERVED : BAD_GATEWAY)
  }
  expired() {
    if (this.#isAnswered) this.#end('', SERVED)
    else this.#end('timeout_header', BAD_GATEWAY)
  }
  /** Its port closes. */
  close() { this.#end('shutdown', SERVED) }

  #end(reason: string, status: number) {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#options.wire.clock.forget(this)
    this.#socket?.close()
    const { attempt, attempts } = this.#tries
    if (attempt !== undefined) Object.assign(attempt, { bytesIn: this.#bytesOut, bytesOut: this.#bytesIn })
    this.#tries.ended(reason === 'shutdown' ? '' : reason)
    const { stats, upstreamName } = this.#owner
    if (reason !== '') stats.failed(reason)
    const { address, port, localPort } = this.client
    this.#options.sink({
      protocol: 'UDP', client: address, clientPort: port, port: localPort, proxyAddress: '', serverName: '', upstreamName, start: this.#startMs, end: performance.now(),
      status, reason, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut, attempts,
    })
    // Its owner may not know it yet.
    queueMicrotask(() => this.#owner.finished(this))
  }
}
