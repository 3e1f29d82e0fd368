// lintel.dev/proxy-protocol: each connection to an endpoint begins with the header of its client, and never carries a request of another.
import { beforeAll, describe, expect, test } from 'bun:test'
import { start, type Program } from '../support/program.ts'
import { rawClient, type RawClient } from '../support/raw-client.ts'
import { until } from '../support/until.ts'
import { pair, session, WITH_PAIR } from './http2-session.ts'
import { configureProxied } from './proxied.ts'
import { proxyOrigin, toldBy, type ProxyOrigin, type ToldBy } from './proxy-origin.ts'
import { app, ask, CONFIGURED, issues, requestText, resources, route, type Asked } from './scene.ts'

const keep = resources()
let origin: ProxyOrigin
let program: Program
const announced = (name: string, version: string, host: string) => route({ name, to: 'app', host, annotations: { 'lintel.dev/proxy-protocol': version } })
beforeAll(async () => {
  origin = await keep(proxyOrigin())
  program = await keep(start({ flags: [CONFIGURED, WITH_PAIR, '--workers=1'], manifests: [...app('app', origin), announced('one', 'v1', 'v1.example'), announced('two', 'v2', 'app.example'), await pair()] }))
})

const askOn = async (client: RawClient, asked: Asked = { host: 'v1.example' }): Promise<ToldBy> => {
  client.send(requestText(asked))
  const answer = await client.response()
  if (answer === undefined) throw new Error('no answer')
  return toldBy(answer)
}
const portOf = ({ socket }: RawClient) => socket.localPort ?? 0
const endsOf = (client: RawClient) => ({ client: { address: '127.0.0.1', port: portOf(client) }, server: { address: '127.0.0.1', port: program.http } })

test('v1: the ends of the client\'s connection, and its next requests on the same connection', async () => {
  const [ann, bob] = [await rawClient(program.http), await rawClient(program.http)]
  const first = await askOn(ann)
  expect(first).toMatchObject({ version: 1, ends: endsOf(ann) })
  const others = await askOn(bob)
  expect(others).toMatchObject({ version: 1, ends: endsOf(bob) })
  expect(others.connection).not.toBe(first.connection)
  for (let k = 0; k < 3; k++) {
    expect((await askOn(ann)).connection).toBe(first.connection)
    expect((await askOn(bob)).connection).toBe(others.connection)
  }
  ann.destroy()
  bob.destroy()
})
test('a client that leaves takes its connections with it', async () => {
  const client = await rawClient(program.http)
  await askOn(client)
  expect(origin.open).toBeGreaterThan(0)
  client.destroy()
  await until('none is open', () => origin.open === 0)
})
test('many clients at once: nobody\'s request comes on another one\'s connection', async () => {
  await Promise.all(Array.from({ length: 30 }, async () => {
    const client = await rawClient(program.http)
    for (let k = 0; k < 5; k++) expect((await askOn(client)).ends).toEqual(endsOf(client))
    client.destroy()
  }))
  await until('none is open', () => origin.open === 0)
})

describe('v2', () => {
  test('in clear without TLVs', async () => {
    const client = await rawClient(program.http)
    expect(await askOn(client, {})).toMatchObject({ version: 2, ends: endsOf(client), tlvs: {} })
    client.destroy()
  })
  test('over TLS with the name that was asked for, and that it was TLS', async () => {
    const told = toldBy(await ask(program.https, { tls: { servername: 'app.example' } }))
    expect(told).toMatchObject({ version: 2, ends: { server: { port: program.https } }, tlvs: { authority: 'app.example', ssl: { secured: true, certificate: null, verified: false } } })
  })
  test('an HTTP/2 client\'s requests at once are its own', async () => {
    const client = await session(program, 'TLS')
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.ask({ ':path': '/' })))
    const ports = answers.map(({ body }) => toldBy({ body }).ends?.client.port)
    expect(new Set(ports).size).toBe(1)
    client.close()
    await until('none is open', () => origin.open === 0)
  })
})

test('the client of a PROXY header in, with its TLVs, goes out', async () => {
  await configureProxied(program, { 'use-proxy-protocol': 'true' })
  const client = await rawClient(program.http)
  client.send('PROXY TCP6 2001:db8::1 2001:db8::7 56324 80\r\n', [])
  expect(await askOn(client)).toMatchObject({ version: 1, ends: { client: { address: '2001:db8::1', port: 56324 }, server: { address: '2001:db8::7', port: 80 } } })
  client.destroy()
  const own = await rawClient(program.http)
  own.send('PROXY UNKNOWN\r\n', [])
  expect(await askOn(own)).toMatchObject({ ends: endsOf(own) })
  own.destroy()
})

test('a connection that a proxy in front shares among clients: each request on one of its own', async () => {
  await configureProxied(program, { 'use-forwarded-headers': 'true' })
  const client = await rawClient(program.http)
  const of = async (address: string) => askOn(client, { host: 'v1.example', fields: [['X-Forwarded-For', address]] })
  const seen = [await of('203.0.113.1'), await of('203.0.113.2'), await of('203.0.113.1')]
  expect(seen.map(({ ends }) => ends?.client)).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.1'].map((address) => ({ address, port: 0 })))
  expect(new Set(seen.map(({ connection }) => connection)).size).toBe(3)
  expect((await askOn(client)).ends).toEqual(endsOf(client))
  client.destroy()
  await until('none is open', () => origin.open === 0)
})

test('a value that is none is reported', async () => {
  program.write('bad.yaml', JSON.stringify(announced('bad', 'v3', 'bad.example')))
  await until('it is an issue', async () => (await issues(program)).some(({ object, field }) => object === 'Ingress default/bad' && field === 'lintel.dev/proxy-protocol'))
})
