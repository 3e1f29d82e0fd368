// Whatever happens to a pool in whatever order: it is compared with a model that knows what became of each connection. Loopback sockets, own time.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { ClientConnection } from '../../../src/http/client.ts'
import type { PoolLimits } from '../../../src/upstream/endpoint-pool.ts'
import { TICK_MS } from '../../http/support.ts'
import { until } from '../../support/until.ts'
import { answer, type Going, NO_CONTENT, PoolScene } from './scene.ts'

const ORIGINS = 2

type Step =
  /** A request; cut: octets or a reset come on a resting connection in the same turn before it. */
  | { readonly do: 'ask'; readonly at: number; readonly repeatable: boolean; readonly cut: 'byte' | 'reset' | null; readonly which: number }
  | { readonly do: 'answer'; readonly which: number; readonly how: 'keep' | 'close' | 'excess' }
  | { readonly do: 'cancel'; readonly which: number }
  /** On a resting connection, and the event loop hears of it. */
  | { readonly do: 'mar'; readonly which: number; readonly how: 'byte' | 'fin' | 'reset' }
  | { readonly do: 'leave' | 'join'; readonly at: number }
  | { readonly do: 'limit'; readonly limits: PoolLimits }
  | { readonly do: 'pass'; readonly ms: number }

const at = fc.nat(ORIGINS - 1)
const which = fc.nat(20)
const limits: fc.Arbitrary<PoolLimits> = fc.record({
  idle: fc.constantFrom(0, 1, 3, 100, 100), idlePerEndpoint: fc.constantFrom(1, 2, Infinity, Infinity), idleMs: fc.constantFrom(500, 2_000, 60_000),
  ageMs: fc.constantFrom(1_000, 5_000, 3_600_000), requestsPerConnection: fc.constantFrom(1, 2, 10_000, 10_000),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('ask' as const), at, repeatable: fc.boolean(), cut: fc.option(fc.constantFrom('byte' as const, 'reset' as const), { freq: 4 }), which }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('answer' as const), which, how: fc.constantFrom('keep' as const, 'keep' as const, 'keep' as const, 'close' as const, 'excess' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mar' as const), which, how: fc.constantFrom('byte' as const, 'fin' as const, 'reset' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'join' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), limits }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(100, 400, 1_000, 3_000) }) },
)

/** A connection as it must be. */
type Known = {
  readonly at: number
  readonly going: Going
  readonly bornMs: number
  uses: number
  restsSinceMs: number
  /** The later it came to rest, the higher. */
  turn: number
  state: 'busy' | 'resting' | 'gone'
  /** Its endpoint left meanwhile. */
  orphan: boolean
}

class Machine {
  readonly #scene: PoolScene
  readonly #known = new Map<ClientConnection, Known>()
  #limits: PoolLimits
  readonly #present = new Set(Array.from({ length: ORIGINS }, (_, i) => i))
  #hits = 0
  #misses = 0
  #turns = 0
  /** Closed by new limits. */
  #cleared = 0

  constructor(scene: PoolScene, initial: PoolLimits) {
    this.#scene = scene
    this.#limits = initial
  }

  async run(steps: readonly Step[]) {
    for (const each of steps) {
      await this.#do(each)
      this.#check()
    }
  }

  #do(each: Step): Promise<void> | void {
    switch (each.do) {
      case 'ask': return this.#ask(each)
      case 'answer': return this.#answer(each)
      case 'cancel': return this.#cancel(each.which)
      case 'mar': return this.#mar(each)
      case 'leave': return this.#leave(each.at)
      case 'join': return this.#join(each.at)
      case 'limit': return this.#limit(each.limits)
      case 'pass': return this.#scene.pass(each.ms)
    }
  }

  #in(state: Known['state'], at?: number): Known[] { return [...this.#known.values()].filter((known) => known.state === state && (at === undefined || known.at === at)) }
  #one(state: Known['state'], which: number, at?: number): Known | undefined {
    const all = this.#in(state, at)
    return all[which % Math.max(1, all.length)]
  }

  async #ask({ at, repeatable, cut, which }: Extract<Step, { do: 'ask' }>) {
    const marred = cut === null ? undefined : this.#one('resting', which, at)
    if (cut === 'byte') marred?.going.peer.send(NO_CONTENT)
    if (cut === 'reset') marred?.going.peer.reset()
    const expected = this.#in('resting', at).filter((known) => known !== marred).sort((a, b) => b.turn - a.turn)
    const connection = this.#scene.take(at, repeatable)
    const known = this.#known.get(connection)
    if (known === undefined) {
      this.#misses++
      expect(expected).toEqual([]) // or it was opened in vain
    } else {
      this.#hits++
      this.#expectUsable(known)
      expect(known === expected[0]).toBe(true) // neither the one marred nor one that rested longer
    }
    const going = await this.#scene.send(connection, at)
    const bornMs = known?.bornMs ?? this.#scene.clock.nowMs
    this.#known.set(connection, { at, going, bornMs, uses: known?.uses ?? 0, restsSinceMs: 0, turn: 0, state: 'busy', orphan: known?.orphan ?? !this.#present.has(at) })
    if (marred !== undefined) await this.#closes(marred)
  }

  #expectUsable({ state, at, uses, bornMs, restsSinceMs, orphan }: Known) {
    const { nowMs } = this.#scene.clock
    expect({ state, orphan, present: this.#present.has(at) }).toEqual({ state: 'resting', orphan: false, present: true })
    expect(uses).toBeLessThan(this.#limits.requestsPerConnection)
    expect(nowMs - bornMs).toBeLessThanOrEqual(this.#limits.ageMs * 1.1 + LATE_MS)
    expect(nowMs - restsSinceMs).toBeLessThanOrEqual(this.#limits.idleMs + LATE_MS)
  }

  async #answer({ which, how }: Extract<Step, { do: 'answer' }>) {
    const known = this.#one('busy', which)
    if (known === undefined) return
    await answer(known.going, ANSWERS[how])
    known.uses++
    if (how !== 'keep' || known.orphan || known.uses >= this.#limits.requestsPerConnection || this.#limits.idle === 0) return this.#closes(known)
    known.state = 'resting'
    known.restsSinceMs = this.#scene.clock.nowMs
    known.turn = ++this.#turns
  }

  async #cancel(which: number) {
    const known = this.#one('busy', which)
    known?.going.connection.cancel()
    if (known !== undefined) await this.#closes(known)
  }

  async #mar({ which, how }: Extract<Step, { do: 'mar' }>) {
    const known = this.#one('resting', which)
    if (known === undefined) return
    const { peer } = known.going
    if (how === 'byte') peer.send('x')
    if (how === 'fin') peer.end()
    if (how === 'reset') peer.reset()
    await this.#closes(known)
  }

  #leave(at: number) {
    if (!this.#present.delete(at)) return
    this.#scene.pools.release(this.#scene.place(at).key)
    for (const known of this.#known.values()) if (known.at === at) known.orphan = true
    for (const known of this.#in('resting', at)) this.#mustBeClosed(known)
  }
  #join(at: number) {
    if (this.#present.has(at)) return
    this.#present.add(at)
    this.#scene.pools.use(this.#scene.place(at).key)
  }

  #limit(next: PoolLimits) {
    const same = JSON.stringify(next) === JSON.stringify(this.#limits) && next.idlePerEndpoint === this.#limits.idlePerEndpoint
    this.#scene.pools.limit(next)
    this.#limits = next
    if (same) return
    this.#cleared = this.#in('resting').length
    for (const known of this.#in('resting')) this.#mustBeClosed(known)
  }

  #mustBeClosed(known: Known) {
    expect(known.going.connection.closed).toBe(true)
    known.state = 'gone'
  }
  async #closes(known: Known) {
    await until('the connection is closed', () => known.going.connection.closed)
    known.state = 'gone'
  }

  /** What the pools closed by themselves had its reason; what had to be closed is; and they count what there is. */
  #check() {
    const counted = this.#scene.pools.drainCounts()
    this.#checkClosed(Object.values(counted).reduce((total, { evictions }) => total + evictions, 0))
    for (const { going } of this.#in('busy')) expect(going.connection.closed).toBe(false)
    for (const known of this.#in('resting')) this.#expectUsable(known)
    expect(this.#in('resting').length).toBeLessThanOrEqual(this.#limits.idle)
    const sum = (name: 'open' | 'waiting' | 'idle' | 'hits' | 'misses') => Object.values(counted).reduce((total, counts) => total + counts[name], 0)
    expect([sum('open'), sum('idle'), sum('waiting')]).toEqual([this.#in('busy').length + this.#in('resting').length, this.#in('resting').length, 0])
    expect([sum('hits'), sum('misses')]).toEqual([this.#hits, this.#misses])
    this.#hits = this.#misses = 0
    for (const at of this.#present) expect(this.#in('resting', at).length).toBeLessThanOrEqual(this.#limits.idlePerEndpoint)
  }

  /** One that rests is closed when its time is over, or evicted when there are too many. */
  #checkClosed(evictions: number) {
    const resting = this.#in('resting')
    const { idle, idlePerEndpoint, idleMs, ageMs } = this.#limits
    const tooMany = resting.length > idle || [...this.#present].some((at) => this.#in('resting', at).length > idlePerEndpoint)
    const gone = resting.filter(({ going }) => going.connection.closed)
    const { nowMs } = this.#scene.clock
    const inTime = gone.filter(({ restsSinceMs, bornMs }) => nowMs - restsSinceMs < idleMs && nowMs - bornMs < ageMs * 0.9)
    for (const known of gone) known.state = 'gone'
    expect(evictions - this.#cleared).toBeGreaterThanOrEqual(inTime.length)
    if (!tooMany) expect([evictions, inTime.length]).toEqual([this.#cleared, 0])
    this.#cleared = 0
  }

  /** Every socket that the pools let go is closed at the other end, too. */
  async end() {
    for (const known of this.#in('busy')) await this.#cancel(this.#in('busy').indexOf(known))
    for (const place of this.#scene.places) this.#scene.pools.release(place.key)
    for (const { going: { connection, peer } } of this.#known.values()) {
      expect(connection.closed).toBe(true)
      await until('its origin sees the end', () => peer.ended || peer.closed)
    }
    expect(this.#scene.pools.drainCounts()).toEqual({})
  }
}

/** A deadline is met within two ticks. */
const LATE_MS = 2 * TICK_MS
const ANSWERS = { keep: NO_CONTENT, close: 'HTTP/1.1 204 N\r\nConnection: close\r\n\r\n', excess: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab' } as const

test('no request meets a connection that is dead, unread, worn or orphaned; busy ones are left alone; the counts are right; nothing is left', async () => {
  await fc.assert(fc.asyncProperty(limits, fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (initial, steps) => {
    const scene = await PoolScene.start({ origins: ORIGINS, limits: initial })
    try {
      const machine = new Machine(scene, initial)
      await machine.run(steps)
      await machine.end()
    } finally {
      scene.close()
    }
  }), { numRuns: 100 })
})
