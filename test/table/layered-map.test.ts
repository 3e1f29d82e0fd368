// Each version of a shared map is what a plain map would be, and stays so whatever comes after it.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SharedMap } from '../../src/table/shared-map.ts'

type Value = { readonly of: number }
const sorted = (entries: Iterable<[string, Value]>) => [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))
const key = fc.integer({ min: 0, max: 400 }).map(String)
const change = fc.record({ key, value: fc.option(fc.integer().map((of): Value => ({ of }))) })

test('a version is a map of that moment, for ever', () => {
  fc.assert(fc.property(fc.array(fc.array(change, { maxLength: 60, size: 'max' }), { maxLength: 12, size: 'max' }), (batches) => {
    const [shared, plain] = [new SharedMap<Value>(), new Map<string, Value>()]
    const versions = batches.map((batch) => {
      for (const { key: at, value } of batch) {
        if (value === null) [shared, plain].forEach((map) => map.delete(at))
        else [shared, plain].forEach((map) => map.set(at, value))
      }
      return { version: shared.share(), expected: new Map(plain) }
    })
    for (const { version, expected } of versions) {
      expect(sorted(version)).toEqual(sorted(expected))
      expect(version.size).toBe(expected.size)
      for (let at = 0; at <= 400; at++) expect([version.has(`${at}`), version.get(`${at}`)]).toEqual([expected.has(`${at}`), expected.get(`${at}`)])
    }
  }), { numRuns: 50 })
})

test('the same map while nothing changed, also by a change to what it is', () => {
  const shared = new SharedMap<Value>()
  const value = { of: 1 }
  shared.set('a', value)
  const first = shared.share()
  shared.set('a', value)
  expect(shared.share()).toBe(first)
  shared.set('a', { of: 1 })
  expect(shared.share()).not.toBe(first)
})

test('all ways through it', () => {
  const shared = new SharedMap<Value>()
  for (const at of ['a', 'b', 'c']) shared.set(at, { of: 1 })
  shared.share()
  shared.delete('b')
  shared.set('d', { of: 2 })
  const version = shared.share()
  const seen: string[] = []
  version.forEach(({ of }, at) => seen.push(`${at}${of}`))
  expect([seen, [...version.keys()], [...version.values()].map(({ of }) => of)]).toEqual([['a1', 'c1', 'd2'], ['a', 'c', 'd'], [1, 1, 2]])
})
