// Updates: what they hold, and what a table does with one that is not its own.
import { expect, test } from 'bun:test'
import type { Backend, Table } from '../../src/model.ts'
import { apply, diff, emptyTable, LiveTable } from '../../src/update.ts'
import { defaultBackendOptions as options } from '../../src/table/backend-options.ts'

const backend = (port: number): Backend => ({ protocol: 'http', options, endpoints: [{ address: '10.0.0.1', port }] })
const table = (version: number, backends: Record<string, Backend>): Table =>
  ({ ...emptyTable, version, backends: new Map(Object.entries(backends)) })

const kept = backend(1)
const first = table(1, { kept, changed: backend(2), gone: backend(3) })
const second = table(2, { kept, changed: backend(4), fresh: backend(5) })

test('a delta holds what changed and nothing else', () => {
  expect(diff(first, second, 7.5)).toEqual({
    base: 1, version: 2, at: 7.5, hosts: [], certificates: [], authorities: [], streams: [], backends: [['changed', backend(4)], ['fresh', backend(5)], ['gone', null]],
  })
})

test('a snapshot is the difference from the empty table, and always holds the global part', () => {
  expect(diff(emptyTable, first, 0)).toEqual({
    base: null, version: 1, at: 0, global: first.global, hosts: [], certificates: [], authorities: [], streams: [], backends: [...first.backends],
  })
})

test('a live table refuses the update of another version and stays as it is', () => {
  const live = new LiveTable(first)
  expect(live.apply(diff(second, { ...first, version: 3 }, 0))).toBe(false)
  expect(live.version).toBe(1)
  expect(live.backends).toEqual(new Map(first.backends))
  expect(() => apply(first, diff(second, first, 0))).toThrow('the update is for version 2, the table is version 1')
})

test('a snapshot replaces what a live table held', () => {
  const live = new LiveTable(first)
  expect(live.apply(diff(emptyTable, second, 0))).toBe(true)
  expect(live.version).toBe(2)
  expect(live.backends).toEqual(new Map(second.backends))
})

test('apply leaves its argument alone', () => {
  apply(first, diff(first, second, 0))
  expect([...first.backends.keys()]).toEqual(['kept', 'changed', 'gone'])
})
