// max-connections-per-client: how many connections one client has, whatever it speaks and whichever worker has it. At the limit all are served; one
// more is reset and counted, what runs goes on, others are served, and a place comes back when something has ended.
import { beforeAll, describe, expect, test } from 'bun:test'
import { service } from '../support/manifests.ts'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { freePort } from '../support/ports.ts'
import { start, type Program } from '../support/program.ts'
import { rawClient, type RawClient, type RawClientOptions } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { h2Client } from './http2-client.ts'
import { pair, WITH_PAIR } from './http2-session.ts'
import { configureProxied } from './proxied.ts'
import { app, configure, CONFIGURED, issues, metric, requestText, resources, route } from './scene.ts'
import { talk, TCP_FLAG, tcpOrigin, tcpServices } from './streams.ts'

const keep = resources()
const LIMIT = 3
const KEY = 'max-connections-per-client'
const OTHER = '127.0.0.2'
let echo: Echo
let program: Program
const [tcp, proxiedTcp] = [freePort(), freePort()]
beforeAll(async () => {
  echo = await keep(echoUpstream())
  const db = await keep(await tcpOrigin('one'))
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR, TCP_FLAG], manifests: [
    ...app('app', echo), route({ to: 'app' }), await pair(),
    ...service({ metadata: { name: 'db' }, ports: [{ name: 'db', port: 5432 }], endpoints: [db.port] }), tcpServices({ [tcp]: 'default/db:db', [proxiedTcp]: 'default/db:db:PROXY' }),
  ] }))
})

const refused = (of: Program) => metric(of, 'lintel_connections_refused_total', 'reason="client_connections"')
const asked = async (client: RawClient): Promise<number | undefined> => {
  client.send(requestText())
  return (await client.response())?.status
}
/** A connection that has been served, with `preface` in front of its request; null: it was reset. */
const served = async (port: number, { preface = '', ...options }: RawClientOptions & { readonly preface?: string } = {}): Promise<RawClient | null> => {
  const client = await rawClient(port, options).catch(() => null)
  if (client === null) return null
  await keep(client)
  client.send(preface + requestText())
  const status = (await client.response())?.status
  expect(status ?? 200).toBe(200)
  return status === undefined ? null : client
}
const taken = async (port: number, text: string): Promise<boolean> => {
  const talking = await talk(port).catch(() => null)
  if (talking === null) return false
  await keep(talking)
  talking.socket.write(text)
  await talking.when(() => talking.octets() > 0 || talking.over())
  return talking.octets() > 0
}
const expectRefused = async (of: Program, attempt: () => Promise<unknown>) => {
  const before = await refused(of)
  expect(Boolean(await attempt())).toBe(false)
  await until('it is counted', async () => await refused(of) === before + 1)
}
/** The first one that finds room. */
const entered = (port: number, options: Parameters<typeof served>[1] = {}) => until('there is room', () => served(port, options))
/** Lest a failure shows whole sockets. */
const count = (clients: readonly (RawClient | null)[]) => clients.filter((client) => client !== null).length
/** They are all that there are. */
const leave = async (clients: readonly (RawClient | null)[]) => {
  for (const client of clients) client?.destroy()
  await until('they are gone', async () => await metric(program, 'lintel_connections_open') === 0)
}

describe('of one address', () => {
  test('at it all are served; one more is reset on either port, those go on, others are served, and one that ends makes room', async () => {
    await configure(program, { [KEY]: String(LIMIT) })
    const clients = await Promise.all(Array.from({ length: LIMIT }, () => keep(rawClient(program.http))))
    for (const client of clients) expect(await asked(client)).toBe(200)
    for (const port of [program.http, program.https]) await expectRefused(program, () => served(port))
    for (const client of clients) expect(await asked(client)).toBe(200)
    const other = await served(program.http, { from: OTHER })
    expect(count([other])).toBe(1)
    clients[0]?.destroy()
    clients[0] = await entered(program.http)
    await expectRefused(program, () => served(program.http))
    await leave([...clients, other])
  })

  test.each([
    ['a silent one', () => rawClient(program.http)],
    ['one in its handshake', () => rawClient(program.https)],
    ['TLS', () => rawClient(program.https, { tls: { servername: 'app.example' } })],
    ['HTTP/2', () => h2Client(program.http)],
    ['a TCP service', () => talk(tcp)],
  ])('%s takes a place, and gives it back when it is gone', async (what, open) => {
    await configure(program, { [KEY]: '1', 'keep-alive': String(60 + what.length) })
    const one: { destroy(): void } = await keep<{ destroy(): void }>(open())
    await until('its place is taken', async () => {
      const next = await served(program.http)
      if (next !== null) await leave([next])
      return next === null
    })
    await expectRefused(program, () => taken(tcp, ''))
    one.destroy()
    await leave([await entered(program.http)])
  })

  test('0, the default, is no limit; who came meanwhile is not counted', async () => {
    await configure(program, {})
    const clients = await Promise.all(Array.from({ length: 20 }, () => served(program.http)))
    expect(count(clients)).toBe(clients.length)
    await configure(program, { [KEY]: '1' })
    const one = await served(program.http)
    expect(count([one])).toBe(1)
    await expectRefused(program, () => served(program.http))
    await leave([...clients, one])
  })
})

describe('behind proxies', () => {
  const told = (address: string) => `PROXY TCP${address.includes(':') ? 6 : 4} ${address} ${address.includes(':') ? '2001:db8::7' : '198.51.100.7'} 56324 80\r\n`
  const behind = (address: string) => served(program.http, { preface: told(address) })

  test('the client that a PROXY header tells is counted, and not the proxy that tells it', async () => {
    await configureProxied(program, { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '127.0.0.0/8', [KEY]: '2' })
    const clients = [await behind('192.0.2.1'), await behind('192.0.2.1'), await behind('192.0.2.2'), await behind('192.0.2.2')]
    expect(count(clients)).toBe(clients.length)
    await expectRefused(program, () => behind('192.0.2.1'))
    await expectRefused(program, () => behind('::ffff:192.0.2.1'))
    await expectRefused(program, () => taken(proxiedTcp, `${told('192.0.2.1')}x`))
    expect(await taken(proxiedTcp, `${told('192.0.2.3')}x`)).toBe(true)
    clients[0]?.destroy()
    await leave([...clients, await entered(program.http, { preface: told('192.0.2.1') })])
  })

  test('of IPv6 a network of /64 is one client', async () => {
    await configureProxied(program, { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '127.0.0.1', [KEY]: '2' })
    const clients = [await behind('2001:db8:0:1::1'), await behind('2001:db8:0:1:ffff::2')]
    expect(count(clients)).toBe(clients.length)
    await expectRefused(program, () => behind('2001:db8:0:1::3'))
    const other = await behind('2001:db8:0:2::1')
    expect(count([other])).toBe(1)
    await leave([...clients, other])
  })

  test('connections of the proxy\'s own, such as its checks, are not counted; of who is not believed his own address is', async () => {
    await configureProxied(program, { 'use-proxy-protocol': 'true', 'proxy-real-ip-cidr': '127.0.0.1', [KEY]: '1' })
    const own = await Promise.all(Array.from({ length: 5 }, () => served(program.http, { preface: 'PROXY UNKNOWN\r\n' })))
    expect(count(own)).toBe(own.length)
    const liar = await served(program.http, { from: OTHER, preface: told('192.0.2.1') })
    expect(count([liar])).toBe(1)
    await expectRefused(program, () => served(program.http, { from: OTHER, preface: told('192.0.2.9') }))
    await leave([...own, liar])
  })

  test('where a header is optional, who sends none is counted for himself', async () => {
    await configureProxied(program, { 'use-proxy-protocol': 'true', 'lintel.dev/proxy-protocol-mode': 'optional', 'proxy-real-ip-cidr': '127.0.0.1', [KEY]: '1' })
    const [one, another] = [await served(program.http), await behind('192.0.2.1')]
    expect(count([one, another])).toBe(2)
    await expectRefused(program, () => served(program.http))
    await leave([one, another])
  })

  test('proxies that tell the client in a field are not counted; others are', async () => {
    await configure(program, { 'use-forwarded-headers': 'true', 'proxy-real-ip-cidr': '127.0.0.1', [KEY]: '1' })
    expect((await issues(program)).filter(({ field }) => field === KEY)).toEqual([])
    const clients = [...await Promise.all(Array.from({ length: 5 }, () => served(program.http))), await served(program.http, { from: OTHER })]
    expect(count(clients)).toBe(clients.length)
    await expectRefused(program, () => served(program.http, { from: OTHER }))
    await leave(clients)
  })

  test('where everybody is such a proxy the limit can hold for nobody, which is an issue', async () => {
    await configure(program, { 'use-forwarded-headers': 'true', [KEY]: '1' })
    expect(await issues(program)).toContainEqual({
      object: 'ConfigMap default/settings', field: KEY,
      reason: 'limits nobody: with a proxy-real-ip-cidr of everybody each peer may be a proxy of many clients; name the networks of your proxies',
    })
  })
})

test('two workers count together; what one had counted when it died is free again, and no more', async () => {
  const most = 8
  const two = await keep(start({ flags: ['--workers=2', CONFIGURED], env: { LINTEL_TEST_HOOKS: '1' }, manifests: [...app('app', echo), route({ to: 'app' })] }))
  await configure(two, { [KEY]: String(most) })
  let clients: RawClient[] = []
  const fill = async () => { while (clients.length < most) clients.push(...[await served(two.http)].filter((client) => client !== null)) }
  const full = async () => { for (let i = 0; i < 8; i++) expect(count([await served(two.http)])).toBe(0) }
  await fill()
  await full()
  for (const round of [1, 2]) {
    expect((await fetch(`http://127.0.0.1:${two.admin}/test/crash/1`, { method: 'POST' })).status).toBe(202)
    await until('the worker died', async () => await metric(two, 'lintel_thread_restarts_total', 'thread="proxy"') === round)
    await until('its connections are gone, those of the other are not', async () => {
      const alive = await Promise.all(clients.map(async (client) => await asked(client).catch(() => undefined) === 200))
      clients = clients.filter((_, i) => alive[i])
      return clients.length < most || round > 1
    })
    await fill()
    await full()
    for (const client of clients) expect(await asked(client)).toBe(200)
  }
}, 30_000)
