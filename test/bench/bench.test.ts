// What the benchmark reads and computes, without running it.
import { expect, test } from 'bun:test'
import { busyTicksOf, coreBusyUs, cpuUs, ticksOf } from './cpu.ts'
import { cells } from './cells.ts'
import { parseH2load } from './h2load.ts'
import { shortfall } from './measure.ts'
import { parseOptions } from './options.ts'
import { median, ratio, report, type Row, verdict } from './report.ts'
import { parseWrk } from './wrk.ts'

const wrkReport = `Running 2s test @ http://127.0.0.1:7901/
  1 threads and 64 connections
  138245 requests in 2.00s, 11.60MB read
Requests/sec:  69122.85`

test('wrk: requests, seconds and octets', () => {
  expect(parseWrk(wrkReport)).toEqual({ requests: 138245, seconds: 2, octets: 11.6 * 2 ** 20, trouble: undefined })
  expect(parseWrk('  900 requests in 999.50ms, 1.00KB read')).toEqual({ requests: 900, seconds: 0.9995, octets: 1024, trouble: undefined })
  expect(parseWrk('  900 requests in 1.50m, 2.00GB read')).toEqual({ requests: 900, seconds: 90, octets: 2 ** 31, trouble: undefined })
})

test('wrk: an error, an unexpected status or no report makes the sample unusable', () => {
  expect(parseWrk(`${wrkReport}\n  Socket errors: connect 0, read 3, write 0, timeout 0`).trouble).toStartWith('Socket errors: connect 0, read 3')
  expect(parseWrk(`${wrkReport}\n  Non-2xx or 3xx responses: 7`).trouble).toBe('Non-2xx or 3xx responses: 7')
  expect(parseWrk('unable to connect').trouble).toBe('wrk: unable to connect')
})

const h2loadReport = (requests: string, statuses: string, protocol = 'h2') => `Application protocol: ${protocol}
finished in 1.00s, 22758.00 req/s, 2.95MB/s
requests: ${requests}
status codes: ${statuses}
traffic: 2.95MB (3092720) total, 977.81KB (1001282) headers (space savings 66.28%), 1.30MB (1365480) data`

test('h2load: requests, seconds and octets of bodies', () => {
  const good = h2loadReport('22758 total, 22918 started, 22758 done, 22758 succeeded, 0 failed, 0 errored, 0 timeout', '22760 2xx, 0 3xx, 0 4xx, 0 5xx')
  expect(parseH2load(good)).toEqual({ requests: 22758, seconds: 1, octets: 1365480, trouble: undefined })
})

test.each([
  ['failed', h2loadReport('9 total, 9 started, 9 done, 8 succeeded, 1 failed, 0 errored, 0 timeout', '9 2xx, 0 3xx, 0 4xx, 0 5xx')],
  ['errored', h2loadReport('9 total, 9 started, 9 done, 8 succeeded, 0 failed, 1 errored, 0 timeout', '9 2xx, 0 3xx, 0 4xx, 0 5xx')],
  ['1 with 2xx', h2loadReport('9 total, 9 started, 9 done, 9 succeeded, 0 failed, 0 errored, 0 timeout', '1 2xx, 0 3xx, 0 4xx, 8 5xx')],
  ['protocol was http/1.1', h2loadReport('9 total, 9 started, 9 done, 9 succeeded, 0 failed, 0 errored, 0 timeout', '9 2xx, 0 3xx, 0 4xx, 0 5xx', 'http/1.1')],
  ['no address', 'no address'],
  ['0 done', h2loadReport('0 total, 0 started, 0 done, 0 succeeded, 0 failed, 0 errored, 0 timeout', '0 2xx, 0 3xx, 0 4xx, 0 5xx')],
])('h2load: what makes the sample unusable: %s', (trouble, text) => { expect(parseH2load(text).trouble).toContain(trouble) })

test('answers without their bodies are no answers', () => {
  expect(shortfall({ requests: 10, seconds: 1, octets: 11_000, trouble: undefined }, 1000)).toBeUndefined()
  expect(shortfall({ requests: 10, seconds: 1, octets: 9_000, trouble: undefined }, 1000)).toBe('900 octets an answer instead of 1000')
})

test('the command line: all cells beside nginx, or what is named', () => {
  const all = parseOptions([])
  expect(all).toMatchObject({ cells, peers: ['nginx', 'lintel'], rounds: 7, gate: false, json: undefined })
  const some = parseOptions(['--only', 'h1-1m,h1-small', '--peers', 'nginx,haproxy', '--rounds', '5', '--quick', '--gate', '--json', 'out.json'])
  expect(some).toMatchObject({ peers: ['nginx', 'haproxy', 'lintel'], rounds: 5, seconds: 1, gate: true, json: 'out.json' })
  expect(some.cells.map(({ name }) => name)).toEqual(['h1-small', 'h1-1m'])
})

test.each([
  [['--only', 'h3'], '--only: there is no cell "h3"'],
  [['--peers', 'apache'], '--peers: there is no peer "apache"'],
  [['--rounds', '0'], '--rounds: expected a number from 1 on, not "0"'],
  [['--fast'], '--fast'],
])('the command line refuses %j', (args, message) => { expect(() => parseOptions(args)).toThrow(message) })

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

test('a bar is held up to its value, and a ratio that is none says so', () => {
  expect(verdict({ ratio: 1.1, bar: 1.1 })).toBe('1.10 (bar: 1.1, held)')
  expect(verdict({ ratio: 1.2, bar: 1.1 })).toBe('1.20 (bar: 1.1, BROKEN)')
  expect(verdict({ ratio: NaN, bar: 1.1 })).toBe('not comparable')
})

test('a busy machine is named', () => {
  const nginx = row('nginx', [10])
  const busy = { ...nginx, samples: nginx.samples.map((sample) => ({ ...sample, otherShare: 0.4 })) }
  expect(report([nginx], nginx)).not.toContain('quiet machine')
  expect(report([busy], busy)).toContain('quiet machine')
})
