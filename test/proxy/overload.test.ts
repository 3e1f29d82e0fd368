// When memory runs short: what is refused and what is not, when it is over, and what is said of it. Memory is what the test says.
import { expect, test } from 'bun:test'
import { Descriptors } from '../../src/machine/descriptors.ts'
import { Overload } from '../../src/proxy/overload.ts'
import { configMap } from '../../src/settings.ts'
import { stillClock } from '../http/support.ts'

const MIB = 2 ** 20
const FLOOR_REQUESTS = 16, FLOOR_CONNECTIONS = 64
const scene = (data: Readonly<Record<string, string>> = {}, lowestDescriptor = 10) => {
  const clock = stillClock()
  const seen = { usedMiB: 100, lowest: lowestDescriptor, notes: [] as string[], relieved: [] as number[], collections: 0 }
  const overload = new Overload(configMap.parse(data), {
    clock,
    memory: { use: () => ({ usedBytes: seen.usedMiB * MIB, limitBytes: 1000 * MIB }) },
    descriptors: new Descriptors(1000, () => seen.lowest),
    relieve: (share) => { seen.relieved.push(share) },
    collect: () => { seen.collections++ },
    note: (line) => { seen.notes.push(line) },
  })
  const look = (usedMiB: number) => {
    seen.usedMiB = usedMiB
    overload.expired()
  }
  return { overload, seen, look }
}
const code = (overload: Overload, upgrade = false) => overload.enter(upgrade)?.code ?? 'taken'

test('at the share nothing is refused; above it new work is, down to a floor, until a tenth of the limit has come free', () => {
  const { overload, seen, look } = scene()
  look(750)
  expect(overload.door()).toEqual({ connections: 468, reason: 'descriptors' })
  look(751)
  expect(overload.door()).toEqual({ connections: FLOOR_CONNECTIONS, reason: 'memory' })
  for (let i = 0; i < FLOOR_REQUESTS; i++) expect(code(overload)).toBe('taken')
  expect([code(overload), code(overload, true)]).toEqual(['short_memory', 'short_memory'])
  look(651)
  expect(code(overload)).toBe('short_memory')
  look(650)
  expect([code(overload), overload.door().reason]).toEqual(['taken', 'descriptors'])
  expect(seen.notes).toEqual([
    'memory is short, 751 of 1000 MiB in use: new connections and requests are refused; raise the limit, or lower max-worker-connections',
    'memory is enough again, 650 of 1000 MiB in use',
  ])
  expect(seen.relieved).toEqual([0.25, 0.25])
})

test('another share, and none', () => {
  const half = scene({ 'max-memory-percent': '50' })
  half.look(501)
  expect(half.overload.memoryShort).toBe(true)
  half.overload.configure(configMap.parse({ 'max-memory-percent': '0' }))
  half.look(1000)
  expect(half.overload.memoryShort).toBe(false)
})

test('places of requests and of tunnels come back apart', () => {
  const { overload } = scene({ 'max-worker-requests': '1', 'max-worker-tunnels': '1' })
  expect([code(overload), code(overload, true), code(overload), code(overload, true)]).toEqual(['taken', 'taken', 'limit_worker_requests', 'limit_worker_tunnels'])
  for (const upgrade of [false, false, true, true]) overload.leave(upgrade)
  expect([code(overload), code(overload, true)]).toEqual(['taken', 'taken'])
})

test('without a descriptor what is idle is closed first; where that gives none the request is refused, until there is one', () => {
  const { overload, seen } = scene({}, 936)
  overload.expired()
  expect(code(overload)).toBe('short_descriptors')
  expect(seen.relieved).toEqual([0])
  seen.lowest = 900
  expect(code(overload)).toBe('taken')
})

test('a flood is noticed between two looks, by how many have come', () => {
  const { overload, seen } = scene()
  seen.usedMiB = 900
  const reasons = Array.from({ length: 64 }, () => overload.door().reason)
  expect([reasons[0], reasons.at(-1)]).toEqual(['descriptors', 'memory'])
})

test('a burst is tidied up after once, when nothing has been under way for two seconds; a few requests are not', () => {
  const { overload, seen, look } = scene()
  const looks = (count: number) => { for (let i = 0; i < count; i++) look(100) }
  const requests = (count: number) => { for (let i = 0; i < count; i++) { overload.enter(false); overload.leave(false) } }
  requests(63)
  looks(50)
  expect(seen.collections).toBe(0)
  requests(1)
  overload.enter(true)
  looks(50)
  expect(seen.collections).toBe(0)
  overload.leave(true)
  looks(19)
  expect(seen.collections).toBe(0)
  looks(50)
  expect(seen.collections).toBe(1)
})
