// How large a request head may be, over both protocols: at each limit it is served, one over it is refused with its status and counted; and how long
// a client connection may live and a reader may take nothing.
import { beforeAll, describe, expect, test } from 'bun:test'
import { SETTING } from '../../src/http/h2/frames.ts'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { h2Client, head, statusOf } from './http2-client.ts'
import { app, ask, configure, CONFIGURED, issues, metric, requestText, resources, route } from './scene.ts'

const keep = resources()
let program: Program
beforeAll(async () => {
  const echo = await keep(echoUpstream())
  const large = await keep(echoUpstream({ respond: () => ({ body: 'x'.repeat(32 << 20) }) }))
  program = await keep(start({ flags: [CONFIGURED], manifests: [
    ...app('echo', echo), route({ to: 'echo' }), ...app('large', large), route({ to: 'large', path: '/large' }),
  ] }))
})
const counted = () => metric(program, 'lintel_own_answers_total', 'reason="limit_header"')
/** Status over HTTP/1.1. */
const h1 = async (target: string, fields: readonly (readonly [string, string])[] = []) => (await ask(program.http, { target, fields })).status
const h2 = async (target: string, fields: readonly (readonly [string, string])[] = []) => {
  const client = await keep(h2Client(program.http))
  return statusOf(await client.ask(head(target, {}, fields.map(([name, value]): [string, string] => [name, value]))))
}
const times = <T>(count: number, of: (i: number) => T) => Array.from({ length: count }, (_, i) => of(i))
/** A field line of HTTP/1.1 with so many octets, with its line end; a field of HTTP/2 counts 32 for itself. */
const line = (octets: number, i = 0): [string, string] => [`x-${i % 10}`, 'v'.repeat(octets - 'x-0: \r\n'.length)]
const field = (octets: number, i = 0): [string, string] => [`x-${i % 10}`, 'v'.repeat(octets - 'x-0'.length - 32)]

describe.each([['as it comes', {}, 8192, 4], ['2 1k', { 'large-client-header-buffers': '2 1k' }, 1024, 2]] as const)('large-client-header-buffers: %s', (_, data, size, number) => {
  test('a target of one buffer is served, a longer one is 414', async () => {
    if (size !== 8192) await configure(program, data)
    const before = await counted()
    const at = `/${'t'.repeat(size - 1)}`
    expect([await h1(at), await h2(at), await h1(`${at}t`), await h2(`${at}t`)]).toEqual([200, 200, 414, 414])
    expect(await counted()).toBe(before + 2)
  })

  test('a field of one buffer is served, a longer one is 431', async () => {
    const before = await counted()
    expect([await h1('/', [line(size)]), await h2('/', [field(size)]), await h1('/', [line(size + 1)]), await h2('/', [field(size + 1)])]).toEqual([200, 200, 431, 431])
    expect(await counted()).toBe(before + 2)
  })

  test('all buffers full are served, an octet more is 431', async () => {
    const filled = (octets: number) => {
      const overhead = requestText({ target: '/' }).length
      const parts = times(number - 1, (i) => line(size, i))
      return [...parts, line(octets - overhead - (number - 1) * size, 9)]
    }
    expect([await h1('/', filled(number * size)), await h1('/', filled(number * size + 1))]).toEqual([200, 431])
    const client = await keep(h2Client(program.http))
    expect(await client.when(() => client.settings.size > 0)).toBe(true)
    expect(client.settings.get(SETTING.MAX_HEADER_LIST_SIZE)).toBe(number * size)
    // More than a frame is for other tests.
    if (number * size < 16_384) expect(await h2('/', times(number, (i) => field(size, i)))).toBe(431)
  })
})

test('client-header-buffer-size: a larger one is room as well, as in nginx', async () => {
  await configure(program, { 'large-client-header-buffers': '2 1k', 'client-header-buffer-size': '4k' })
  expect([await h1('/', [line(3500)]), await h1('/', [line(4097)])]).toEqual([200, 431])
})

test('client-header-fields', async () => {
  await configure(program, { 'client-header-fields': '10' })
  const fields = (count: number) => times(count, (i): [string, string] => [`x-${i}`, ''])
  // Host is one of them in HTTP/1.1.
  expect([await h1('/', fields(9)), await h1('/', fields(10)), await h2('/', fields(10)), await h2('/', fields(11))]).toEqual([200, 431, 200, 431])
})

test('values that nobody can mean are issues, and the defaults hold', async () => {
  await configure(program, { 'large-client-header-buffers': '8k', 'client-header-buffer-size': '1g' })
  expect((await issues(program)).map(({ field }) => field).sort()).toEqual(['client-header-buffer-size', 'large-client-header-buffers'])
  expect(await h1('/', [line(8192)])).toBe(200)
})

describe('keep-alive-time', () => {
  test('HTTP/1.1: the first request after it is the last', async () => {
    await configure(program, { 'keep-alive-time': '300ms' })
    const client = await keep(rawClient(program.http))
    const from = performance.now()
    const asked = async () => {
      client.send(requestText())
      return values((await client.response())?.fields ?? [], 'connection')
    }
    expect(await asked()).toEqual([])
    await until('it is old', () => performance.now() - from > 600)
    expect(await asked()).toEqual(['close'])
    expect(await client.closed()).toBe(true)
  })

  test('HTTP/2: the first request after it brings GOAWAY', async () => {
    const client = await keep(h2Client(program.http))
    const from = performance.now()
    expect([statusOf(await client.ask(head('/'))), client.goaways.length]).toEqual([200, 0])
    await until('it is old', () => performance.now() - from > 600)
    expect(statusOf(await client.ask(head('/')))).toBe(200)
    expect(await client.when(() => client.closed)).toBe(true)
    expect(client.goaways.length).toBeGreaterThan(0)
  })
})

test('client-send-timeout: a reader that takes nothing is let go, and counted', async () => {
  await configure(program, { 'client-send-timeout': '500ms' })
  const client = await keep(rawClient(program.http))
  client.socket.pause()
  client.send(requestText({ target: '/large' }))
  await until('it is let go', async () => await metric(program, 'lintel_own_answers_total', 'reason="timeout_send"') === 1, 15_000)
  expect(await h1('/')).toBe(200)
}, 30_000)
