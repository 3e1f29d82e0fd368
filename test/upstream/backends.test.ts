// A backend as it lives: who starts slowly, whom health takes out, and when all are used nevertheless.
import { describe, expect, test } from 'bun:test'
import type { Balance } from '../../src/model.ts'
import { defaultBackendOptions } from '../../src/table/backend-options.ts'
import { LiveBackend } from '../../src/upstream/backends.ts'
import type { LiveEndpoint } from '../../src/upstream/endpoint.ts'
import { Client, endpoints, request, sources } from './balance/scene.ts'

const SLOW_MS = 30_000

function scene(balance: Balance = { kind: 'round_robin' }) {
  const at = sources()
  const backend = { protocol: 'http', options: { ...defaultBackendOptions, balance, slowStartMs: SLOW_MS }, endpoints: [] } as const
  const live = new LiveBackend(backend, at)
  const update = (all: readonly LiveEndpoint[], secret?: string) => live.update({ ...backend, ...(secret !== undefined && { secret }) }, all)
  return { at, live, update }
}
const slow = (all: readonly LiveEndpoint[]) => all.map(({ startsSlowly }) => startsSlowly)

describe('slow start', () => {
  test('of those that join others; not of the first ones, and not where all are new', () => {
    const { update } = scene()
    const all = endpoints(6)
    update(all.slice(0, 2))
    update(all.slice(0, 3))
    expect(slow(all.slice(0, 3))).toEqual([false, false, true])
    update(all.slice(3))
    expect(slow(all.slice(3))).toEqual([false, false, false])
    update([])
    const again = endpoints(2)
    update(again)
    expect(slow(again)).toEqual([false, false])
  })

  test('ends by time, and an update does not begin it anew', () => {
    const { at, update } = scene()
    const all = endpoints(3)
    update(all.slice(0, 1))
    update(all.slice(0, 2))
    at.ms += SLOW_MS / 2
    update(all)
    expect(all.map((endpoint) => endpoint.shareAt(at.ms))).toEqual([1, 0.5, 0.1])
    at.ms += SLOW_MS / 2
    expect(all.map((endpoint) => endpoint.shareAt(at.ms))).toEqual([1, 1, 0.5])
    expect(slow(all)).toEqual([false, false, true])
  })
})

const check = (live: LiveBackend, one: LiveEndpoint | undefined, isWell: boolean) => live.judge((endpoint) => (endpoint === one ? isWell : endpoint.checked))

describe('health', () => {
  const picked = (live: LiveBackend) => new Set(Array.from({ length: 60 }, () => live.pick([], request())))

  test.each(['round_robin', 'least_conn', 'ewma'] as const)('%s: who is out gets nothing until it is back', (kind) => {
    const { live, update } = scene({ kind })
    const all = endpoints(4)
    update(all)
    check(live, all[1], false)
    expect(picked(live)).toEqual(new Set([all[0], all[2], all[3]]))
    check(live, all[1], true)
    expect(picked(live)).toEqual(new Set(all))
  })

  test('half of them may be out; with more out than that all are used', () => {
    const { live, update } = scene()
    const all = endpoints(4)
    update(all)
    check(live, all[0], false)
    check(live, all[1], false)
    expect(picked(live)).toEqual(new Set(all.slice(2)))
    check(live, all[2], false)
    expect(picked(live)).toEqual(new Set(all))
    check(live, all[0], true)
    expect(picked(live)).toEqual(new Set([all[0], all[3]]))
  })

  test('the rule looks at those that are there now', () => {
    const { live, update } = scene()
    const all = endpoints(4)
    update(all)
    check(live, all[0], false)
    update(all.slice(0, 1))
    expect(picked(live)).toEqual(new Set([all[0]]))
    update(all)
    expect(picked(live)).toEqual(new Set(all.slice(1)))
  })
})

test('a Service made anew has another secret: persistent clients are tied once more', () => {
  const { live, update } = scene({ kind: 'sticky', persistent: true })
  const all = endpoints(3)
  const client = new Client()
  const ask = () => live.pick([], request('', client))
  update(all, 'first')
  const own = ask()
  expect([ask(), client.renewals]).toEqual([own, 1])
  update(all, 'second')
  const next = ask()
  expect([ask(), client.renewals]).toEqual([next, 2])
})
