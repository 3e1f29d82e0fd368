// What the benchmark reads and computes, and one small run of it: that it measures, and that a load which fails is told.
import { expect, test } from 'bun:test'
import { cells } from './cells.ts'
import { compete, contestantsOf, type Row } from './contest.ts'
import { cpu, shortfall } from './kinds/cpu.ts'
import { parseH2load } from './loads/h2load.ts'
import { paced } from './loads/paced.ts'
import { parseWrk } from './loads/wrk.ts'
import { judge, median, ratio, troubleOf } from './numbers.ts'
import { parseOptions } from './options.ts'
import { OURS, peerKinds } from './peers.ts'
import type { PeerKind } from './peers/peer.ts'
import { busyTicksOf, coreBusyUs, cpuUs, memoryOf, ticksOf } from './proc.ts'
import { sentence, summary, tableOf } from './report.ts'
import { decode, encode, fields, small } from './requests.ts'
import { hostsOf } from './site.ts'

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

test.each([
  [{ requests: 10, octets: 11_000, seconds: 1 }, undefined],
  [{ requests: 10, octets: 9_000, seconds: 1 }, '900 octets an answer instead of 1000'],
  [{ requests: 10, octets: 11_000, seconds: 0.5 }, 'the load ended after 0.5 s of 1'],
  [{ requests: 0, octets: 0, seconds: 1 }, 'no request was answered'],
])('a load that is short is none: %j', (report, why) => {
  expect(shortfall({ ...report, trouble: undefined }, { bodyBytes: 1000, seconds: 1 })).toBe(why)
})

test('requests go to generators as they are', () => {
  expect(decode(encode([...fields, 'POST / HTTP/1.1\r\n\r\n\n5\n']))).toEqual([...fields, 'POST / HTTP/1.1\r\n\r\n\n5\n'])
  expect(new Set(fields).size).toBe(64)
  expect(fields[0]?.split('\r\n').length).toBe(1 + 20 + 2)
  expect(new Set(hostsOf({ hosts: 5_000 })).size).toBe(5_000)
})

test('the command line: all cells beside all peers, or what is named', () => {
  expect(parseOptions([])).toMatchObject({ cells, whole: true, peers: ['nginx', 'haproxy', 'envoy', 'traefik', 'caddy', 'lintel'], rounds: 5, gate: false, json: undefined })
  const some = parseOptions(['--only', 'h1-1m,h1-small', '--peers', 'nginx,envoy', '--rounds', '6', '--quick', '--gate', '--json', 'out.json'])
  expect(some).toMatchObject({ peers: ['nginx', 'envoy', 'lintel'], whole: false, rounds: 6, seconds: 1, gate: true, json: 'out.json' })
  expect(some.cells.map(({ name }) => name)).toEqual(['h1-small', 'h1-1m'])
  expect(parseOptions(['--quick']).peers).toEqual(['nginx', 'haproxy', 'lintel'])
  expect(parseOptions(['--against', 'HEAD~1'])).toMatchObject({ peers: ['lintel'], against: 'HEAD~1', whole: false })
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
  const { rss, pss } = memoryOf(process.pid)
  expect(pss).toBeGreaterThan(1e6)
  expect(rss).toBeGreaterThanOrEqual(pss)
})

const row = (peer: string, values: readonly number[], trouble?: string): Row => ({
  name: peer, peer, variant: '',
  samples: values.map((value) => ({ value, details: { rate: 1000, own: 0.9, others: 0.05 }, trouble })),
})
const names = { ours: 'lintel', base: 'nginx' }
const [cell] = cells
if (cell === undefined) throw new Error('no cells')
const finding = (rows: readonly Row[], limits = { bar: 1.1, goal: 1 }) => judge({ ...cell, ...limits }, rows, { names, ranked: true })

test('the ratio is the median of the rounds, not the ratio of medians', () => {
  expect(median([3, 1, 2, 10])).toBe(2.5)
  expect(ratio(row('lintel', [10, 30, 9]), row('nginx', [10, 20, 10]))).toBe(1)
})

test('one bad sample spoils its row and the ratio: it is never fast', () => {
  const nginx = row('nginx', [10, 10])
  const broken = row('lintel', [1, 1], 'Socket errors: read 1')
  expect(finding([nginx, broken]).verdict).toBe('invalid')
  expect(sentence(finding([nginx, broken]))).toBe('invalid: nothing can be said')
  expect(tableOf(finding([nginx, broken]), names).split('\n').slice(2)).toEqual([
    '| nginx | 10.0 (10.0-10.0) | 1.00 (1.00-1.00) | 1000 | 90 % | 5 % | 2 |',
    '| lintel | invalid: Socket errors: read 1 |  |  |  |  | 2 |',
  ])
  expect(tableOf(finding([row('nginx', [10], 'refused'), row('lintel', [9])]), names).split('\n').at(-1)).toBe('| lintel | 9.0 (9.0-9.0) | - | 1000 | 90 % | 5 % | 1 |')
  expect(troubleOf({ samples: [] })).toBe('not measured')
})

test('a bar is held up to its value', () => {
  const of = (value: number) => finding([row('nginx', [10]), row('lintel', [value])]).verdict
  expect([of(10), of(10.1), of(11), of(11.1)]).toEqual(['goal', 'bar', 'bar', 'missed'])
})

test('variants are compared with the first one of the same proxy, values with nobody', () => {
  const rows = [['nginx', 'one', 10], ['lintel', 'one', 20], ['nginx', 'many', 11], ['lintel', 'many', 21]] as const
  const named = rows.map(([peer, variant, value]): Row => ({ ...row(peer, [value]), variant, name: `${peer}, ${variant}` }))
  const variants = judge({ ...cell, compare: 'variants', variants: [{ name: 'one' }, { name: 'many' }], bar: 1.05, goal: 1 }, named, { names, ranked: true })
  expect([variants.found, variants.verdict]).toEqual([1.05, 'bar'])
  expect(tableOf(variants, names)).toContain('| nginx, many | 11.0 (11.0-11.0) | 1.10 (1.10-1.10) |')
  expect(judge({ ...cell, compare: 'value', bar: 30, goal: 20 }, [row('lintel', [20])], { names, ranked: true })).toMatchObject({ found: 20, verdict: 'goal' })
})

test('the best peer is the one that costs least, and none where it failed', () => {
  const rows = [row('nginx', [10]), row('haproxy', [8]), row('envoy', [1], 'refused'), row('lintel', [12])]
  expect(finding(rows).to).toEqual({ base: 1.2, best: 1.5 })
  expect(summary([finding(rows)], ['nginx', 'haproxy', 'envoy', 'lintel']).split('\n').at(-1))
    .toBe('| h1-small | CPU µs a request | 10.0 | 8.0 | invalid | 12.0 | 1.20 | 1.50 | 1.20 × nginx | 1.1 | 1 | **missed** |')
})

test('a revision has no bar', () => {
  const rows = [row('lintel@HEAD~1', [10]), row('lintel', [12])]
  const compared = judge(cell, rows, { names: { ours: 'lintel', base: 'lintel@HEAD~1' }, ranked: false })
  expect(sentence(compared)).toBe('1.20 times what it was')
  expect(summary([compared], ['lintel@HEAD~1', 'lintel']).split('\n').at(-1)).toBe('| h1-small | CPU µs a request | 10.0 | 12.0 | 1.20 |')
})

test('a busy machine is named', () => {
  const nginx = row('nginx', [10])
  const busy = { ...nginx, samples: nginx.samples.map((sample) => ({ ...sample, details: { ...sample.details, others: 0.4 } })) }
  expect(tableOf(finding([nginx]), names)).not.toContain('quiet machine')
  expect(tableOf(finding([busy]), names)).toContain('quiet machine')
})

test('each cell has a name of its own, a goal beyond its bar, and something to be compared with', () => {
  expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length)
  expect(cells.filter(({ bar, goal }) => goal > bar)).toEqual([])
  expect(cells.filter(({ compare, variants }) => (compare === 'variants') !== (variants !== undefined && variants.length > 1))).toEqual([])
})

/** One short round of Lintel alone, by our own generator: nothing needs to be installed for it. */
const rounds = { rounds: 1, seconds: 1, warmUpSeconds: 0.1 }
const light = cpu({ load: () => paced({ rate: 200, connections: 4, requests: small }), bodyBytes: 13 })
const measured = (kind: PeerKind) => compete(light, contestantsOf({ [OURS]: kind }, [{ name: '' }], {}), rounds)
const ours = peerKinds[OURS]
if (ours === undefined) throw new Error('there is no Lintel')

test('a run measures', async () => {
  const [found] = await measured(ours)
  expect(found?.samples.map(({ trouble }) => trouble)).toEqual([undefined])
  const [sample] = found?.samples ?? []
  expect(sample?.value).toBeGreaterThan(0)
  expect(sample?.details['rss']).toBeGreaterThan(1e6)
})

test('a load that fails is told: an origin that is gone, and a proxy that does not start', async () => {
  const [refused] = await measured({ ...ours, plan: (place) => ours.plan({ ...place, originPort: 1 }) })
  expect(refused?.samples[0]?.trouble).toStartWith('the answer was HTTP/1.1 502')
  const [ended] = await measured({ ...ours, plan: (place) => ({ ...ours.plan(place), command: [process.execPath, '-e', 'console.error("no such file"); process.exit(1)'] }) })
  expect(ended?.samples[0]?.trouble).toBe('ended: no such file')
})
