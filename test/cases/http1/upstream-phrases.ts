// What the `upstream` sentence of an http1 case says must be true at the upstream: one row for each phrase. Pure.
import { SERVED_BY } from '../../support/echo.ts'
import { members, parseRequest, values, type FieldLine } from '../../support/http1.ts'
import { show } from '../outcome.ts'
import type { Observation } from './observe.ts'

/** Complaints; none: it holds. `words`: the groups of the row's pattern. */
type Check = (seen: Observation, words: readonly string[]) => string[]

const CLIENT_ADDRESS = '127.0.0.1'
const HOP_BY_HOP = ['keep-alive', 'proxy-connection', 'te', 'upgrade', 'http2-settings']

/** Hold whether the request was delivered or refused; also for requests of which only a part arrived. */
const ALWAYS: readonly (readonly [RegExp, Check])[] = [
  [
    /^never both fields$/,
    ({ upstreamBytes }) => complain(upstreamBytes.some(hasBothFramings), 'Content-Length and Transfer-Encoding in one head', upstreamBytes),
  ],
  [/^no second request line$/, ({ reached }) => complain(reached.length > 1, 'more than one request', targets(reached))],
  [
    /^no request for (\S+)$/,
    ({ reached }, [target]) => complain(targets(reached).includes(target ?? ''), `a request for ${target}`, targets(reached)),
  ],
  [
    /^no terminating chunk$/,
    ({ upstreamBytes }) =>
      complain(
        upstreamBytes.some((bytes) => bytes.endsWith('0\r\n\r\n')),
        'a terminating chunk',
        upstreamBytes,
      ),
  ],
  [/^nothing$/, ({ upstreamBytes }) => complain(upstreamBytes.length > 0, 'octets at the upstream', upstreamBytes)],
  [
    /^CRLF line ends only$/,
    ({ upstreamBytes }) =>
      complain(
        upstreamBytes.some((bytes) => /(^|[^\r])\n|\r[^\n]/.test(bytes)),
        'CR or LF alone',
        upstreamBytes,
      ),
  ],
  [
    /tunnel/,
    ({ reached, probe }) =>
      complain(probe !== '' && reached.some(({ head }) => head === probe), 'octets after the upgrade request passed through unread', probe),
  ],
]

const DELIVERED: readonly (readonly [RegExp, Check])[] = [
  [/^normal request$/, sameMessage],
  [/^canonical framing, body (.+)$/, ({ reached }, [body]) => equal('body', bodies(reached), [body])],
  [
    /^one Content-Length$/,
    ({ reached }) => reached.flatMap(({ fields }) => equal('number of Content-Length lines', values(fields, 'content-length').length, 1)),
  ],
  [
    /^Content-Length: (\d+)$/,
    ({ reached }, [length]) =>
      equal(
        'Content-Length',
        reached.map(({ fields }) => values(fields, 'content-length')),
        [[length]],
      ),
  ],
  [
    /^Content-Length: 0 or none$/,
    ({ reached }) =>
      reached.flatMap(({ fields, body }) => [
        ...oneOf('Content-Length', values(fields, 'content-length').join(), ['0', '']),
        ...equal('body', body, ''),
      ]),
  ],
  [/^(?:([A-Z]+) )?(\/\S*) then (?:([A-Z]+) )?(\/[^\s,]*)(?:, each on clean framing)?$/, twoRequests],
  [/^(\/\S*) only$/, ({ reached }, [target]) => equal('targets', targets(reached), [target])],
  [
    /^([A-Z]+) (\/\S*), Host (\S+)$/,
    ({ reached }, [method, target, host]) =>
      equal(
        'request',
        reached.map(({ method, target, fields }) => [method, target, ...values(fields, 'host')]),
        [[method, target, host]],
      ),
  ],
  [/^(\/\S*)(?: unchanged)?$/, ({ reached }, [target]) => equal('targets', targets(reached), [target])],
  [/^whole target$/, ({ reached, sent }) => equal('targets', targets(reached), [sent.split(' ')[1]])],
  [
    /^(HTTP\/\d\.\d)$/,
    ({ reached }, [version]) =>
      equal(
        'versions',
        reached.map((request) => request.version),
        [version],
      ),
  ],
  [
    /^default backend$/,
    ({ responses }) =>
      equal(
        'served by',
        responses.flatMap(({ fields }) => values(fields, SERVED_BY)),
        ['default'],
      ),
  ],
  [/^none of these trailers forwarded as headers$/, noTrailerAsHeader],
  [
    /^none forwarded$/,
    ({ reached }) =>
      reached.flatMap(({ fields }) =>
        complain(
          HOP_BY_HOP.some((name) => values(fields, name).some((value) => value !== 'trailers')),
          'hop-by-hop fields',
          fields,
        ),
      ),
  ],
  [
    /^no (\S+), no client Connection value$/,
    ({ reached }, [name]) =>
      reached.flatMap(({ fields }) => [
        ...equal(name ?? '', values(fields, name ?? ''), []),
        ...complain(
          members(fields, 'connection').some((option) => !['keep-alive', 'close'].includes(option)),
          'nominated in Connection',
          values(fields, 'connection'),
        ),
      ]),
  ],
  [
    /^no ([\w-]+), no ([\w-]+)$/,
    ({ reached }, names) => reached.flatMap(({ fields }) => names.flatMap((name) => equal(name, values(fields, name), []))),
  ],
  [
    /^([\w-]+) present or dropped$/,
    ({ reached }, [name]) => reached.flatMap(({ fields }) => oneOf(name ?? '', values(fields, name ?? '').join(), [''])),
  ],
  [
    /^([\w-]+): (\S+) then (\S+)$/,
    ({ reached }, [name, ...inOrder]) => reached.flatMap(({ fields }) => equal(name ?? '', members(fields, name ?? ''), inOrder)),
  ],
  [
    /^([\w-]+): (\S+) \+ ([\w-]+): (\S+)$/,
    ({ reached }, [first, firstValue, second, secondValue]) =>
      reached.flatMap(({ fields }) => [
        ...equal(first ?? '', members(fields, first ?? ''), [firstValue?.toLowerCase()]),
        ...equal(second ?? '', members(fields, second ?? ''), [secondValue?.toLowerCase()]),
      ]),
  ],
  [/^values set by the proxy$/, noSpoofedAddress],
  [
    /^body (\S+) exactly once$/,
    ({ reached, upstreamBytes }, [body]) => [
      ...equal('bodies', bodies(reached), [body]),
      ...equal('times the body was sent', upstreamBytes.join('').split(body ?? '').length - 1, 1),
    ],
  ],
  [
    /^field and body together, or neither$/,
    ({ reached, sent }) =>
      reached.flatMap(({ fields, body }) =>
        oneOf(
          'length and body',
          [values(fields, 'content-length').join() || '0', body],
          [
            ['0', ''],
            [String(sentBody(sent).length), sentBody(sent)],
          ],
        ),
      ),
  ],
]

export function knowsPhrase(phrase: string): boolean {
  return [...ALWAYS, ...DELIVERED].some(([pattern]) => pattern.test(phrase))
}

/** Complaints about `phrase`. A sentence that no row knows is checked as an ordinary message: same method, target, Host and body. */
export function checkPhrase(phrase: string, seen: Observation, delivered: boolean): string[] {
  for (const [pattern, check] of delivered ? [...ALWAYS, ...DELIVERED] : ALWAYS) {
    const match = pattern.exec(phrase)
    if (match)
      return check(
        seen,
        match.slice(1).map((word: string | undefined) => word ?? ''),
      )
  }
  return delivered ? sameMessage(seen) : []
}

/** Where what was sent is a whole message by the strictest reading, the upstream must have got the same one. */
export function sameMessage({ sent, reached }: Observation): string[] {
  const parsed = parseRequest(Buffer.from(sent.replace(/^(\r\n)+/, ''), 'latin1'))
  const first = reached[0]
  if (parsed.state !== 'complete' || !first) return []
  const { method, target, fields, body } = parsed.request
  return [
    ...equal('method', first.method, method),
    ...equal('target', first.target, target),
    ...equal('Host', values(first.fields, 'host'), values(fields, 'host')),
    ...equal('body', first.body, body),
  ]
}

function twoRequests({ reached }: Observation, [firstMethod, first, secondMethod, second]: readonly string[]): string[] {
  const methods = [firstMethod, secondMethod].flatMap((method, index) => (method ? equal('method', reached[index]?.method, method) : []))
  return [...equal('targets', targets(reached), [first, second]), ...methods, ...equal('body of the second', reached[1]?.body, '')]
}

function noTrailerAsHeader({ sent, reached }: Observation): string[] {
  const trailers = fieldLines(sent.slice(sent.indexOf('\r\n0\r\n') + 5))
  return reached.flatMap(({ fields, trailers: forwarded }) =>
    trailers.flatMap(([name, value]) => [
      ...complain(
        values(fields, name).includes(value) && name.toLowerCase() !== 'transfer-encoding',
        `trailer ${name} as a header`,
        fields,
      ),
      ...equal(`trailer ${name}`, values(forwarded, name), []),
    ]),
  )
}

/** RFC 7239 §8.1: what an untrusted client claims must not arrive as the proxy's word. */
function noSpoofedAddress({ sent, reached }: Observation): string[] {
  const claims = fieldLines(sent.slice(sent.indexOf('\r\n') + 2)).filter(([name]) => /^(x-forwarded-|x-real-ip$|forwarded$)/i.test(name))
  return reached.flatMap(({ fields }) => [
    ...claims.flatMap(([name, value]) => complain(values(fields, name).join().includes(value), `${name} as the client sent it`, fields)),
    ...equal('X-Real-IP', values(fields, 'x-real-ip'), [CLIENT_ADDRESS]),
  ])
}

function hasBothFramings(bytes: string): boolean {
  const head = bytes.split('\r\n\r\n')[0] ?? ''
  return /^content-length:/im.test(head) && /^transfer-encoding:/im.test(head)
}

function fieldLines(text: string): FieldLine[] {
  const lines = (text.split('\r\n\r\n')[0] ?? '').split('\r\n')
  return lines
    .filter((line) => line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
}

const sentBody = (sent: string) => sent.slice(sent.indexOf('\r\n\r\n') + 4)
const targets = (requests: Observation['reached']) => requests.map(({ target }) => target)
const bodies = (requests: Observation['reached']) => requests.map(({ body }) => body)

const complain = (wrong: boolean, what: string, got: unknown) => (wrong ? [`upstream: ${what}, got ${show(got)}`] : [])
const equal = (what: string, got: unknown, expected: unknown) =>
  complain(!Bun.deepEquals(got, expected), `${what}: expected ${show(expected)}`, got)
const oneOf = (what: string, got: unknown, expected: readonly unknown[]) =>
  complain(!expected.some((one) => Bun.deepEquals(got, one)), `${what}: expected one of ${show(expected)}`, got)
