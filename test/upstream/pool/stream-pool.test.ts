// HTTP/2 connections to an endpoint: how many, which one a request gets, and when one is retired. The origin is node:http2 in clear.
import { describe, expect, test } from 'bun:test'
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Connection } from '../../../src/http/message.ts'
import { Scratch } from '../../../src/http/scratch.ts'
import type { PoolLimits } from '../../../src/upstream/endpoint-pool.ts'
import { poolKey, type PoolPlace, Pools } from '../../../src/upstream/pools.ts'
import { RecordingSink, TIMEOUTS } from '../../http/sink.ts'
import { elapse, keeping, listen, stillClock, upstreamRequest } from '../../http/support.ts'
import { changes } from '../../support/until.ts'
import { GET, LIMITS } from './scene.ts'

const kept = keeping()

type Going = { readonly connection: Connection; readonly sink: RecordingSink; readonly stream: ServerHttp2Stream }

class Origin {
  readonly sessions: ServerHttp2Session[] = []
  readonly streams: ServerHttp2Stream[] = []
  /** Sessions that have ended. */
  ended = 0
  readonly clock = stillClock()
  readonly #server: Http2Server
  readonly #changes = changes()
  readonly when = this.#changes.when
  #pools!: Pools
  #place!: PoolPlace

  constructor() {
    this.#server = createServer()
    this.#server.on('session', (session: ServerHttp2Session) => {
      this.sessions.push(session)
      session.on('close', () => { this.ended++; this.#changes.notify() })
      session.on('error', () => undefined)
    })
    this.#server.on('stream', (stream: ServerHttp2Stream) => { this.streams.push(stream); this.#changes.notify() })
  }
  static async start(limits: Partial<PoolLimits> = {}): Promise<Origin> {
    const origin = kept(new Origin())
    const target = { address: '127.0.0.1', port: await listen(origin.#server), tls: null, protocol: 'h2' } as const
    origin.#pools = new Pools({ ...LIMITS, ...limits }, { clock: origin.clock, native: true, scratch: new Scratch() })
    origin.#place = { key: poolKey(target), target, service: 'default/app:80' }
    origin.#pools.use(origin.#place.key)
    return origin
  }

  stats() { return this.#pools.rows()[0] }
  /** Resolves when the origin has the request. */
  async ask(): Promise<Going> {
    const sink = new RecordingSink()
    const count = this.streams.length
    const connection = this.#pools.to(this.#place).take(true)
    connection.exchange(upstreamRequest(GET), sink, TIMEOUTS)
    await this.when(() => this.streams.length > count)
    const stream = this.streams[count]
    if (stream === undefined) throw new Error('the request did not arrive')
    return { connection, sink, stream }
  }
  limit(limits: Partial<PoolLimits>) { this.#pools.limit({ ...LIMITS, ...limits }) }
  leave() { this.#pools.release(this.#place.key) }
  pass(ms: number) { elapse(this.clock, ms) }
  close() {
    this.#pools.close()
    for (const session of this.sessions) session.destroy()
    this.#server.close()
  }
}

async function answer({ stream, sink }: Going) {
  stream.respond({ ':status': 204 }, { endStream: true })
  await sink.when(() => sink.ended)
  expect(sink.status).toBe(204)
}
/** So many have ended, and the pool counts what is left. */
async function left(origin: Origin, open: number) {
  expect(await origin.when(() => origin.sessions.length - origin.ended === open)).toBe(true)
  expect(origin.stats()?.open ?? 0).toBe(open)
}

test('requests at once share one connection', async () => {
  const origin = await Origin.start()
  const going = [await origin.ask(), await origin.ask(), await origin.ask()]
  for (const each of going) await answer(each)
  expect(origin.sessions).toHaveLength(1)
  expect(origin.stats()).toMatchObject({ open: 1, waiting: 0, idle: 1, hits: 2, misses: 1 })
})

test('one that rests is used again; at the end of its time it closes', async () => {
  const origin = await Origin.start({ idleMs: 5_000 })
  await answer(await origin.ask())
  origin.pass(4_800)
  const going = await origin.ask()
  expect(origin.stats()).toMatchObject({ open: 1, idle: 0, hits: 1 })
  origin.pass(20_000)
  await answer(going)
  await left(origin, 1)
  origin.pass(5_300)
  await left(origin, 0)
})

describe('retired, it takes no request any more, and ends behind what it carries', () => {
  const another = async (origin: Origin, first: Going, second?: Going) => {
    second ??= await origin.ask()
    expect(second.stream.session).not.toBe(first.stream.session)
    await answer(first)
    await left(origin, 1)
    await answer(second)
  }

  test('by its age', async () => {
    const origin = await Origin.start({ ageMs: 10_000 })
    const first = await origin.ask()
    origin.pass(11_000)
    await another(origin, first)
  })
  test('by its requests', async () => {
    const origin = await Origin.start({ requestsPerConnection: 3 })
    await answer(await origin.ask())
    await answer(await origin.ask())
    await another(origin, await origin.ask())
  })
  test('by GOAWAY', async () => {
    const origin = await Origin.start()
    const first = await origin.ask()
    first.stream.session?.goaway(0, 2 ** 31 - 1) // what is on its way is still taken
    let next = await origin.ask()
    for (let i = 0; i < 100 && origin.sessions.length === 1; i++) { // until the frame has come
      await answer(next)
      next = await origin.ask()
    }
    await another(origin, first, next)
  })
  test('with its endpoint', async () => {
    const origin = await Origin.start()
    const first = await origin.ask()
    origin.leave()
    expect(origin.ended).toBe(0)
    await answer(first)
    await left(origin, 0)
  })
})

test('a request to an endpoint that has left still goes, and nothing is kept behind it', async () => {
  const origin = await Origin.start()
  origin.leave()
  await answer(await origin.ask())
  await left(origin, 0)
})

test('at rest with its endpoint, by its age, by new limits: closed at once', async () => {
  const origin = await Origin.start({ ageMs: 10_000, idleMs: 100_000 })
  await answer(await origin.ask())
  origin.pass(11_300)
  await left(origin, 0)
  await answer(await origin.ask())
  origin.limit({ idleMs: 1_000 })
  await left(origin, 0)
  expect(origin.stats()).toMatchObject({ evictions: 1 })
  await answer(await origin.ask())
  origin.leave()
  await left(origin, 0)
})

test('none is kept where none shall be', async () => {
  const origin = await Origin.start({ idle: 0 })
  const going = [await origin.ask(), await origin.ask()]
  for (const each of going) await answer(each)
  await left(origin, 0)
  expect(origin.sessions).toHaveLength(1)
})
