// What holds for any objects: the order in which they come does not matter, and neither does what was built before.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { KubeObject, Objects } from '../../src/kube/objects.ts'
import type { Table, Update } from '../../src/model.ts'
import { builder, type Build } from '../../src/table/build.ts'
import { PendingChanges } from '../../src/watcher/pending-changes.ts'
import { apply, diff, emptyTable, LiveTable, step as updateOf } from '../../src/update.ts'
import { objectsOf, options } from './objects.ts'
import { anyObject, anySlice } from './worlds.ts'

const buildOptions = options({ defaultBackendService: 'default/s3' })
const fresh = (objects: Objects) => builder(buildOptions).full(objects)

/** Comparable: maps by key, no version. */
const content = ({ table: { global, hosts, backends, certificates }, issues }: Build) =>
  ({ global, hosts: [...hosts].sort(byKey), backends: [...backends].sort(byKey), certificates: [...certificates].sort(byKey), issues })
/** Its maps as maps. */
const plain = (table: Table): Table => ({ ...table, hosts: new Map(table.hosts), backends: new Map(table.backends), streams: new Map(table.streams) })
const keysOf = ({ hosts, backends }: Update) => [hosts, backends].map((entries) => entries.map(([key]) => key).toSorted())
const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1)

const distinct = fc.uniqueArray(anyObject, { selector: ({ kind, meta }) => `${kind} ${meta.name}`, maxLength: 20, size: 'max' })

test('the order of the objects changes neither table nor issues', () => {
  const shuffled = distinct.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  fc.assert(fc.property(shuffled, ([all, others]) => {
    expect(content(fresh(objectsOf(others)))).toEqual(content(fresh(objectsOf(all))))
  }), { numRuns: 100 })
})

type Step = { readonly object: KubeObject; readonly remove: boolean; readonly full: boolean; readonly later: boolean }
const step = fc.record({
  object: fc.oneof({ weight: 4, arbitrary: anyObject }, { weight: 1, arbitrary: anySlice }),
  remove: fc.constantFrom(true, false, false),
  full: fc.constantFrom(true, false, false, false),
  /** With the next one, in one build. */
  later: fc.constantFrom(true, false, false),
})
const steps = fc.array(step, { maxLength: 40, size: 'max' })

/** Calls `check` after each step with what the one builder made of it. */
function play(all: readonly Step[], check: (build: Build, objects: Objects) => void): void {
  const kept = new Map<string, KubeObject>()
  const built = builder(buildOptions)
  const pending = new PendingChanges()
  for (const { object, remove, full, later } of all) {
    const key = `${object.kind} ${object.meta.name}`
    if (remove && kept.has(key)) kept.delete(key)
    else kept.set(key, object)
    const objects = objectsOf(kept.values())
    pending.add({ op: 'set', object })
    if (later) continue
    const changed = pending.take()
    check(full || changed === null ? built.full(objects) : built.change(objects, changed), objects)

  }
}

test('a builder with a history gives what a fresh one gives', () => {
  fc.assert(fc.property(steps, (all) => {
    play(all, (build, objects) => { expect(content(build)).toEqual(content(fresh(objects))) })
  }), { numRuns: 100 })
})

test('every update brings the former table to the next, as a new table and in place', () => {
  fc.assert(fc.property(steps, (all) => {
    let former = emptyTable
    const live = new LiveTable()
    play(all, ({ table, changed }) => {
      const update: Update = JSON.parse(JSON.stringify(updateOf(former, table, { at: 0, changed })))
      expect(keysOf(update)).toEqual(keysOf(diff(former, table, 0)))
      expect(apply(former, update)).toEqual(plain(table))
      expect(live.apply(update)).toBe(true)
      const { version, global, hosts, backends, certificates, authorities, streams } = live
      expect<Table>({ version, global, hosts, backends, certificates, authorities, streams }).toEqual(plain(table))
      former = table
    })
  }), { numRuns: 100 })
})
