// A proxy worker gets a snapshot in acknowledged chunks, then deltas, and always ends with the newest table.
import { expect, test } from 'bun:test'
import type { ToProxy } from '../../src/channel.ts'
import type { Backend, Table } from '../../src/model.ts'
import { apply, diff, emptyTable } from '../../src/update.ts'
import { Publication, TableSender } from '../../src/watcher/table-sender.ts'
import { defaultBackendOptions as options } from '../../src/table/backend-options.ts'

const backend = (port: number): Backend => ({ protocol: 'http', options, endpoints: [{ address: '127.0.0.1', port }] })
const many = (version: number, count: number): Table => {
  const backends = Array.from({ length: count }, (_, at) => [`ns/s${at}:80`, backend(at + 1)] as const)
  return { ...emptyTable, version, backends: new Map(backends) }
}
const now = 1000

/** The worker's side: applies what arrives, in order. */
const worker = () => {
  const sent: Exclude<ToProxy, { type: 'unwell' }>[] = []
  const sender = new TableSender({ postMessage: (json) => { sent.push(JSON.parse(json)) }, close: () => {} }, () => now)
  const table = (): Table => sent.reduce((held, { update, type }, at) => {
    const continues = type === 'chunk' && at > 0 && sent[at - 1]?.type === 'chunk' && !('global' in update)
    return apply(held, continues ? { ...update, base: held.version } : update)
  }, emptyTable)
  let acknowledged = 0
  /** Every chunk there is, and those that come in answer. */
  const acknowledge = (): void => {
    while (acknowledged < sent.filter(({ type }) => type === 'chunk').length) {
      acknowledged++
      sender.receive({ type: 'ack' })
    }
  }
  return { sent, sender, table, acknowledge }
}
const publication = (from: Table, to: Table, at = 7): Publication => new Publication(to, diff(from, to, at))

test('a snapshot waits for the first table', () => {
  const { sent, sender } = worker()
  sender.receive({ type: 'snapshot' })
  expect(sent).toEqual([])
  sender.publish(publication(emptyTable, many(1, 2)))
  expect(sent).toMatchObject([{ type: 'chunk', last: true, update: { base: null, version: 1, at: now, global: emptyTable.global } }])
})

test('nothing is sent to a worker that did not ask', () => {
  const { sent, sender } = worker()
  sender.publish(publication(emptyTable, many(1, 2)))
  expect(sent).toEqual([])
})

test('1,200 entries are three chunks, the next one sent on acknowledgement', () => {
  const { sent, sender, table, acknowledge } = worker()
  sender.offer(many(1, 1200))
  sender.receive({ type: 'snapshot' })
  expect(sent).toHaveLength(1)
  acknowledge()
  expect(sent.map((message) => [message.type, message.type === 'chunk' && message.last, message.update.backends.length])).toEqual([
    ['chunk', false, 500], ['chunk', false, 500], ['chunk', true, 200],
  ])
  expect(table().backends).toEqual(many(1, 1200).backends)
})

test('a table without entries is one chunk', () => {
  const { sent, sender } = worker()
  sender.offer(many(1, 0))
  sender.receive({ type: 'snapshot' })
  expect(sent).toMatchObject([{ last: true, update: { version: 1 } }])
})

test('after the snapshot a change is its delta, the same string for all workers', () => {
  const first = many(1, 2)
  const second: Table = { ...first, version: 2, backends: new Map([...first.backends, ['ns/new:80', backend(9)]]) }
  const change = publication(first, second)
  const workers = [worker(), worker()]
  for (const { sender, acknowledge } of workers) {
    sender.offer(first)
    sender.receive({ type: 'snapshot' })
    acknowledge()
    sender.publish(change)
  }
  const update = { base: 1, version: 2, at: 7, backends: [['ns/new:80', backend(9)]] }
  for (const { sent } of workers) expect(sent.at(-1)).toMatchObject({ type: 'delta', update })
})

test('changes during a snapshot are one delta after it', () => {
  const { sent, sender, table, acknowledge } = worker()
  const first = many(1, 600)
  const second: Table = { ...first, version: 2, backends: new Map([...first.backends, ['ns/new:80', backend(9)]]) }
  const third: Table = { ...second, version: 3, backends: new Map([...second.backends].slice(1)) }
  sender.offer(first)
  sender.receive({ type: 'snapshot' })
  sender.publish(publication(first, second, 20))
  sender.publish(publication(second, third, 30))
  expect(sent).toHaveLength(1)
  acknowledge()
  expect(sent.map(({ type }) => type)).toEqual(['chunk', 'chunk', 'delta'])
  expect(sent[2]).toMatchObject({ update: { base: 1, version: 3, at: 20, backends: [['ns/new:80', backend(9)], ['ns/s0:80', null]] } })
  expect(table().backends).toEqual(third.backends)
})

test('asking again starts again, with the newest table', () => {
  const { sent, sender } = worker()
  const first = many(1, 600)
  const second = many(2, 600)
  sender.offer(first)
  sender.receive({ type: 'snapshot' })
  sender.publish(publication(first, second))
  sender.receive({ type: 'snapshot' })
  expect(sent.map(({ update }) => [update.version, 'global' in update])).toEqual([[1, true], [2, true]])
})

test('knows what the worker serves', () => {
  const { sender } = worker()
  expect(sender.version).toBeNull()
  sender.receive({ type: 'at', version: 4 })
  expect(sender.version).toBe(4)
})
