// What a pool costs: CPU of its hit path, to 1 and to 100 endpoints, and memory of 100 idle connections. `bun test/bench/pool.ts`
import { join } from 'node:path'
import type { ClientConnection } from '../../src/http/client.ts'
import { Clock } from '../../src/http/clock.ts'
import { Scratch } from '../../src/http/scratch.ts'
import type { EndpointPool } from '../../src/upstream/endpoint-pool.ts'
import { Pool } from '../../src/upstream/pool.ts'
import { type PoolPlace, Pools } from '../../src/upstream/pools.ts'
import { RecordingSink, TIMEOUTS } from '../http/sink.ts'
import { upstreamRequest } from '../http/support.ts'
import { startChild } from './child.ts'

const LIMITS = { idle: 10_000, idlePerEndpoint: Infinity, idleMs: 3_600_000, ageMs: 3_600_000, requestsPerConnection: Infinity }

const own = (pool: EndpointPool): Pool => {
  if (pool instanceof Pool) return pool
  throw new Error('not a pool for HTTP/1')
}

export class PoolBench {
  readonly #clock = new Clock()
  readonly #pools = new Pools(LIMITS, { clock: this.#clock, native: true, scratch: new Scratch() })
  readonly #places: PoolPlace[]

  /** endpoints: as many pools, all to one origin. */
  constructor(port: number, endpoints: number) {
    const target = { address: '127.0.0.1', port, tls: null, protocol: 'h1' } as const
    this.#places = Array.from({ length: endpoints }, (_, i) => ({ key: `10.0.0.${i}|8080|h1`, target, service: 'default/app:80' }))
    for (const { key } of this.#places) this.#pools.use(key)
  }

  /** So many connections to each endpoint come to rest. */
  async fill(connections: number) {
    for (const place of this.#places) {
      const pool = own(this.#pools.to(place))
      await Promise.all(Array.from({ length: connections }, () => carried(pool.dial())))
    }
  }

  /** CPU of so many hits, µs for each: find the pool, take a connection, give it back. */
  hitMicros(hits: number): number {
    const before = process.cpuUsage()
    for (let i = 0, next = 0; i < hits; i++, next = next + 1 < this.#places.length ? next + 1 : 0) {
      const pool = own(this.#pools.to(this.#places[next]!))
      pool.idle(pool.take(true))
    }
    const { user, system } = process.cpuUsage(before)
    return (user + system) / hits
  }

  get idle() { return this.#pools.rows().reduce((sum, row) => sum + row.idle, 0) }
  close() {
    this.#pools.close()
    this.#clock.close()
  }
}

/** Shared as in the program: what a connection keeps of it costs once. */
const REQUEST = upstreamRequest('GET / HTTP/1.1\r\nHost: h\r\n\r\n')

/** It has carried a request and rests. */
async function carried(connection: ClientConnection): Promise<void> {
  const sink = new RecordingSink()
  connection.exchange(REQUEST, sink, TIMEOUTS)
  if (!await sink.when(() => sink.ended)) throw new Error('no answer')
}

/** The best of some rounds: others use the machine too. */
export function bestHitMicros(bench: PoolBench, { rounds, hits }: { readonly rounds: number; readonly hits: number }): number {
  return Math.min(...Array.from({ length: rounds }, () => bench.hitMicros(hits)))
}

/** With an origin of its own process: neither its CPU nor its memory counts. */
export async function withOrigin<T>(measure: (port: number) => Promise<T>): Promise<T> {
  const origin = startChild([process.execPath, join(import.meta.dir, 'origin-process.ts'), 'small'])
  try {
    return await measure(Number(await origin.firstLine()))
  } finally {
    await origin.stop()
  }
}

/** Resident octets that so many idle connections of one pool cost, measured by filling it further: what the first ones cost once does not count. */
export async function idleBytes(bench: PoolBench, connections: number): Promise<number> {
  await bench.fill(connections)
  const before = settledRss()
  for (let i = 0; i < MORE; i++) await bench.fill(connections)
  return (settledRss() - before) / MORE
}
/** One pool of 100 is less than the noise of the resident size; one after the other, as what is made and dropped beside the connections counts too. */
const MORE = 40
const settledRss = (): number => {
  for (let i = 0; i < 3; i++) Bun.gc(true)
  return process.memoryUsage.rss()
}

const ENDPOINTS = 100
const CONNECTIONS = 100

/** CPU of a hit by the number of endpoints, µs; octets of 100 idle connections. */
export const measure = (rounds: { readonly rounds: number; readonly hits: number }) => withOrigin(async (port) => {
  const [one, many, full] = [new PoolBench(port, 1), new PoolBench(port, ENDPOINTS), new PoolBench(port, 1)]
  await one.fill(1)
  await many.fill(1)
  const cost = { oneMicros: bestHitMicros(one, rounds), hundredMicros: bestHitMicros(many, rounds), idleBytes: await idleBytes(full, CONNECTIONS) }
  for (const bench of [one, many, full]) bench.close()
  return cost
})

if (import.meta.main) {
  const { oneMicros, hundredMicros, idleBytes: octets } = await measure({ rounds: 20, hits: 20_000 })
  console.log(`a hit: ${oneMicros.toFixed(2)} µs of CPU with 1 endpoint, ${hundredMicros.toFixed(2)} µs with ${ENDPOINTS}`)
  console.log(`${CONNECTIONS} idle connections: ${Math.round(octets / 1024)} KB`)
  process.exit()
}
