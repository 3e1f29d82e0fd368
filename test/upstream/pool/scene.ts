// Pools over loopback sockets, with time that stands still and origins that speak by hand: what the tests of pools share.
import type { Connection } from '../../../src/http/message.ts'
import { ClientConnection } from '../../../src/http/client.ts'
import type { Clock } from '../../../src/http/clock.ts'
import { Scratch } from '../../../src/http/scratch.ts'
import type { PoolLimits } from '../../../src/upstream/endpoint-pool.ts'
import { poolKey, type PoolPlace, Pools } from '../../../src/upstream/pools.ts'
import { RecordingSink, TIMEOUTS } from '../../http/sink.ts'
import { elapse, type Peer, RawUpstream, stillClock, upstreamRequest } from '../../http/support.ts'

export const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
export const NO_CONTENT = 'HTTP/1.1 204 N\r\n\r\n'
export const LIMITS: PoolLimits = { idle: 100, idlePerEndpoint: Infinity, idleMs: 60_000, ageMs: 3_600_000, requestsPerConnection: 10_000 }

const isH1 = (connection: Connection): connection is ClientConnection => connection instanceof ClientConnection

/** A request on its way over one connection. */
export type Going = { readonly connection: ClientConnection; readonly peer: Peer; readonly sink: RecordingSink }

export class PoolScene {
  readonly clock: Clock = stillClock()
  readonly pools: Pools
  readonly #origins: RawUpstream[]
  readonly places: readonly PoolPlace[]
  /** The other end of each connection. */
  readonly #peers = new Map<ClientConnection, Peer>()

  private constructor(origins: RawUpstream[], limits: Partial<PoolLimits>) {
    this.#origins = origins
    this.pools = new Pools({ ...LIMITS, ...limits }, { clock: this.clock, native: true, scratch: new Scratch() })
    this.places = origins.map(({ port }, i) => {
      const target = { address: '127.0.0.1', port, tls: null, protocol: 'h1' } as const
      return { key: poolKey(target), target, service: `default/app-${i}:80` }
    })
    for (const { key } of this.places) this.pools.use(key)
  }
  static async start({ origins = 1, limits = {} }: { readonly origins?: number; readonly limits?: Partial<PoolLimits> } = {}): Promise<PoolScene> {
    return new PoolScene(await Promise.all(Array.from({ length: origins }, () => RawUpstream.start())), limits)
  }

  place(at = 0): PoolPlace {
    const place = this.places[at]
    if (place === undefined) throw new Error(`there is no origin ${at}`)
    return place
  }
  /** What the pool of an origin counts. */
  stats(at = 0) { return this.pools.rows().find(({ port }) => port === this.place(at).target.port) }

  take(at = 0, repeatable = true): ClientConnection {
    const connection = this.pools.to(this.place(at)).take(repeatable)
    if (!isH1(connection)) throw new Error('not a connection for HTTP/1')
    return connection
  }
  /** Sends a request; resolves when its origin has it whole. */
  async send(connection: ClientConnection, at = 0): Promise<Going> {
    const sink = new RecordingSink()
    const origin = this.#origins[at]
    const known = this.#peers.get(connection)
    const before = known?.size ?? 0
    const count = origin?.peers.length ?? 0
    connection.exchange(upstreamRequest(GET), sink, TIMEOUTS)
    const peer = known ?? await origin?.peer(count)
    if (peer === undefined) throw new Error(`there is no origin ${at}`)
    this.#peers.set(connection, peer)
    if (!await peer.when(() => peer.text.indexOf('\r\n\r\n', before) > 0)) throw new Error('the request did not arrive')
    return { connection, peer, sink }
  }
  async ask(at = 0, repeatable = true): Promise<Going> { return this.send(this.take(at, repeatable), at) }

  /** Elapses as the clock counts. */
  pass(ms: number) { elapse(this.clock, ms) }
  close() {
    this.pools.close()
    for (const connection of this.#peers.keys()) connection.cancel()
    for (const origin of this.#origins) origin.close()
  }
}

/** The whole answer to it. */
export async function answer({ peer, sink }: Going, text = NO_CONTENT): Promise<void> {
  peer.send(text)
  if (!await sink.when(() => sink.ended)) throw new Error('the answer did not arrive')
}
