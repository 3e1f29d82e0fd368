// The end of the program for tunnels: last, one after another over the time there is, and in order. What has to be cut is in the log.
import { beforeAll, describe, expect, test } from 'bun:test'
import type { Echo } from '../support/echo.ts'
import { configMap } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { h2Client, head } from './http2-client.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { type HoldingEcho, holdingEcho } from './held.ts'
import { app, CONFIGURED, requestText, resources, route } from './scene.ts'
import { openTunnels, type Tunnel, tunnelOrigin } from './tunnels.ts'

const TUNNELS = 50
const TIMEOUT_MS = 4_000
/** Most that may end within half a second: evenly it would be 8. */
const CROWD = 25
const CROWD_MS = 500
/** Apart the first and the last end at least, of 2,900 ms. */
const SPREAD_MS = 1_500

const keep = resources()
let origin: Echo
let holding: HoldingEcho
beforeAll(async () => {
  origin = await keep(tunnelOrigin())
  holding = await holdingEcho()
  await keep(holding.echo)
})
const run = async (timeout: string): Promise<Program> => keep(start({ flags: [CONFIGURED, WITH_PAIR], manifests: [
  ...app('tunnels', origin), route({ to: 'tunnels' }), ...app('held', holding.echo), route({ to: 'held', path: '/held' }), await pair(),
  configMap({ name: 'settings' }, { 'worker-shutdown-timeout': timeout, 'log-format-upstream': '$request_uri $status $lintel_reason' }),
] }))
const isHeld = async (target: string) => { expect(await holding.echo.when(() => holding.echo.requests.some((request) => request.target === target))).toBe(true) }
const logged = ({ stdout }: Program, line: string) => stdout.filter((each) => each === line).length

/** When each ended, in ms since the signal, in order. */
const endings = (tunnels: readonly Tunnel[], fromMs: number): Promise<number[]> => Promise.all(tunnels.map(async (tunnel) => {
  await tunnel.when(() => tunnel.ended() || tunnel.cut(), 2 * TIMEOUT_MS)
  return performance.now() - fromMs
})).then((times) => times.sort((a, b) => a - b))
const largestCrowd = (times: readonly number[]): number => Math.max(...times.map((from) => times.filter((ms) => ms >= from && ms < from + CROWD_MS).length))

describe.each(['HTTP/1.1', 'HTTP/2 over TLS'] as const)('%s', (way) => {
  test('fifty tunnels end in order and one after another, a request meanwhile finishes, exit 0', async () => {
    const program = await run(`${TIMEOUT_MS}ms`)
    const tunnels = await openTunnels(program, way, { count: TUNNELS })
    const target = `/held/${encodeURIComponent(way)}`
    const client = await keep(rawClient(program.http))
    client.send(requestText({ target }))
    await isHeld(target)

    const fromMs = performance.now()
    program.signal('SIGTERM')
    const [first] = tunnels
    expect(await first?.when(() => first.ended())).toBe(true)
    holding.finish(target)
    expect(await client.response()).toMatchObject({ status: 200, body: 'held', complete: true })
    const times = await endings(tunnels, fromMs)
    expect(tunnels.filter((tunnel) => !tunnel.ended() || tunnel.cut())).toEqual([])
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(SPREAD_MS)
    expect(largestCrowd(times)).toBeLessThan(CROWD)
    expect(await program.exited).toBe(0)
    expect(logged(program, '/echo 101 shutdown')).toBe(TUNNELS)
    expect(await origin.when(() => origin.connections.every(({ closed }) => closed))).toBe(true)
  })

  test('what the origin said before goes out, and what the client says afterwards does no harm', async () => {
    const program = await run('2s')
    const [tunnel] = await openTunnels(program, way)
    tunnel?.send('last words')
    expect(await tunnel?.when(() => tunnel.text() === 'last words')).toBe(true)
    program.signal('SIGTERM')
    expect(await tunnel?.when(() => tunnel.ended())).toBe(true)
    tunnel?.send('one more thing')
    expect(await program.exited).toBe(0)
    expect([tunnel?.text(), logged(program, '/echo 101 shutdown')]).toEqual(['last words', 1])
  })
})

test('requests that are cut at the end of the time are in the log, with the reason', async () => {
  const program = await run('500ms')
  const one = await keep(rawClient(program.http))
  one.send(requestText({ target: '/held/for-good-1' }))
  const two = await keep(h2Client(program.http))
  two.open(head('/held/for-good-2'))
  await isHeld('/held/for-good-1')
  await isHeld('/held/for-good-2')
  program.signal('SIGTERM')
  expect(await program.exited).toBe(0)
  expect([logged(program, '/held/for-good-1 503 shutdown'), logged(program, '/held/for-good-2 503 shutdown')]).toEqual([1, 1])
})
