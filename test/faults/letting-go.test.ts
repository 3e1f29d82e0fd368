// What has ended is not kept in memory until a deadline that it had would have come: with the default timeouts, that would be half a minute; seconds are no sign of it.
import { beforeAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:http2'
import { h2Client, head, statusOf } from '../features/http2-client.ts'
import { app, ask, resources, route } from '../features/scene.ts'
import { echoUpstream } from '../support/echo.ts'
import { type Census, censusTaker } from '../support/faults/census.ts'
import { listening } from '../support/faults/loopback.ts'
import { type Program, start } from '../support/program.ts'
import { until } from '../support/until.ts'

/** So many conversations, and so few may be left: idle connections upstream, and what the collector's stack seems to name. */
const CONVERSATIONS = 200, LEFT = 20
const GRPC = { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' }
const keep = resources()
const { command, env, census } = censusTaker()
let program: Program
beforeAll(async () => {
  const server = createServer((_, answer) => answer.end('ok'))
  const h2 = { port: await listening(await keep(server)) }
  program = await keep(start({ command, env, manifests: [
    ...app('h1', await keep(echoUpstream())), route({ to: 'h1', host: 'h1.example' }), ...app('h2', h2), route({ to: 'h2', host: 'h2.example', annotations: GRPC }),
  ] }))
})

/** A connection for one request with a body; the status of its answer. */
const CLIENTS: Readonly<Record<string, (host: string) => Promise<number>>> = {
  'HTTP/1': async (host) => (await ask(program.http, { host, method: 'POST', body: 'body' })).status,
  'HTTP/2': async (host) => {
    const client = await h2Client(program.http)
    const stream = client.open(head('/', { ':method': 'POST', ':authority': host }), { end: false })
    client.upload(stream, 'body')
    const status = statusOf(await client.done(stream))
    client.destroy()
    return status
  },
}
const risen = (before: Census, after: Census) => Object.entries(after).filter(([name, count]) => count - (before[name] ?? 0) > LEFT)

describe.each(['h1.example', 'h2.example'])('upstream %s', (host) => {
  test.each(Object.entries(CLIENTS))('%s clients', async (_, converse) => {
    const before = await census(program)
    for (let n = 0; n < CONVERSATIONS; n++) expect(await converse(host)).toBe(200)
    // The last of them may be on their way out; each census collects anew.
    let left = risen(before, await census(program))
    await until('nothing is left of them', async () => (left = risen(before, await census(program))).length === 0).catch(() => undefined)
    expect(left).toEqual([])
  })
})
