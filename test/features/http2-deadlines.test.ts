// What an HTTP/2 client must bring in time, whatever else it does: the preface with its SETTINGS, the rest of a frame or of a field section that
// it has begun, and the acknowledgement of our SETTINGS. Each is cut, logged and counted with its reason, and nobody else's connection notices.
import { beforeAll, describe, expect, test } from 'bun:test'
import { PREFACE, SETTING, TYPE } from '../../src/http/h2/frames.ts'
import { block, continuation, frame, framesOf, headers, hello, ping, settings, settingsAck, show } from '../http/h2/wire.ts'
import type { Echo } from '../support/echo.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { h2Client, head, statusOf, textOf } from './http2-client.ts'
import { holdingEcho, type HoldingEcho } from './held.ts'
import { pair, TRANSPORTS, WITH_PAIR, type Transport } from './http2-session.ts'
import { app, configure, CONFIGURED, metric, resources, route } from './scene.ts'

const ENHANCE_YOUR_CALM = 11, SETTINGS_TIMEOUT = 4
/** client-header-timeout, and what ticks of a second and a coarse clock may add to it. */
const LIMIT_MS = 1_000
const LATEST_MS = 4_000
const NOTHING: readonly Buffer[] = []
const keep = resources()
let program: Program
let echo: Echo
let finish: HoldingEcho['finish']
beforeAll(async () => {
  ({ echo, finish } = await holdingEcho())
  await keep(echo)
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [...app('app', echo), route({ to: 'app' }), await pair()] }))
  await configure(program, { 'client-header-timeout': '1s', 'log-format-upstream': 'log $request_uri $status $lintel_reason' })
})

const dial = (transport: Transport): Promise<RawClient> =>
  keep(transport === 'TLS' ? rawClient(program.https, { tls: { servername: 'app.example', alpn: ['h2'] } }) : rawClient(program.http))
const cutWith = (client: RawClient): string | undefined => framesOf(client.rest()).map(show).find((text) => text.startsWith('GOAWAY'))?.split(' ')[2]
const counted = (reason: string) => metric(program, 'lintel_own_answers_total', `reason="${reason}"`)
const HEAD = block(head('/'))
const begun = frame(TYPE.HEADERS, { id: 1 }, HEAD.subarray(0, 10))
const opening = Buffer.concat([hello(), settingsAck])

const octetsOf = (bytes: Buffer): Buffer[] => Array.from(bytes, (octet) => Buffer.of(octet))
const MANY_SETTINGS = settings([SETTING.INITIAL_WINDOW_SIZE, 1], [SETTING.HEADER_TABLE_SIZE, 1], [SETTING.ENABLE_PUSH, 0])

/** `drips`: what the client goes on to send, a piece in a while. */
const SLOW: readonly { readonly what: string; readonly says: Buffer; readonly drips?: readonly Buffer[]; readonly reason?: string; readonly code?: number }[] = [
  { what: 'no SETTINGS behind the preface', says: PREFACE },
  { what: 'SETTINGS that are cut off', says: hello([SETTING.INITIAL_WINDOW_SIZE, 1]).subarray(0, -1) },
  { what: 'SETTINGS octet by octet', says: PREFACE, drips: octetsOf(MANY_SETTINGS) },
  { what: 'half a frame head', says: Buffer.concat([opening, ping().subarray(0, 5)]) },
  { what: 'half a HEADERS', says: Buffer.concat([opening, headers(1, head('/')).subarray(0, -1)]) },
  { what: 'HEADERS, and no CONTINUATION', says: Buffer.concat([opening, begun]) },
  { what: 'CONTINUATION octet by octet', says: Buffer.concat([opening, begun]), drips: octetsOf(HEAD.subarray(10, 22)).map((octet) => continuation(1, octet)) },
  { what: 'SETTINGS of ours that are never acknowledged', says: hello(), reason: 'settings_timeout', code: SETTINGS_TIMEOUT },
]

describe.each(TRANSPORTS)('over %s', (transport) => {
  test.concurrent.each(SLOW)('$what', async ({ says, drips = NOTHING, reason = 'timeout_header', code = ENHANCE_YOUR_CALM }) => {
    const before = await counted(reason)
    const client = await dial(transport)
    const from = performance.now()
    client.send(says, [])
    for (const piece of drips) {
      if (await client.when(() => cutWith(client) !== undefined, LIMIT_MS / 8)) break
      client.send(piece, [])
    }
    expect(await client.closed()).toBe(true)
    expect(performance.now() - from).toBeWithin(LIMIT_MS, LATEST_MS)
    expect(cutWith(client)).toBe(String(code))
    await until('it is counted', async () => await counted(reason) > before)
  })

  test('a head that stops while another stream waits for its answer: cut; an honest connection with as long a wait is not', async () => {
    const client = await keep(transport === 'TLS' ? h2Client(program.https, { tls: { servername: 'app.example' } }) : h2Client(program.http))
    const honest = await keep(h2Client(program.http))
    const targets = [`/held-busy-${transport}`, `/held-honest-${transport}`]
    const [stream, other] = [client.open(head(targets[0] ?? '')), honest.open(head(targets[1] ?? ''))]
    expect(await echo.when(() => targets.every((target) => echo.requests.some((request) => request.target === target)))).toBe(true)
    client.send(frame(TYPE.HEADERS, { id: 3 }, HEAD.subarray(0, 10)))
    expect(await client.when(() => client.closed)).toBe(true)
    expect([client.goaways.map(({ code }) => code), stream.heads]).toEqual([[ENHANCE_YOUR_CALM], []])
    for (const target of targets) finish(target)
    expect(textOf(await honest.done(other))).toBe('held')
    expect(statusOf(await honest.ask(head('/')))).toBe(200)
    expect(honest.goaways).toEqual([])
  })
})

test('it stands in the access log with its status and reason', async () => {
  const logged = (line: string) => program.when(() => program.stdout.includes(line))
  expect([await logged('log - 408 timeout_header'), await logged('log - 408 settings_timeout')]).toEqual([true, true])
})
