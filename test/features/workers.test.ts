// Several workers on one port: how many there are, and what the death of one of them costs while requests come in.
import { beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { app, ask, configure, CONFIGURED, metric, requestText, resources, route, server } from './scene.ts'

const keep = resources()
let echo: Echo
beforeAll(async () => { echo = await keep(echoUpstream()) })
const manifests = () => [...app('app', echo), route({ to: 'app' })]

const workersBody = z.object({ workers: z.array(z.object({ id: z.number(), version: z.number().nullable() })) })
const workers = async (program: Program) => workersBody.parse(await program.get('/table')).workers

const crash = (program: Program, thread: string) => fetch(`http://127.0.0.1:${program.admin}/test/crash/${thread}`, { method: 'POST' })
const restarts = (program: Program, thread: string) => metric(program, 'lintel_thread_restarts_total', `thread="${thread}"`)

/** A client that asks again and again on one connection, until that is gone or `stop`. */
function asking(client: RawClient) {
  const seen = { answered: 0, refused: 0, lost: false }
  let going = true
  const loop = async () => {
    while (going) {
      client.send(requestText())
      const response = await client.response()
      if (!response) { seen.lost = true; return }
      if (response.status === 200 && response.complete) seen.answered++
      else seen.refused++
    }
  }
  const ended = loop()
  return { seen, stop: () => { going = false; return ended } }
}

const CLIENTS = 16

describe('two workers', () => {
  let program: Program
  beforeAll(async () => {
    program = await keep(start({ flags: ['--workers=2', CONFIGURED], env: { LINTEL_TEST_HOOKS: '1' }, manifests: manifests() }))
    // Connections are told apart below by the worker that serves them: none may end by its number of requests.
    await configure(program, { 'keep-alive-requests': '1000000' })
  })

  test('both serve the table', async () => {
    expect(program.ready['workers']).toBe('2')
    expect(await workers(program)).toHaveLength(2)
  })

  test('one dies under load: the other loses nothing, new connections are served, and it comes back', async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, async () => asking(await keep(rawClient(program.http)))))
    await until('all are being answered', () => clients.every(({ seen }) => seen.answered > 5))
    const before = await restarts(program, 'proxy')
    expect((await crash(program, '1')).status).toBe(202)
    await until('it died', async () => await restarts(program, 'proxy') === before + 1)
    const atDeath = clients.map(({ seen }) => seen.answered)
    await until('the others go on', () => clients.every(({ seen }, i) => seen.lost || seen.answered > (atDeath[i] ?? 0) + 5))
    const lost = clients.filter(({ seen }) => seen.lost).length
    expect(clients.reduce((sum, { seen }) => sum + seen.refused, 0)).toBe(0)
    // The kernel spreads 16 connections over two listeners: all on one side once in 32,768 runs.
    expect(lost).toBeGreaterThan(0)
    expect(lost).toBeLessThan(CLIENTS)
    for (let i = 0; i < 20; i++) expect(server(await ask(program.http))).toBe('echo')
    await until('both serve again', async () => {
      const all = await workers(program)
      return all.length === 2 && all.every(({ version }) => version !== null)
    })
    await Promise.all(clients.map(({ stop }) => stop()))
  })

  test('the one that is back accepts: if the other one dies now, service goes on', async () => {
    await crash(program, '2')
    await until('it died', async () => await restarts(program, 'proxy') >= 2)
    for (let i = 0; i < 20; i++) expect(server(await ask(program.http))).toBe('echo')
    expect((await fetch(`http://127.0.0.1:${program.admin}/readyz`)).status).toBe(200)
  })

  test('the watcher dies: requests are served, and changes again after it is back', async () => {
    await crash(program, 'watcher')
    for (let i = 0; i < 20; i++) expect(server(await ask(program.http))).toBe('echo')
    await until('it is back', async () => await restarts(program, 'watcher') === 1 && (await workers(program)).length === 2)
    program.write('more.yaml', toYaml([route({ name: 'more', to: 'app', host: 'more.example' })]))
    await until('the change is served', async () => server(await ask(program.http, { host: 'more.example' })) === 'echo')
  })

  test('a worker that is not there can not crash', async () => { expect((await crash(program, '9')).status).toBe(404) })
})

test('worker-processes: more and fewer while requests come in, none lost', async () => {
  const program = await keep(start({ flags: ['--workers=0', CONFIGURED], manifests: manifests() }))
  await configure(program, { 'worker-processes': '3' })
  await until('three workers', async () => (await workers(program)).length === 3)
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => keep(rawClient(program.http))))
  for (const client of clients) client.send(requestText())
  for (const client of clients) expect((await client.response())?.status).toBe(200)
  await configure(program, { 'worker-processes': '1' })
  for (const client of clients) client.send(requestText())
  for (const client of clients) expect((await client.response())?.status).toBe(200)
  await until('one worker', async () => (await workers(program)).length === 1)
  for (let i = 0; i < 10; i++) expect(server(await ask(program.http))).toBe('echo')
})
