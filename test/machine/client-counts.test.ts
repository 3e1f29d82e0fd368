// Connections of each client over several workers: exact while few clients share cells, gone with the worker, and never less than there are.
import { expect, test } from 'bun:test'
import { ClientCounts, clientPart } from '../../src/machine/client-counts.ts'

const workers = (count: number, seed = 1n) => {
  const parts = Array.from({ length: count }, clientPart)
  const all = parts.map((own) => new ClientCounts({ seed, own }))
  for (const one of all) one.share(parts)
  return { all, parts }
}
const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`

test('a limit holds over all workers together, and each place comes back once', () => {
  const { all: [one, two] } = workers(2)
  expect([one!.enter('a', 3), two!.enter('a', 3), one!.enter('a', 3), two!.enter('a', 3), one!.enter('a', 3)]).toEqual([true, true, true, false, false])
  expect(two!.enter('b', 1)).toBe(true)
  two!.leave('a')
  expect([one!.enter('a', 3), two!.enter('a', 3)]).toEqual([true, false])
})

test('what a worker had counted goes with its part', () => {
  const { all: [one, two], parts } = workers(2)
  for (let i = 0; i < 5; i++) expect(two!.enter('a', 5)).toBe(true)
  expect(one!.enter('a', 5)).toBe(false)
  one!.share(parts.slice(0, 1))
  for (let i = 0; i < 5; i++) expect(one!.enter('a', 5)).toBe(true)
  expect(one!.enter('a', 5)).toBe(false)
})

test('32,768 clients with a connection each: none is counted for less, one in forty for more, and by another seed it is another', () => {
  const crowded = (seed: bigint) => {
    const { all: [one, two] } = workers(2, seed)
    for (let i = 0; i < 32_768; i++) expect((i % 2 === 0 ? one! : two!).enter(address(i), 100)).toBe(true)
    const wrong = new Set<number>()
    for (let i = 0; i < 2_000; i++) {
      expect(one!.enter(address(i), 1)).toBe(false)
      if (!two!.enter(address(i), 2)) wrong.add(i)
      else two!.leave(address(i))
    }
    return wrong
  }
  const [first, second] = [crowded(1n), crowded(2n)]
  for (const wrong of [first, second]) {
    expect(wrong.size).toBeGreaterThan(10)
    expect(wrong.size).toBeLessThan(90)
  }
  expect([...first].filter((i) => second.has(i)).length).toBeLessThan(first.size / 4)
})
