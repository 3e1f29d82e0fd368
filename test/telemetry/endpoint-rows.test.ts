// What workers say of endpoints becomes one row for each: sums, reasons once, the earliest trial, and those that say nothing find it well.
import { expect, test } from 'bun:test'
import { type EndpointRow, isNoteworthy, joinedRows } from '../../src/telemetry/endpoint-rows.ts'

const row: EndpointRow = { backend: 'shop/tea:80', address: '10.0.0.1', port: 80, active: 0, states: { well: 1 }, reasons: [], trialAt: '' }
const [early, late] = ['2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.500Z'] as const
const ejected: EndpointRow = { ...row, active: 2, states: { ejected: 1 }, reasons: ['refused'], trialAt: late }
const joined = (...reports: EndpointRow[][]) => joinedRows(reports.map((rows) => JSON.stringify(rows)))

test('workers that agree', () => {
  expect(joined([ejected], [{ ...ejected, active: 1, trialAt: early }])).toEqual([{ ...ejected, active: 3, states: { ejected: 2 }, trialAt: early }])
})

test('workers that do not', () => {
  const trial: EndpointRow = { ...row, active: 1, states: { trial: 1 }, reasons: ['failing'], trialAt: '' }
  expect(joined([ejected], [trial], [{ ...row, active: 4 }])).toEqual([
    { ...row, active: 7, states: { ejected: 1, trial: 1, well: 1 }, reasons: ['refused', 'failing'], trialAt: late },
  ])
})

test('who says nothing of it finds it well', () => {
  expect(joined([ejected], [], [])).toEqual([{ ...ejected, states: { ejected: 1, well: 2 } }])
})

test('other backends, addresses and ports are other endpoints', () => {
  const rows = [ejected, { ...ejected, backend: 'shop/milk:80' }, { ...ejected, address: '10.0.0.2' }, { ...ejected, port: 81 }]
  expect(joined(rows)).toEqual(rows)
})

test('one that is well and has nothing to do needs no row', () => {
  expect([row, { ...row, active: 1 }, ejected, { ...row, states: { warming: 1 } }].map(isNoteworthy)).toEqual([false, true, true, true])
})
