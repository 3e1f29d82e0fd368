// Which connection a request gets, how long one is kept, and what is counted. HTTP/1, over loopback.
import { describe, expect, test } from 'bun:test'
import { keeping } from '../../http/support.ts'
import { until } from '../../support/until.ts'
import { answer, type Going, LIMITS, NO_CONTENT, PoolScene } from './scene.ts'

const kept = keeping()
const start = async (...args: Parameters<typeof PoolScene.start>) => kept(await PoolScene.start(...args))

/** Connections that have all carried a request; the last one did so last. */
async function resting(scene: PoolScene, count: number, at = 0): Promise<Going[]> {
  const going: Going[] = []
  for (let i = 0; i < count; i++) going.push(await scene.ask(at))
  for (const each of going) await answer(each)
  return going
}
const closed = (going: readonly Going[]) => going.map(({ connection }) => connection.closed)
/** The origin sees it too. */
const seen = (going: Going) => until('the origin sees the end', () => going.peer.ended || going.peer.closed)

describe('reuse', () => {
  test('the connection that was used last', async () => {
    const scene = await start()
    const [, last] = await resting(scene, 2)
    expect(scene.take()).toBe(last!.connection)
  })

  test('one that is busy carries nothing else', async () => {
    const scene = await start()
    const first = await scene.ask()
    const second = await scene.ask()
    expect(second.connection).not.toBe(first.connection)
  })

  test('a fresh one is fresh, whatever rests', async () => {
    const scene = await start()
    const [resting1] = await resting(scene, 1)
    expect(scene.pools.to(scene.place()).dial()).not.toBe(resting1!.connection)
    expect(scene.stats()).toMatchObject({ open: 2, idle: 1, waiting: 1 })
  })

  describe.each([['repeatable', true], ['not repeatable', false]])('%s: in the same turn in which the kernel has it', (_, repeatable) => {
    test.each<[string, (going: Going) => void]>([
      ['an octet', ({ peer }) => peer.send('x')],
      ['another answer', ({ peer }) => peer.send(NO_CONTENT)],
      ['a reset', ({ peer }) => peer.reset()],
    ])('%s on a resting connection ends it instead of meeting the next request', async (__, happens) => {
      const scene = await start()
      const [sound, marred] = await resting(scene, 2)
      happens(marred!)
      expect(scene.take(0, repeatable)).toBe(sound!.connection)
      expect(closed([marred!])).toEqual([true])
    })
  })

  test.each<[string, (going: Going) => void]>([
    ['an octet', ({ peer }) => peer.send('x')], ['a FIN', ({ peer }) => peer.end()], ['a reset', ({ peer }) => peer.reset()],
  ])('%s on a resting connection closes it by itself', async (_, happens) => {
    const scene = await start()
    const [going] = await resting(scene, 1)
    happens(going!)
    await until('it is closed', () => going!.connection.closed)
    expect(scene.stats()).toMatchObject({ open: 0, idle: 0, evictions: 0 })
  })

  test.each([
    ['says close', 'HTTP/1.1 204 N\r\nConnection: close\r\n\r\n'],
    ['has octets behind it', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'],
    ['is of HTTP/1.0', 'HTTP/1.0 204 N\r\n\r\n'],
  ])('not behind an answer that %s', async (_, text) => {
    const scene = await start()
    const going = await scene.ask()
    await answer(going, text)
    await seen(going)
    expect(scene.stats()).toMatchObject({ open: 0, idle: 0 })
  })
})

describe('limits', () => {
  test('requests on one connection', async () => {
    const scene = await start({ limits: { requestsPerConnection: 3 } })
    const connections = new Set<unknown>()
    for (let i = 0; i < 7; i++) {
      const going = await scene.ask()
      connections.add(going.connection)
      await answer(going)
    }
    expect(connections.size).toBe(3)
  })

  test('time at rest', async () => {
    const scene = await start({ limits: { idleMs: 5_000 } })
    const [going] = await resting(scene, 1)
    scene.pass(4_900)
    expect(closed([going!])).toEqual([false])
    scene.pass(300)
    expect(closed([going!])).toEqual([true])
    await seen(going!)
  })

  test('the upstream\'s own time at rest, less a second', async () => {
    const scene = await start()
    const going = await scene.ask()
    await answer(going, 'HTTP/1.1 204 N\r\nKeep-Alive: timeout=5\r\n\r\n')
    scene.pass(3_900)
    expect(closed([going])).toEqual([false])
    scene.pass(300)
    expect(closed([going])).toEqual([true])
  })

  test('age, at rest: none before nine tenths, all by eleven tenths, and not all together', async () => {
    const scene = await start({ limits: { ageMs: 50_000, idleMs: 1_000_000 } })
    const going = await resting(scene, 30)
    scene.pass(44_900)
    expect(closed(going)).not.toContain(true)
    scene.pass(5_000)
    expect(new Set(closed(going))).toEqual(new Set([true, false]))
    scene.pass(5_400)
    expect(closed(going)).not.toContain(false)
  })

  test('age, in use: it finishes what it carries', async () => {
    const scene = await start({ limits: { ageMs: 1_000 } })
    const going = await scene.ask()
    scene.pass(2_000)
    expect(closed([going])).toEqual([false])
    await answer(going)
    expect([going.sink.status, ...closed([going])]).toEqual([204, true])
  })

  test('idle in all: those that were used longest ago go, busy ones stay', async () => {
    const scene = await start({ origins: 2, limits: { idle: 10 } })
    const busy = await scene.ask(0)
    const old = await resting(scene, 6, 0)
    const young = await resting(scene, 6, 1)
    expect(scene.stats(0)!.idle + scene.stats(1)!.idle).toBeLessThanOrEqual(10)
    expect(closed(young)).not.toContain(true)
    expect(closed(old).slice(0, 2)).toEqual([true, true])
    expect(closed([busy])).toEqual([false])
    expect(scene.stats(0)!.evictions).toBe(closed(old).filter(Boolean).length)
  })

  test('idle, to one endpoint', async () => {
    const scene = await start({ origins: 2, limits: { idlePerEndpoint: 3 } })
    const [many, few] = [await resting(scene, 5, 0), await resting(scene, 2, 1)]
    expect(closed(many)).toEqual([true, true, false, false, false])
    expect(closed(few)).toEqual([false, false])
  })

  test('idle 0: none is kept', async () => {
    const scene = await start({ limits: { idle: 0 } })
    await resting(scene, 2)
    expect(scene.stats()).toMatchObject({ open: 0, idle: 0, hits: 0, misses: 2 })
  })

  test('new limits: what rests was kept by the old ones and closes; the same ones change nothing', async () => {
    const scene = await start()
    const [going] = await resting(scene, 1)
    const busy = await scene.ask()
    scene.pools.limit({ ...LIMITS })
    await answer(busy)
    expect([going!.connection, scene.stats()!.open]).toEqual([busy.connection, 1])
    const second = await scene.ask()
    const third = await scene.ask()
    await answer(second)
    scene.pools.limit({ ...LIMITS, idleMs: 1_000 })
    expect(closed([second, third])).toEqual([true, false])
  })
})

describe('an endpoint that leaves', () => {
  test('closes what rests at once, and what is busy behind what it carries', async () => {
    const scene = await start()
    const busy = await scene.ask()
    const [idle] = await resting(scene, 1)
    scene.pools.release(scene.place().key)
    expect(closed([idle!, busy])).toEqual([true, false])
    await answer(busy)
    expect([busy.sink.status, ...closed([busy])]).toEqual([204, true])
  })

  test('a request that was on its way there still goes, and nothing is kept behind it', async () => {
    const scene = await start()
    scene.pools.release(scene.place().key)
    const going = await scene.ask()
    await answer(going)
    expect([going.sink.status, ...closed([going])]).toEqual([204, true])
    expect(scene.pools.rows()).toEqual([])
  })

  test('stays while another backend has it', async () => {
    const scene = await start()
    const { key } = scene.place()
    scene.pools.use(key)
    const [idle] = await resting(scene, 1)
    scene.pools.release(key)
    expect(closed([idle!])).toEqual([false])
    scene.pools.release(key)
    expect(closed([idle!])).toEqual([true])
  })
})

describe('counts', () => {
  test('hits, misses, what is open and what waits', async () => {
    const scene = await start()
    const connection = scene.take()
    expect(scene.stats()).toMatchObject({ open: 1, waiting: 1, idle: 0, hits: 0, misses: 1 })
    const going = await scene.send(connection)
    expect(scene.stats()).toMatchObject({ open: 1, waiting: 0, idle: 0 })
    await answer(going)
    await answer(await scene.ask())
    expect(scene.stats()).toMatchObject({ open: 1, waiting: 0, idle: 1, hits: 1, misses: 1, evictions: 0 })
  })

  test('a connection that is refused is gone, and waits no more', async () => {
    const scene = await PoolScene.start()
    scene.close()
    const connection = scene.take()
    await until('it is refused', () => connection.closed)
    expect(scene.stats()).toMatchObject({ open: 0, waiting: 0, idle: 0, misses: 1 })
  })

  test('by Service: since the last time, and as long as something is open, also to an endpoint that left', async () => {
    const scene = await start()
    const going = await scene.ask()
    const { service, key } = scene.place()
    expect(scene.pools.drainCounts()).toEqual({ [service]: { open: 1, waiting: 0, idle: 0, hits: 0, misses: 1, evictions: 0 } })
    scene.pools.release(key)
    expect(scene.pools.drainCounts()).toEqual({ [service]: { open: 1, waiting: 0, idle: 0, hits: 0, misses: 0, evictions: 0 } })
    await answer(going)
    expect(scene.pools.drainCounts()).toEqual({})
  })
})
