// The end of the program: not ready at once, nothing in flight is lost, bounded in time, and exit 0.
import { beforeAll, describe, expect, test } from 'bun:test'
import type { Echo } from '../support/echo.ts'
import { members } from '../support/http1.ts'
import { configMap } from '../support/manifests.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { type HoldingEcho, holdingEcho } from './held.ts'
import { app, CONFIGURED, requestText, resources, route } from './scene.ts'

const keep = resources()
let echo: Echo
let finish: HoldingEcho['finish']
beforeAll(async () => {
  ({ echo, finish } = await holdingEcho())
  await keep(echo)
})

const run = (timeout: string, flags: readonly string[] = []): Promise<Program> => keep(start({
  flags: [CONFIGURED, ...flags],
  manifests: [...app('app', echo), route({ to: 'app' }), configMap({ name: 'settings' }, { 'worker-shutdown-timeout': timeout })],
}))

/** A request that waits at the origin. */
async function heldRequest(program: Program, target: string) {
  const client = await keep(rawClient(program.http))
  client.send(requestText({ target }))
  expect(await echo.when(() => echo.requests.some((request) => request.target === target))).toBe(true)
  return { client, finish: () => finish(target) }
}
const status = async (program: Program, path: string) => (await fetch(`http://127.0.0.1:${program.admin}${path}`)).status

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('what is in flight finishes with Connection: close, health says no, exit 0', async () => {
    const program = await run('20s', ['--workers=2'])
    const { client, finish } = await heldRequest(program, `/held-${signal}`)
    const idle = await keep(rawClient(program.http))
    idle.send(requestText())
    expect(members((await idle.response())?.fields ?? [], 'connection')).toEqual([])
    program.signal(signal)
    await until('not ready', async () => await status(program, '/readyz') === 503)
    expect(await status(program, '/healthz')).toBe(500)
    expect(await idle.closed()).toBe(true)
    finish()
    const response = await client.response()
    expect(response).toMatchObject({ status: 200, body: 'held', complete: true })
    expect(members(response?.fields ?? [], 'connection')).toEqual(['close'])
    expect(await program.exited).toBe(0)
  })
})

test('a request on an idle connection that crosses the signal is answered, and its connection closed', async () => {
  const program = await run('20s')
  const clients = await Promise.all(Array.from({ length: 20 }, () => keep(rawClient(program.http))))
  for (const client of clients) {
    client.send(requestText())
    await client.response()
  }
  program.signal('SIGTERM')
  for (const client of clients) client.send(requestText())
  for (const client of clients) expect(await client.response()).toMatchObject({ status: 200, complete: true })
  expect(await program.exited).toBe(0)
})

test('worker-shutdown-timeout bounds the wait: what is left is cut, exit 0', async () => {
  const program = await run('500ms')
  const { client } = await heldRequest(program, '/held-too-long')
  const from = performance.now()
  program.signal('SIGTERM')
  expect(await client.closed()).toBe(true)
  expect(client.responses).toEqual([])
  expect(await program.exited).toBe(0)
  const ms = performance.now() - from
  expect(ms).toBeGreaterThan(450)
  expect(ms).toBeLessThan(4_000)
})

test('a second signal ends it at once, with exit 1', async () => {
  const program = await run('60s')
  await heldRequest(program, '/held-for-good')
  program.signal('SIGTERM')
  await program.when(() => program.stderr.some((line) => line.includes('stopping')))
  program.signal('SIGTERM')
  expect(await program.exited).toBe(1)
})

test('--shutdown-grace-period: not ready, and still accepting as ever, until it ends', async () => {
  const program = await run('20s', ['--shutdown-grace-period=1'])
  program.signal('SIGTERM')
  await until('not ready', async () => await status(program, '/readyz') === 503)
  const client = await keep(rawClient(program.http))
  client.send(requestText())
  const response = await client.response()
  expect([response?.status, members(response?.fields ?? [], 'connection')]).toEqual([200, []])
  expect(await program.exited).toBe(0)
})
