// The judge must be able to condemn: for each phrase of the corpus one observation that is right and one that is wrong.
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { SERVED_BY, type ReceivedRequest } from '../../support/echo.ts'
import { parseRequest } from '../../support/http1.ts'
import { loadCases } from '../cases.ts'
import { HTTP1_CASE, octets, type Http1Case } from './case.ts'
import { ACCEPTED, judge } from './judge.ts'
import type { Observation } from './observe.ts'
import { checkPhrase, knowsPhrase } from './upstream-phrases.ts'

const file = await loadCases(join(import.meta.dir, '..', 'http1.yaml'))
const corpus = file.format === 'http1' ? file.cases : []

const HOST = 'Host: h.test\r\n'
const get = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`
const post = (body: string, fields = `Content-Length: ${body.length}\r\n`) => `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`
const chunked = (body: string) => post(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked\r\n')

function received(text: string): ReceivedRequest {
  const parsed = parseRequest(Buffer.from(text, 'latin1'))
  if (parsed.state !== 'complete') throw new Error(`not a request: ${text}`)
  return { ...parsed.request, connection: { tls: null, chunks: [], requests: [], pending: Buffer.alloc(0), invalid: '', closed: false } }
}

const ok = { status: 200, fields: [[SERVED_BY, 'corpus']] as const, body: '', complete: true }
const refused = (status: number) => ({ status, fields: [], body: '', complete: true })

/** What reached the upstream, whole. */
function delivered(requests: readonly string[], more: Partial<Observation> = {}): Observation {
  return {
    sent: '',
    reached: requests.map(received),
    upstreamBytes: [requests.join('')],
    unfinished: [],
    responses: requests.map(() => ok),
    closed: false,
    probe: '',
    ...more,
  }
}

const nothing: Observation = { sent: '', reached: [], upstreamBytes: [], unfinished: [], responses: [], closed: false, probe: '' }
const sent = (text: string) => ({ sent: text })
const spoofed = 'X-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\n'
const trailers = sent(`${post('1\r\nZ\r\n0\r\nContent-Length: 99\r\nHost: evil.test\r\n\r\n', 'Transfer-Encoding: chunked\r\n')}`)
const PROBE = get('/after-upgrade')

/** Phrase, right, wrong. */
const PHRASES: readonly (readonly [string, Observation, Observation])[] = [
  [
    'never both fields',
    delivered([chunked('Z')]),
    { ...nothing, upstreamBytes: ['POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'] },
  ],
  ['no second request line', delivered([chunked('GET /smuggled')]), delivered([post(''), get('/smuggled')])],
  ['no request for /smuggled', delivered([get('/')]), delivered([get('/smuggled')])],
  ['no terminating chunk', { ...nothing, upstreamBytes: ['5\r\nhel'] }, { ...nothing, upstreamBytes: ['3\r\nhel\r\n0\r\n\r\n'] }],
  ['nothing', nothing, { ...nothing, upstreamBytes: ['G'] }],
  ['CRLF line ends only', delivered([get('/')]), { ...nothing, upstreamBytes: ['GET / HTTP/1.1\nHost: a\n\n'] }],
  [
    'no tunnel',
    delivered([get('/', 'A: b\r\n'), get('/after-upgrade', 'X-Real-IP: 127.0.0.1\r\n')], { probe: PROBE }),
    delivered([get('/'), PROBE], { probe: PROBE }),
  ],
  ['connection not tunnelled after a non-101', delivered([get('/')]), delivered([get('/'), PROBE], { probe: PROBE })],
  ['normal request', delivered([get('/')], sent(`\r\n${get('/')}`)), delivered([get('/other')], sent(`\r\n${get('/')}`))],
  ['canonical framing, body Z', delivered([post('Z')]), delivered([post('')])],
  ['one Content-Length', delivered([post('hello')]), delivered([chunked('hello')])],
  ['Content-Length: 5', delivered([post('hello')]), delivered([post('hell')])],
  ['Content-Length: 0 or none', delivered([post('', '')]), delivered([post('x')])],
  ['POST / then GET /smuggled, each on clean framing', delivered([post(''), get('/smuggled')]), delivered([post('GET /smuggled')])],
  ['/a then /b', delivered([get('/a'), get('/b')]), delivered([get('/b'), get('/a')])],
  ['/a only', delivered([get('/a')]), delivered([get('/a'), get('/smuggled')])],
  ['GET /abs, Host h.test', delivered([get('/abs')]), delivered([get('http://h.test/abs')])],
  ['/a%2Fb', delivered([get('/a%2Fb')]), delivered([get('/a/b')])],
  ['/a%7eb%2f unchanged', delivered([get('/a%7eb%2f')]), delivered([get('/a~b%2F')])],
  ['/admin', delivered([get('/admin')]), delivered([get('/public/../admin')])],
  ['/%0d%0aX-Injected:%201', delivered([get('/%0d%0aX-Injected:%201')]), delivered([get('/')])],
  ['whole target', delivered([get('/aaaa')], sent(get('/aaaa'))), delivered([get('/aaa')], sent(get('/aaaa')))],
  ['HTTP/1.1', delivered([get('/')]), delivered(['GET / HTTP/1.0\r\n\r\n'])],
  ['default backend', delivered([get('/')], { responses: [{ ...ok, fields: [[SERVED_BY, 'default']] }] }), delivered([get('/')])],
  [
    'none of these trailers forwarded as headers',
    delivered([chunked('Z')], trailers),
    delivered([get('/', 'Content-Length: 99\r\n') + 'x'.repeat(99)], trailers),
  ],
  ['none forwarded', delivered([get('/', 'TE: trailers\r\n')]), delivered([get('/', 'Keep-Alive: timeout=5\r\n')])],
  [
    'no X-Secret, no client Connection value',
    delivered([get('/', 'Connection: keep-alive\r\n')]),
    delivered([get('/', 'X-Secret: 1\r\n')]),
  ],
  ['no Upgrade, no HTTP2-Settings', delivered([get('/')]), delivered([get('/', 'HTTP2-Settings: AAA\r\n')])],
  ['X-Empty present or dropped', delivered([get('/', 'X-Empty:\r\n')]), delivered([get('/', 'X-Empty: x\r\n')])],
  ['X-A: 1 then 2', delivered([get('/', 'X-A: 1, 2\r\n')]), delivered([get('/', 'X-A: 2\r\nX-A: 1\r\n')])],
  [
    'Upgrade: websocket + Connection: upgrade',
    delivered([get('/', 'Upgrade: WebSocket\r\nConnection: Upgrade\r\n')]),
    delivered([get('/')]),
  ],
  [
    'values set by the proxy',
    delivered([get('/', 'X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\n')], sent(get('/', spoofed))),
    delivered([get('/', spoofed)], sent(get('/', spoofed))),
  ],
  ['body hello exactly once', delivered([post('hello')]), { ...delivered([post('hello')]), upstreamBytes: ['hellohello'] }],
  [
    'field and body together, or neither',
    delivered([get('/')], sent(post('hello'))),
    delivered([get('/', 'Content-Length: 2\r\n') + 'he'], sent(post('hello'))),
  ],
]

test.each(PHRASES)('%s', (phrase, right, wrong) => {
  expect(checkPhrase(phrase, right, true)).toEqual([])
  expect(checkPhrase(phrase, wrong, true)).not.toEqual([])
})

test('every sentence of the corpus has a row, and every row that the corpus uses is tried above', () => {
  const sentences = new Set(corpus.flatMap(({ upstream }) => upstream ?? []))
  expect([...sentences].filter((sentence) => !knowsPhrase(sentence))).toEqual([])
  expect([...sentences].filter((sentence) => !PHRASES.some(([phrase]) => phrase === sentence))).toEqual([])
})

test('an unknown sentence is checked as an ordinary message', () => {
  expect(checkPhrase('as one would hope', delivered([get('/b')], sent(get('/a'))), true)).toEqual([
    'upstream: target: expected "/a", got "/b"',
  ])
})

const given = (fields: Partial<Http1Case>) =>
  HTTP1_CASE.parse({ name: 'x', category: 'x', raw: '', expected: 'reject', status: [400], close: true, ...fields })
const rejected: Observation = { ...nothing, responses: [refused(400)], closed: true }

test.each([
  ['another status', { ...rejected, responses: [refused(502)] }],
  ['an open connection', { ...rejected, closed: false }],
  ['a delivered request', { ...rejected, reached: [received(get('/'))] }],
  ["the upstream's own 400", { ...rejected, responses: [{ ...ok, status: 400 }] }],
  ['no answer and an open connection', nothing],
])('reject is not: %s', (_, seen) => {
  expect(judge(given({}), seen).outcome).toBe('failed')
})

test('reject is: its status, or a close without an answer', () => {
  expect(judge(given({}), rejected).outcome).toBe('passed')
  expect(judge(given({}), { ...nothing, closed: true }).outcome).toBe('passed')
})

test('forward is not: an answer by the proxy, or a request that the upstream could not read', () => {
  const forward = given({ expected: 'forward', close: false })
  expect(judge(forward, delivered([get('/')], sent(get('/')))).outcome).toBe('passed')
  expect(judge(forward, { ...nothing, responses: [refused(502)] }).outcome).toBe('failed')
  expect(judge(forward, { ...delivered([get('/')]), unfinished: [{ bytes: 'X', invalid: 'request line' }] }).outcome).toBe('failed')
})

test('also_ok passes only when asked for, and says so', () => {
  const either = given({ also_ok: ['forward'], close: false })
  const seen = delivered([get('/')], sent(get('/')))
  expect(judge(either, seen).outcome).toBe('failed')
  expect(judge(either, seen, { lenient: true })).toMatchObject({ outcome: 'passed', alsoOk: 'forward' })
})

test('accepted deviations are cases outside the first wave that allow one', () => {
  const allowed = corpus.filter((one) => !one.first_wave && one.also_ok.length > 0).map(({ name }) => name)
  expect(Object.keys(ACCEPTED).filter((name) => !allowed.includes(name))).toEqual([])
})

test('octets are latin1, generated pieces are repeated', () => {
  expect(octets(given({ raw: undefined, raw_gen: ['a', { repeat: 'xy', count: 3 }] }))).toBe('axyxyxy')
  expect(octets(corpus.find(({ name }) => name === 'te-obs-text-nbsp') ?? given({}))).toContain('\xa0chunked')
})
