// What /table says of endpoints that are not simply well, joined over two workers: left out and why, when they are tried again, found unwell, warming up.
import { beforeAll, expect, test } from 'bun:test'
import { z } from 'zod'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { holdingEcho } from './held.ts'
import { Moody } from './moody.ts'
import { app, applied, ask, requestText, resources, route } from './scene.ts'

const WORKERS = 2
const body = z.object({ health: z.array(z.object({
  backend: z.string(), address: z.string(), port: z.number(), active: z.number(), states: z.record(z.string(), z.number()), reasons: z.array(z.string()), trialAt: z.string(),
})) })

const keep = resources()
let program: Program
beforeAll(async () => { program = await keep(start({ flags: [`--workers=${WORKERS}`], manifests: [] })) })

const moodies = (count: number) => Promise.all(Array.from({ length: count }, () => keep(Moody.listen())))
const serve = (name: string, endpoints: readonly { readonly port: number }[], annotations: Readonly<Record<string, string>> = {}) =>
  applied(program, () => program.write(`${name}.yaml`, toYaml([...app(name, ...endpoints), route({ to: name, host: `${name}.example`, annotations })])))
const rows = async (name: string) => body.parse(await program.get('/table')).health.filter(({ backend }) => backend.startsWith(`default/${name}:80`))
/** Each on a connection of its own: both workers get some. */
const load = (name: string) => Promise.all(Array.from({ length: 20 }, () => ask(program.http, { host: `${name}.example` })))

test.each([['resets', 'failing'], ['refuses', 'refused']] as const)('one that %s is ejected, gets its trial, and is well again', async (mood, reason) => {
  const all = await moodies(3)
  await serve(mood, all)
  await load(mood)
  expect(await rows(mood)).toEqual([])
  const bad = all[1]!
  await bad.become(mood)
  const row = await until('both workers have left it out', async () => {
    await load(mood)
    return (await rows(mood)).find(({ states }) => states['ejected'] === WORKERS)
  })
  expect(row).toMatchObject({ address: '127.0.0.1', port: bad.port, reasons: [reason] })
  // The first back-off is a second, and a tenth more at most.
  expect(Math.abs(Date.parse(row.trialAt) - Date.now())).toBeLessThan(1_500)
  await until('its trial is due, asked for or not', async () => (await rows(mood)).some(({ port, states }) => port === bad.port && states['trial'] === WORKERS))
  await bad.become('well')
  await until('it is well again', async () => {
    await load(mood)
    return (await rows(mood)).length === 0
  })
})

test('unwell by active checks, in all workers', async () => {
  const all = await moodies(3)
  await serve('checked', all, { 'lintel.dev/health-check-type': 'tcp', 'lintel.dev/health-check-interval': '50ms', 'lintel.dev/health-check-unhealthy-threshold': '1' })
  await all[0]!.become('refuses')
  expect(await until('the finding', async () => (await rows('checked'))[0])).toEqual({ backend: expect.any(String), address: '127.0.0.1', port: all[0]!.port, active: 0, states: { unwell: WORKERS }, reasons: [], trialAt: '' })
  await all[0]!.become('well')
  await until('it is well again', async () => (await rows('checked')).length === 0)
})

test('warming up: only who joined the others, in its slow start', async () => {
  const all = await moodies(3)
  await serve('warm', all.slice(0, 2), { 'lintel.dev/slow-start': '1h' })
  expect(await rows('warm')).toEqual([])
  await serve('warm', all, { 'lintel.dev/slow-start': '1h' })
  expect((await rows('warm')).map(({ port, states }) => [port, states])).toEqual([[all[2]!.port, { warming: WORKERS }]])
})

test('one that is well has a row while it has requests', async () => {
  const held = await holdingEcho()
  await keep(held.echo)
  await serve('busy', [held.echo])
  const clients = await Promise.all(Array.from({ length: 6 }, () => keep(rawClient(program.http))))
  for (const client of clients) client.send(requestText({ host: 'busy.example', target: '/held' }))
  expect(await held.echo.when(() => held.echo.requests.length === clients.length)).toBe(true)
  expect(await rows('busy')).toEqual([
    { backend: expect.any(String), address: '127.0.0.1', port: held.echo.port, active: clients.length, states: { well: WORKERS }, reasons: [], trialAt: '' },
  ])
  held.finish('/held')
  for (const client of clients) expect((await client.response())?.status).toBe(200)
  await until('nothing is left', async () => (await rows('busy')).length === 0)
})
