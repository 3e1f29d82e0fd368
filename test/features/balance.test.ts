// Which endpoint gets a request, over several workers, while endpoints come and go: shares, hashes, slow endpoints, slow start.
import { beforeAll, describe, expect, test } from 'bun:test'
import { echoUpstream, type Echo } from '../support/echo.ts'
import type { ResponseMessage } from '../support/http1.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, applied, ask, type Asked, configure, CONFIGURED, echoed, issues, requestText, resources, route, server } from './scene.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
const annotations = (own: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(own).map(([name, value]) => [name.includes('/') ? name : `${PREFIX}/${name}`, value]))

const keep = resources()
let program: Program
let echoes: Echo[]
beforeAll(async () => {
  echoes = await Promise.all(Array.from({ length: 30 }, (_, i) => keep(echoUpstream({ name: `pod-${i}` }))))
  program = await keep(start({ flags: ['--workers=2', CONFIGURED], manifests: [] }))
})

/** The Service `name` has these endpoints, behind `name.example`, in every worker. */
const serve = (name: string, endpoints: readonly { port: number }[], own: Readonly<Record<string, string>> = {}) =>
  applied(program, () => program.write(`${name}.yaml`, toYaml([...app(name, ...endpoints), route({ to: name, host: `${name}.example`, annotations: annotations(own) })])))

const CLIENTS = 12
/** `count` requests from clients of both workers, one after the other on each connection. */
async function crowd(count: number, asked: (i: number) => Asked): Promise<ResponseMessage[]> {
  let next = 0
  const work = async () => {
    const client = await rawClient(program.http)
    const seen: ResponseMessage[] = []
    for (let i = next++; i < count; i = next++) {
      client.send(requestText(asked(i)))
      const response = await client.response()
      if (!response) throw new Error(`request ${i} was not answered`)
      seen.push(response)
    }
    client.destroy()
    return seen
  }
  return (await Promise.all(Array.from({ length: CLIENTS }, work))).flat()
}
function counted(responses: readonly ResponseMessage[]): Map<string | number, number> {
  const counts = new Map<string | number, number>()
  for (const response of responses) counts.set(server(response), (counts.get(server(response)) ?? 0) + 1)
  return counts
}

describe.each(['round_robin', 'least_conn'])('%s', (algorithm) => {
  const name = algorithm.replace('_', '-')
  test('3 → 4 → 30 endpoints: each share within 10 % from the first request on; 30 → 3: no error', async () => {
    for (const size of [3, 4, 30, 3]) {
      await serve(name, echoes.slice(0, size), { 'load-balance': algorithm })
      const fair = size === 30 ? 50 : 150
      const got = counted(await crowd(size * fair, () => ({ host: `${name}.example` })))
      expect([...got.keys()].sort()).toEqual(echoes.slice(0, size).map((echo) => echo.name).sort())
      for (const count of got.values()) expect(Math.abs(count / fair - 1)).toBeLessThanOrEqual(0.1)
    }
  })
})

describe('upstream-hash-by', () => {
  const by = (text: string, more: Readonly<Record<string, string>> = {}) => ({ 'upstream-hash-by': text, ...more })

  test('equal texts go to one endpoint in every worker, different ones to all', async () => {
    await serve('by-uri', echoes.slice(0, 6), by('$request_uri'))
    for (const target of ['/a', '/b?c=d']) expect(counted(await crowd(40, () => ({ host: 'by-uri.example', target }))).size).toBe(1)
    expect(counted(await crowd(200, (i) => ({ host: 'by-uri.example', target: `/${i}` }))).size).toBe(6)
  })

  test('text, fields, cookies and parameters in one', async () => {
    await serve('by-many', echoes.slice(0, 6), by('user-$http_x_user/${arg_id}:$cookie_tab'))
    const asked = (user: number, noise: number): Asked => ({
      host: 'by-many.example', target: `/${noise}?noise=${noise}&id=7`, fields: [['X-User', `u${user}`], ['X-Noise', `${noise}`], ['Cookie', `a=${noise}; tab=2`]],
    })
    for (const user of [1, 2, 3]) expect(counted(await crowd(30, (i) => asked(user, i))).size).toBe(1)
    expect(counted(await crowd(120, (i) => asked(i, 0))).size).toBe(6)
  })

  test('a subset: three endpoints for a text', async () => {
    await serve('by-subset', echoes.slice(0, 8), by('$request_uri', { 'upstream-hash-by-subset': 'true' }))
    expect(counted(await crowd(120, () => ({ host: 'by-subset.example', target: '/x' }))).size).toBe(3)
  })

  test('one more endpoint takes its share of the texts, the others stay', async () => {
    const owners = async () => new Map(await Promise.all(Array.from({ length: 200 }, async (_, i) => {
      const response = await ask(program.http, { host: 'growing.example', target: `/${i}` })
      return [echoed(response).path, server(response)] as const
    })))
    await serve('growing', echoes.slice(0, 4), by('$request_uri'))
    const before = await owners()
    await serve('growing', echoes.slice(0, 5), by('$request_uri'))
    const moved = [...await owners()].filter(([path, owner]) => owner !== before.get(path))
    expect(moved.every(([, owner]) => owner === echoes[4]?.name)).toBe(true)
    expect(moved.length).toBeGreaterThan(10)
    expect(moved.length).toBeLessThan(200 * (1 / 5 + 0.1))
  })

  test('without a value requests take turns', async () => {
    await serve('by-nothing', echoes.slice(0, 3), by('$http_x_user'))
    const got = counted(await crowd(90, () => ({ host: 'by-nothing.example' })))
    for (const count of got.values()) expect(Math.abs(count - 30)).toBeLessThanOrEqual(3)
  })

  test('a variable that is none is an issue, and the requests are served', async () => {
    await serve('by-typo', echoes.slice(0, 3), by('$reqest_uri'))
    expect(counted(await crowd(30, () => ({ host: 'by-typo.example', target: '/x' }))).size).toBe(3)
    expect((await issues(program)).find(({ object }) => object === 'Ingress default/by-typo')).toMatchObject({ field: `${PREFIX}/upstream-hash-by`, reason: expect.stringContaining('$reqest_uri') })
  })
})

describe('slow endpoints', () => {
  /** Answers when `release` is called. */
  async function held(name: string) {
    let release = () => {}
    const gate = new Promise<void>((resolve) => { release = resolve })
    return { echo: await keep(echoUpstream({ name, respond: async () => { await gate; return undefined } })), release }
  }

  test('least_conn: what hangs on an endpoint keeps new requests away from it, in each worker by itself', async () => {
    const { echo: slow, release } = await held('slow')
    await serve('hanging', [slow, echoes[0]!, echoes[1]!], { 'load-balance': 'least_conn' })
    const asked: Promise<ResponseMessage>[] = []
    for (let i = 0; i < 60; i++) {
      const before = slow.requests.length
      const response = ask(program.http, { host: 'hanging.example' })
      asked.push(response)
      await Promise.race([response, slow.when(() => slow.requests.length > before)])
    }
    expect(slow.requests.length).toBeGreaterThan(0)
    expect(slow.requests.length).toBeLessThanOrEqual(2)
    release()
    await Promise.all(asked)
  })

  test('ewma, by the ConfigMap: a slow one gets a small part', async () => {
    await configure(program, { 'load-balance': 'ewma' })
    const slow = await keep(echoUpstream({ name: 'sluggish', respond: async () => { await Bun.sleep(100); return undefined } }))
    await serve('sluggish', [slow, echoes[0]!, echoes[1]!])
    await crowd(24, () => ({ host: 'sluggish.example' }))
    const before = slow.requests.length
    await crowd(300, () => ({ host: 'sluggish.example' }))
    expect(slow.requests.length - before).toBeLessThan(30)
  })
})

test('lintel.dev/slow-start: who joins others begins with a part of its share', async () => {
  const own = { 'lintel.dev/slow-start': '10m', 'load-balance': 'round_robin' }
  await serve('warming', echoes.slice(0, 3), own)
  expect(Math.min(...counted(await crowd(60, () => ({ host: 'warming.example' }))).values())).toBeGreaterThanOrEqual(18)
  await serve('warming', echoes.slice(0, 4), own)
  const got = counted(await crowd(310, () => ({ host: 'warming.example' })))
  const newcomer = got.get(echoes[3]!.name) ?? 0
  expect(newcomer).toBeGreaterThanOrEqual(8)
  expect(newcomer).toBeLessThanOrEqual(13)
})
