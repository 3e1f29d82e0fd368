// Short of descriptors, short of memory: the real limits of the kernel around the real program. New work is refused, what runs goes on, the program
// neither spins nor dies, and is as before when the crowd has gone.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { memoryGroup } from '../support/memory-group.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { flood } from './flood.ts'
import { holdingEcho } from './held.ts'
import { h2Client, head, statusOf } from './http2-client.ts'
import { app, ask, metric, requestText, resources, route } from './scene.ts'

const keep = resources()
const PATIENCE_MS = 120_000
/** A head that never ends: nobody may call its connection idle. */
const UNFINISHED = 'GET / HTTP/1.1\r\nHost: app.example\r\nX-Fill: '

const served = async (enter: readonly string[], flags: readonly string[] = []) => {
  const held = await holdingEcho()
  await keep(held.echo)
  const command = [...enter, process.execPath, 'src/main.ts']
  const program = await keep(start({ manifests: [...app('app', held.echo), route({ to: 'app' })], flags, command }))
  return { held, program }
}
/** A request that the origin holds while the crowd comes. */
const runningRequest = async ({ held, program }: Awaited<ReturnType<typeof served>>) => {
  const client = await keep(rawClient(program.http))
  client.send(requestText({ target: '/held/before' }))
  expect(await held.echo.when(() => held.echo.requests.length === 1)).toBe(true)
  return async () => {
    held.finish('/held/before')
    return (await client.response())?.status
  }
}
const refusals = (program: Program, reason: string) => metric(program, 'lintel_connections_refused_total', `reason="${reason}"`)
const serves = (program: Program) => until('it serves again', async () => (await ask(program.http)).status === 200, 30_000)

const TICKS_PER_SECOND = 100
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

describe('few descriptors', () => {
  const LIMIT = 400
  /** What clients may have of them: half of what is left when some are set aside. */
  const CLIENTS = 175
  const enter = ['prlimit', `--nofile=${LIMIT}:${LIMIT}`]

  test('3,000 connections that never go idle: the excess is reset, what ran is answered, and it does not spin', async () => {
    const scene = await served(enter)
    const { program } = scene
    const finish = await runningRequest(scene)
    const crowd = await flood({ port: program.http, connections: 3_000, bytes: UNFINISHED })
    await until('the excess is gone', () => crowd.counts.open < CLIENTS)
    expect(crowd.counts.open).toBeGreaterThan(CLIENTS / 2)
    // One whose head has not come yet is idle: it makes room.
    expect(await refusals(program, 'descriptors') + await metric(program, 'lintel_connections_evicted_total')).toBeGreaterThan(3_000 - CLIENTS - 1)
    const [fromMs, before] = [performance.now(), cpuSeconds(program.pid)]
    await until('a second has passed', () => performance.now() - fromMs > 1_000)
    const share = (cpuSeconds(program.pid) - before) / ((performance.now() - fromMs) / 1_000)
    console.log(`full of connections: ${Math.round(share * 100)} % of a core`)
    expect(share).toBeLessThan(0.3)
    expect(await finish()).toBe(200)
    crowd.release()
    await serves(program)
  }, PATIENCE_MS)

  test('3,000 connections that ask and go idle: idle ones make room for new ones', async () => {
    const { program, held } = await served(enter)
    const crowd = await flood({ port: program.http, connections: 3_000, bytes: requestText() })
    await until('the excess is gone', () => crowd.counts.open < CLIENTS)
    console.log(`${held.echo.requests.length} answered, ${await metric(program, 'lintel_connections_evicted_total')} made room, ${await refusals(program, 'descriptors')} reset`)
    expect(held.echo.requests.length).toBeGreaterThan(2 * CLIENTS)
    await serves(program)
    crowd.release()
  }, PATIENCE_MS)

  test('more requests at once than descriptors for endpoints: the excess is 503, those that have one are answered, no endpoint is blamed', async () => {
    const { program, held } = await served(enter)
    const clients = await Promise.all(Array.from({ length: 4 }, () => keep(h2Client(program.http))))
    const streams = clients.flatMap((client, c) => Array.from({ length: 100 }, (_, i) => ({ client, target: `/held/${c}/${i}`, stream: client.open(head(`/held/${c}/${i}`)) })))
    const refused = () => streams.filter(({ stream }) => statusOf(stream) === 503)
    await until('each is either held or refused', () => held.echo.requests.length + refused().length === streams.length)
    expect(refused().length).toBeGreaterThan(50)
    expect(held.echo.requests.length).toBeGreaterThan(150)
    expect(await metric(program, 'lintel_own_answers_total', 'reason="short_descriptors"')).toBe(refused().length)
    expect(await metric(program, 'lintel_upstream_errors_total')).toBe(0)
    for (const { target } of streams) held.finish(target)
    const statuses = await Promise.all(streams.map(async ({ client, stream }) => statusOf(await client.done(stream))))
    expect(statuses.filter((status) => status === 200)).toHaveLength(held.echo.requests.length)
    await serves(program)
  }, PATIENCE_MS)
})

describe('256 MiB', () => {
  const LIMIT_BYTES = 256 << 20
  test.each(['clear', 'tls'] as const)('20,000 connections that each hold 14 KB (%s): the excess is reset, what ran is answered; then the memory comes back', async (kind) => {
    const group = memoryGroup(LIMIT_BYTES)
    if (group === null) return console.log('not run: no control group of memory can be made here (it takes root and a writable /sys/fs/cgroup)')
    const scene = await served(group.enter, ['--workers=2'])
    const { program } = scene
    const finish = await runningRequest(scene)
    const crowd = await flood({ port: kind === 'tls' ? program.https : program.http, connections: 20_000, bytes: UNFINISHED + 'x'.repeat(7_000) + '\r\nY: ' + 'y'.repeat(7_000), tls: kind === 'tls' })
    const [refused, short] = [await refusals(program, 'memory'), program.stderr.some((line) => line.includes('memory is short'))]
    console.log(`${crowd.counts.open} held, ${refused} reset, at most ${group.peakBytes() >> 20} MiB`)
    expect([refused > 0, short, group.kills()]).toEqual([true, true, 0])
    expect(await finish()).toBe(200)
    crowd.release()
    await until('the memory is back', () => program.stderr.some((line) => line.includes('memory is enough again')), 30_000)
    await serves(program)
    expect(await metric(program, 'lintel_thread_restarts_total')).toBe(0)
    expect(await program.stop()).toBe(0)
    group.close()
  }, PATIENCE_MS)
})
