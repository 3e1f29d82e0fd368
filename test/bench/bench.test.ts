// What the benchmark reads and computes, without running it.
import { expect, test } from 'bun:test'
import { busyTicksOf, coreBusyUs, cpuUs, ticksOf } from './cpu.ts'
import { median, ratio, report, type Row } from './report.ts'
import { parseWrk } from './wrk.ts'

const wrkReport = `Running 2s test @ http://127.0.0.1:7901/
  1 threads and 64 connections
  138245 requests in 2.00s, 11.60MB read
Requests/sec:  69122.85`

test('wrk: requests and seconds', () => {
  expect(parseWrk(wrkReport)).toEqual({ requests: 138245, seconds: 2, trouble: undefined })
  expect(parseWrk('  900 requests in 999.50ms, 1MB read')).toEqual({ requests: 900, seconds: 0.9995, trouble: undefined })
})

test('wrk: an error, an unexpected status or no report makes the sample unusable', () => {
  expect(parseWrk(`${wrkReport}\n  Socket errors: connect 0, read 3, write 0, timeout 0`).trouble).toStartWith('Socket errors: connect 0, read 3')
  expect(parseWrk(`${wrkReport}\n  Non-2xx or 3xx responses: 7`).trouble).toBe('Non-2xx or 3xx responses: 7')
  expect(parseWrk('unable to connect').trouble).toBe('wrk: unable to connect')
})

test('proc: ticks, whatever the command is called', () => {
  expect(ticksOf('42 (a) b (c)) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 9 9 20 0 4 0 100 1 1')).toBe(200)
  expect(busyTicksOf('cpu  9 9 9 9\ncpu0 100 1 20 5000 7 3 4 0 0 0\ncpu1 1 1 1 1 1 1 1 0 0 0\n', 0)).toBe(128)
})

test('proc: this process and a core of this machine', () => {
  const before = cpuUs(process.pid)
  while (cpuUs(process.pid) < before + 20_000) Bun.hash('some work')
  expect(coreBusyUs(0)).toBeGreaterThan(0)
})

const row = (name: string, costs: readonly number[], trouble?: string): Row => ({
  name,
  samples: costs.map((cpuUsPerRequest) => ({ cpuUsPerRequest, requestsPerSecond: 1000, ownShare: 0.9, otherShare: 0.05, trouble })),
})

test('the ratio is the median of the rounds, not the ratio of medians', () => {
  expect(median([3, 1, 2, 10])).toBe(2.5)
  expect(ratio(row('Lintel', [10, 30, 9]), row('nginx', [10, 20, 10]))).toBe(1)
})

test('one bad sample spoils its row and the ratio', () => {
  const nginx = row('nginx', [10, 10])
  const broken = row('Lintel', [9, 9], 'Socket errors: read 1')
  expect(ratio(broken, nginx)).toBeNaN()
  expect(report([broken, nginx], broken).split('\n').at(-1)).toBe('| nginx | 10.0 (10.0-10.0) | - | 1000 | 90 % | 5 % | 2 |')
  expect(report([nginx, broken], nginx).split('\n').slice(2)).toEqual([
    '| nginx | 10.0 (10.0-10.0) | 1.00 | 1000 | 90 % | 5 % | 2 |',
    '| Lintel | invalid: Socket errors: read 1 | | | | | 2 |',
  ])
})

test('a busy machine is named', () => {
  const nginx = row('nginx', [10])
  const busy = { ...nginx, samples: nginx.samples.map((sample) => ({ ...sample, otherShare: 0.4 })) }
  expect(report([nginx], nginx)).not.toContain('quiet machine')
  expect(report([busy], busy)).toContain('quiet machine')
})
