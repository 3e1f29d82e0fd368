// List and watch against a scripted API server: nothing lost, nothing told twice, no storm of lists, and pauses where the server asks for them.
import { beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ApiError } from '../../src/cluster/api-error.ts'
import { Collection } from '../../src/cluster/collection.ts'
import { Reflector, type Follower, type Timing } from '../../src/cluster/reflector.ts'
import { resources } from '../../src/cluster/resources.ts'
import { troubleOf } from '../../src/cluster/troubles.ts'
import type { Api, Query, Send, WatchOptions } from '../../src/cluster/transport.ts'
import type { WatchEvent } from '../../src/cluster/watch-events.ts'
import type { Change } from '../../src/kube/objects.ts'

type Step = WatchEvent | Error
const raw = (name: string, version: number) => ({ metadata: { name, namespace: 'ns', resourceVersion: String(version) }, data: { version: String(version) } })
const event = (type: WatchEvent['type'], name: string, version: number): WatchEvent => ({ type, object: raw(name, version) })
const gone = (): ApiError => new ApiError({ code: 410, reason: 'Expired', message: 'too old resource version' })

/** Answers what the test queued; when nothing is left, it stops the reflector. */
class ScriptedApi implements Api {
  readonly lists: unknown[] = []
  readonly watches: Step[][] = []
  readonly asked: Query[] = []
  /** The version of the moment, for who asks no more than that. */
  now = ''
  nowAsked = 0
  readonly stop = new AbortController()

  async request(_path: string, { query = {} }: Send = {}): Promise<unknown> {
    if (query['limit'] === 1) {
      this.nowAsked++
      return { items: [], metadata: { resourceVersion: this.now } }
    }
    this.asked.push(query)
    const list = this.lists.shift()
    if (list === undefined) this.stop.abort()
    if (list === undefined || list instanceof Error) throw list ?? new Error('stopped')
    return list
  }
  async *watch(_path: string, query: Query, { opened }: WatchOptions): AsyncGenerator<WatchEvent> {
    this.asked.push(query)
    const steps = this.watches.shift()
    if (steps === undefined) this.stop.abort()
    opened()
    for (const step of steps ?? []) {
      if (step instanceof Error) throw step
      yield step
    }
  }
}

let api: ScriptedApi
let waits: number[]
let told: string[]
let timing: Timing
const follower: Follower = {
  began: () => { told.push('began') },
  page: (items) => { told.push(`page ${items.length}`) },
  listed: () => { told.push('listed') },
  event: (type, object) => { told.push(`${type} ${JSON.stringify(object).match(/"name":"(\w+)"/)?.[1]}`) },
  failed: (error, failures) => { told.push(`failed ${failures}: ${error instanceof Error ? error.message : String(error)}`) },
  recovered: () => { told.push('recovered') },
}
const list = (version: number, names: readonly string[], next = '') => ({ items: names.map((name) => raw(name, version)), metadata: { resourceVersion: String(version), continue: next } })
const follow = () => new Reflector(api, { path: '/x', query: {} }, { follower, timing }).follow(api.stop.signal)

beforeEach(() => {
  api = new ScriptedApi()
  api.now = '1000'
  told = []
  waits = []
  timing = { watchS: 30, idleMs: 45_000, resyncMs: 0, random: () => 0, wait: async (ms) => { waits.push(ms) } }
})

test('a list in pages, then the watch goes on from its version, and the next from the last event', async () => {
  api.lists.push(list(5, ['a', 'b'], 'token'), list(5, ['c']))
  api.watches.push([event('MODIFIED', 'a', 7), event('BOOKMARK', '', 9)], [])
  await follow()
  expect(told).toEqual(['began', 'page 2', 'page 1', 'listed', 'MODIFIED a'])
  expect(api.asked.map(({ resourceVersion, continue: token }) => resourceVersion ?? token)).toEqual([undefined, 'token', '5', '9', '9'])
})

test('a watch that breaks goes on at the last event, without a list', async () => {
  api.lists.push(list(1, []))
  api.watches.push([event('ADDED', 'a', 2), new Error('ECONNRESET')], [event('ADDED', 'b', 3)])
  await follow()
  expect(told).toEqual(['began', 'page 0', 'listed', 'ADDED a', 'failed 1: ECONNRESET', 'recovered', 'ADDED b'])
  expect(api.asked.map(({ resourceVersion }) => resourceVersion)).toEqual([undefined, '1', '2', '3'])
})

test('a version that is forgotten costs a list; a server that forgets each one is asked every few seconds, not more', async () => {
  api.lists.push(list(1, ['a']), list(2, ['a']), list(3, ['a']))
  api.watches.push([gone()], [gone()], [])
  await follow()
  expect(told.filter((line) => line === 'listed')).toHaveLength(3)
  expect(told.some((line) => line.startsWith('failed'))).toBe(false)
  const pauses = waits.filter((ms) => ms > 1000)
  expect(pauses).toHaveLength(2)
  for (const ms of pauses) expect(ms).toBeGreaterThan(4000)
})

test('pauses between failures grow, to a bound, and end with the first success', async () => {
  api.lists.push(...Array.from({ length: 8 }, () => new Error('ECONNREFUSED')), list(1, []))
  await follow()
  expect(waits.slice(0, 8)).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000])
  expect(told.slice(-3)).toEqual(['page 0', 'recovered', 'listed'])
})

test('Retry-After is obeyed, up to a minute', async () => {
  const busy = (retryAfterMs: number) => new ApiError({ code: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs })
  api.lists.push(busy(7000), busy(3_600_000), list(1, []))
  await follow()
  expect(waits.slice(0, 2)).toEqual([7100, 60_200])
})

test('--sync-period: a watch ends when the next list is due, and no list comes sooner than every few seconds', async () => {
  timing = { ...timing, resyncMs: 12_000 }
  api.lists.push(list(1, []))
  api.watches.push([])
  await follow()
  expect(api.asked[1]?.['timeoutSeconds']).toBe(12)
  api = new ScriptedApi()
  timing = { ...timing, resyncMs: 10 }
  api.lists.push(list(1, []))
  await follow()
  expect(api.asked[1]?.['timeoutSeconds']).toBe(5)
})

describe('an etcd that was put back to an older state', () => {
  test('is noticed after a failure, before a watch from a version that is still to come', async () => {
    api.lists.push(list(50, ['a', 'b']), list(40, ['a']))
    api.watches.push([event('MODIFIED', 'a', 60), new Error('ECONNRESET')], [])
    api.now = '40'
    await follow()
    expect(told).toEqual(['began', 'page 2', 'listed', 'MODIFIED a', 'failed 1: ECONNRESET', 'began', 'page 1', 'recovered', 'listed'])
    expect(api.asked.map(({ resourceVersion }) => resourceVersion)).toEqual([undefined, '50', undefined, '40', '40'])
  })

  test('is noticed after a watch that was silent to its end', async () => {
    api.lists.push(list(50, ['a']), list(40, ['a']))
    api.watches.push([], [])
    api.now = '40'
    await follow()
    expect(told.filter((line) => line === 'listed')).toHaveLength(2)
  })

  test.each([['50', 'the same version'], ['51', 'a later one'], ['100', 'a later one with more digits'], ['opaque', 'one of no known order']])('%s is not that: %s', async (now) => {
    api.lists.push(list(50, ['a']), list(51, ['a']))
    api.watches.push([new Error('ECONNRESET')], [])
    api.now = now
    await follow()
    expect(told.filter((line) => line === 'listed')).toHaveLength(1)
    expect(api.nowAsked).toBeGreaterThan(0)
  })

  test('an object whose version was used twice is read anew', () => {
    const changes: Change[] = []
    const collection = new Collection({ kind: 'ConfigMap', apiVersion: 'v1' }, { changed: (some) => { changes.push(...some) }, issues: () => undefined })
    const list = (data: Readonly<Record<string, string>>) => {
      collection.began()
      collection.page([{ ...raw('a', 7), data }])
      collection.listed()
    }
    list({ of: 'the future that was' })
    list({ of: 'today' })
    list({ of: 'today' })
    expect(changes.map((change) => change.op === 'set' && change.object.kind === 'ConfigMap' && change.object.data)).toEqual([{ of: 'the future that was' }, { of: 'today' }])
  })
})

test('a server that says nothing is told of at once, one that breaks off when it happens again', async () => {
  const resource = { resource: resources.Ingress, namespace: '' }
  const silence = new DOMException('nothing came for 45 s', 'TimeoutError')
  expect(troubleOf(silence, 1, resource)?.reason).toContain('nothing came for 45 s')
  expect(troubleOf(new Error('ECONNRESET'), 1, resource)).toBe(null)
  expect(troubleOf(new Error('ECONNRESET'), 2, resource)).not.toBe(null)
})

test.each([[401, true], [403, true], [500, true], [400, false], [422, false]])('after HTTP %i the version is kept: %p', async (code, kept) => {
  api.lists.push(list(1, []), list(2, []))
  api.watches.push([new ApiError({ code, reason: '', message: 'no' })], [])
  await follow()
  expect(api.asked[2]?.['resourceVersion']).toBe(kept ? '1' : undefined)
})

describe('whatever happens in between, what is known in the end is what the server has', () => {
  type Action = { readonly name: string; readonly op: 'set' | 'delete' | 'break' | 'forget' }
  const action: fc.Arbitrary<Action> = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), op: fc.constantFrom('set', 'set', 'delete', 'break', 'forget') })

  test('over random histories', async () => {
    await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      api = new ScriptedApi()
      api.now = '1000'
      const server = new Map<string, number>()
      let version = 1
      api.lists.push(list(version, []))
      let steps: Step[] = []
      for (const { name, op } of actions) {
        if (op === 'set') {
          steps.push(event(server.has(name) ? 'MODIFIED' : 'ADDED', name, ++version))
          server.set(name, version)
        } else if (op === 'delete') {
          if (server.delete(name)) steps.push(event('DELETED', name, ++version))
        } else {
          if (op === 'forget') {
            // What changes unseen is in the next list only.
            if (server.has(name)) server.set(name, ++version)
            server.delete('d')
            api.lists.push({ items: [...server].map(([each, at]) => raw(each, at)), metadata: { resourceVersion: String(++version) } })
          }
          api.watches.push([...steps, op === 'forget' ? gone() : new Error('ECONNRESET')])
          steps = []
        }
      }
      api.watches.push(steps)
      const known = new Map<string, string>()
      const changed = (changes: readonly Change[]) => {
        for (const change of changes) {
          if (change.op === 'delete') known.delete(change.key)
          else if (change.object.kind === 'ConfigMap') known.set(`ns/${change.object.meta.name}`, change.object.data['version'] ?? '')
        }
      }
      const collection = new Collection({ kind: 'ConfigMap', apiVersion: 'v1' }, { changed, issues: () => undefined })
      const followed: Follower = {
        began: () => collection.began(), page: (items) => collection.page(items), listed: () => collection.listed(), event: (type, object) => collection.event(type, object),
        failed: () => undefined, recovered: () => undefined,
      }
      await new Reflector(api, { path: '/x', query: {} }, { follower: followed, timing }).follow(api.stop.signal)
      expect(Object.fromEntries(known)).toEqual(Object.fromEntries([...server].map(([name, at]) => [`ns/${name}`, String(at)])))
    }))
  })
})
